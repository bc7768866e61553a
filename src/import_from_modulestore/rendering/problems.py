"""
Problems: question, choices, answers, hints, explanation.

The vocabulary is that of the platform's capa: ``xmodule/capa/responsetypes.py``, ``inputtypes.py``,
``customrender.py`` (until 2025; of late in *xblocks-contrib*) and ``demandhint`` of ``xmodule/capa_block.py``. What is
right is said in words. A problem's ``markdown`` is only what Studio's editor shows: what learners get is its OLX.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _
from lxml import etree

from ..olx.files.addresses import STATIC
from .markup import Handler, Markup, address, field, inner_text, tag, terms, theirs, words

_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_TRUE = frozenset(("true", "yes", "1"))


class ProblemMarkup(Markup):
    """Writes a problem; what belongs to its end is gathered on the way."""

    handlers = {}  # Filled below.

    def problem(self, element: etree._Element) -> str:
        """All of it."""
        scripts = [script for script in element.iter("script") if _is_python(script)]
        hints = [hint for demand in element.iter("demandhint") for hint in demand.iter("hint")]
        parts = [theirs(self.inside(element))]
        if hints:
            items = "".join(tag("li", theirs(self.inside(hint))) for hint in hints)
            parts.append(tag("div", tag("h2", words(_("Hints"))) + tag("ol", items), "hints"))
        for script in scripts:
            shown = tag("pre", words("".join(script.itertext()).strip("\n")), dir="ltr")
            parts.append(tag("details", tag("summary", words(_("Script of the problem"))) + shown, "code"))
        return "".join(parts)

    def answers(self, *rows: tuple[str, str]) -> str:
        """What is right, as pairs of what it is and markup; without those that are empty."""
        return terms(rows, "answers")

    def feedback(self, hint: etree._Element, said: str) -> str:
        """What a learner is told who has answered in some way."""
        content = self.inside(hint)
        return tag("div", f"{tag('b', words(said))} {theirs(content)}", "feedback") if content.strip() else ""


def _is_python(script: etree._Element) -> bool:
    return "python" in (script.get("type") or "").lower() and bool("".join(script.itertext()).strip())


def _plain(value: str | None) -> str:
    return tag("bdi", words(value.strip())) if value and value.strip() else ""


def _code(value: str | None) -> str:
    return tag("code", words(value.strip()), dir="ltr") if value and value.strip() else ""


def _response(markup: Markup, element: etree._Element) -> str:
    """A question with the fields for its answer, and what is right."""
    assert isinstance(markup, ProblemMarkup)
    inside = markup.inside(element)
    rows = _ANSWERS.get(element.tag, _no_answers)(element)
    hints = "".join(markup.feedback(hint, said) for hint, said in _answer_hints(element))
    return tag("div", inside + markup.answers(*rows) + hints, "question")


def _no_answers(element: etree._Element) -> Iterable[tuple[str, str]]:
    return ()


def _answer_hints(element: etree._Element) -> Iterable[tuple[etree._Element, str]]:
    for hint in element.iterchildren("correcthint"):
        yield hint, _("If right:")
    for more in element.iterchildren("additional_answer"):
        for hint in more.iterchildren("correcthint"):
            yield hint, _("For “{answer}”:").format(answer=more.get("answer") or "")
    for hint in element.iterchildren("stringequalhint", "regexphint"):
        yield hint, _("For “{answer}”:").format(answer=hint.get("answer") or "")


def _tolerance(element: etree._Element) -> str:
    found = next((param for param in element.iter("responseparam") if param.get("type") == "tolerance"), None)
    return (found.get("default") or "") if found is not None else ""


def _additional(element: etree._Element) -> Iterable[tuple[str, str]]:
    for more in element.iterchildren("additional_answer"):
        yield _("Also right"), _plain(more.get("answer") or more.text)


def _number(element: etree._Element) -> Iterable[tuple[str, str]]:
    yield _("Answer"), _plain(element.get("answer"))
    yield from _additional(element)
    yield _("Tolerance"), _plain(_tolerance(element))


def _text(element: etree._Element) -> Iterable[tuple[str, str]]:
    kinds = (element.get("type") or "").lower().split()
    yield _("Answer"), (_code if "regexp" in kinds else _plain)(element.get("answer"))
    yield from _additional(element)
    if "regexp" in kinds:
        yield _("Compared"), words(_("as a regular expression"))


def _formula(element: etree._Element) -> Iterable[tuple[str, str]]:
    yield _("Answer"), _code(element.get("answer"))
    yield _("Tried with"), _code(element.get("samples"))
    yield _("Tolerance"), _plain(_tolerance(element))


def _by_script(element: etree._Element) -> Iterable[tuple[str, str]]:
    yield _("Expected"), _plain(element.get("expect") or element.get("answer"))
    yield _("Checked by"), _code(element.get("cfn"))
    for answer in element.iterchildren("answer"):
        yield _("Checked by"), tag("pre", words((answer.text or "").strip("\n")), dir="ltr")


def _region(element: etree._Element) -> Iterable[tuple[str, str]]:
    for image in element.iter("imageinput"):
        yield _("Right region"), _code(image.get("rectangle") or image.get("regions"))


_ANSWERS = {
    "numericalresponse": _number,
    "stringresponse": _text,
    "formularesponse": _formula,
    "symbolicresponse": _by_script,
    "customresponse": _by_script,
    "schematicresponse": _by_script,
    "externalresponse": _by_script,
    "imageresponse": _region,
}


# Choices


def _choices(markup: Markup, element: etree._Element) -> str:
    assert isinstance(markup, ProblemMarkup)
    several = element.tag in ("checkboxgroup", "checkboxtextgroup")
    items = [_choice(markup, choice) for choice in element.iterchildren("choice")]
    compound = [
        markup.feedback(hint, _("For {choices}:").format(choices=hint.get("value") or ""))
        for hint in element.iterchildren("compoundhint")
    ]
    return tag("ul", "".join(items), "choices several" if several else "choices") + "".join(compound)


def _choice(markup: ProblemMarkup, choice: etree._Element) -> str:
    verdict = {
        **dict.fromkeys(_TRUE, _("Right answer")),
        "partial": _("Partly right"),
    }.get((choice.get("correct") or "").strip().lower(), "")
    hints = [markup.feedback(hint, _hint_when(hint)) for hint in choice.iterchildren("choicehint")]
    content = theirs(markup.inside(choice))
    if choice.get("name") and not content:
        content = theirs(words(choice.get("name") or ""))
    return tag("li", content + _verdict(verdict) + "".join(hints), _right(bool(verdict)))


def _verdict(verdict: str) -> str:
    return tag("p", words(verdict), "verdict") if verdict else ""


def _hint_when(hint: etree._Element) -> str:
    selected = (hint.get("selected") or "").strip().lower()
    if not selected:
        return _("Feedback:")
    return _("If chosen:") if selected in _TRUE else _("If not chosen:")


def _dropdown(markup: Markup, element: etree._Element) -> str:
    assert isinstance(markup, ProblemMarkup)
    options = list(element.iterchildren("option"))
    if options:
        items = []
        for option in options:
            is_right = (option.get("correct") or "").strip().lower() in _TRUE
            hints = [markup.feedback(hint, _("If chosen:")) for hint in option.iterchildren("optionhint")]
            verdict = _verdict(_("Right answer")) if is_right else ""
            items.append(tag("li", theirs(markup.inside(option)) + verdict + "".join(hints), _right(is_right)))
        return tag("ul", "".join(items), "choices options")
    right = (element.get("correct") or "").strip()
    names = ["".join(found).strip() for found in _QUOTED.findall(element.get("options") or "")]
    if not names:
        names = [name.strip() for name in (element.get("options") or "").strip("() ").split(",") if name.strip()]
    shown = [
        tag("li", theirs(words(name)) + (_verdict(_("Right answer")) if name == right else ""), _right(name == right))
        for name in names
    ]
    return tag("ul", "".join(shown), "choices options")


def _right(is_right: bool) -> str:
    return "right" if is_right else ""


# Fields


def _line(markup: Markup, element: etree._Element) -> str:
    trailing = (element.get("trailing_text") or "").strip()
    label = (element.get("label") or "").strip()
    named = tag("p", words(label), "label") if label else ""
    return named + field() + (f" {words(trailing)}" if trailing else "")


def _area(markup: Markup, element: etree._Element) -> str:
    return tag("pre", words("".join(element.itertext()).strip("\n")) or "&nbsp;", "field area", dir="ltr")


def _image_field(markup: Markup, element: etree._Element) -> str:
    return tag("p", markup.image(element.get("src") or "", element.get("alt") or ""))


def _number_in_choice(markup: Markup, element: etree._Element) -> str:
    answer, tolerance = (element.get("answer") or "").strip(), (element.get("tolerance") or "").strip()
    return field(f"{answer} ± {tolerance}" if answer and tolerance else answer)


def _tool(markup: Markup, element: etree._Element) -> str:
    """Input that a program of its own takes: a page, a simulation, an editor of circuits."""
    said = words(_("Answered with a tool that is not run here:"))
    title = " ".join((element.get("title") or "").split())
    file = element.get("html_file") or element.get("file") or element.get("src") or element.tag
    name = f"{words(title)} " if title else ""
    return tag("p", tag("span", f"{said} {name}{address(file.removeprefix(STATIC))}", "away"))


def _annotation(markup: Markup, element: etree._Element) -> str:
    assert isinstance(markup, ProblemMarkup)
    parts = [
        tag("div", markup.inside(child), "label" if child.tag.endswith("prompt") else "")
        for child in element.iterchildren("title", "text", "comment", "comment_prompt", "tag_prompt")
    ]
    verdicts = {"correct": _("Right answer"), "partially-correct": _("Partly right")}
    items = []
    for option in element.iter("option"):
        verdict = verdicts.get(option.get("choice") or "", "")
        items.append(tag("li", theirs(markup.inside(option)) + _verdict(verdict), _right(bool(verdict))))
    return "".join(parts) + tag("ul", "".join(items), "choices several")


# Text


def _explanation(markup: Markup, element: etree._Element) -> str:
    title = _("Explanation")
    first = next(element.iter("p"), None)
    if first is not None and "".join(first.itertext()).strip().lower() in ("explanation", title.lower()):
        first.tag, first.text = "span", ""  # It has a heading already; its tail stays.
        del first[:]
    content = theirs(markup.inside(element))
    return tag("div", tag("h2", words(title)) + content, "explanation") if content else ""


def _label(markup: Markup, element: etree._Element) -> str:
    return tag("div", markup.inside(element), "label")


def _description(markup: Markup, element: etree._Element) -> str:
    return tag("div", markup.inside(element), "description")


def _hint(markup: Markup, element: etree._Element) -> str:
    assert isinstance(markup, ProblemMarkup)
    return markup.feedback(element, _("Feedback:"))


def _nothing(markup: Markup, element: etree._Element) -> str:
    return ""


def _math(markup: Markup, element: etree._Element) -> str:
    return tag("code", words(inner_text(element)), "formula", dir="ltr")


_RESPONSES = (
    "annotationresponse",
    "choiceresponse",
    "choicetextresponse",
    "coderesponse",
    "customresponse",
    "externalresponse",
    "formularesponse",
    "imageresponse",
    "multiplechoiceresponse",
    "numericalresponse",
    "optionresponse",
    "schematicresponse",
    "stringresponse",
    "symbolicresponse",
    "truefalseresponse",
)
_CHOICES = ("checkboxgroup", "checkboxtextgroup", "choicegroup", "radiogroup", "radiotextgroup")
_TOOLS = (
    "chemicalequationinput",
    "crystallography",
    "designprotein2dinput",
    "drag_and_drop_input",
    "editageneinput",
    "editamoleculeinput",
    "filesubmission",
    "javascriptinput",
    "jsinput",
    "jsme",
    "schematic",
    "vsepr_input",
)
_SAID_ELSEWHERE = (
    "additional_answer",
    "answer",
    "codeparam",
    "compoundhint",
    "choicehint",
    "correcthint",
    "demandhint",
    "optionhint",
    "regexphint",
    "responseparam",
    "stringequalhint",
    "startouttext",
    "endouttext",
)

_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_RESPONSES, _response),
    **dict.fromkeys(_CHOICES, _choices),
    **dict.fromkeys(_TOOLS, _tool),
    **dict.fromkeys(_SAID_ELSEWHERE, _nothing),
    **dict.fromkeys(("textline", "formulaequationinput"), _line),
    **dict.fromkeys(("textbox", "codeinput", "matlabinput"), _area),
    **dict.fromkeys(("numtolerance_input", "decoy_input"), _number_in_choice),
    **dict.fromkeys(("hintpart", "targetedfeedback"), _hint),
    "annotationinput": _annotation,
    "description": _description,
    "imageinput": _image_field,
    "label": _label,
    "math": _math,
    "optioninput": _dropdown,
    "solution": _explanation,
}
ProblemMarkup.handlers = _HANDLERS
