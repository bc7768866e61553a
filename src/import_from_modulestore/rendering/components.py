"""
What there is to see of a component of each type: as its XBlock shows it to learners, and what is right besides.

Of types that nobody here knows, the fields: each with its name, JSON and HTML in them taken apart. Sources: for the
platform's own types ``xmodule/*_block.py``; for the others the XBlocks named with each.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from ..data import BlockKind
from ..olx.blocks import default_title
from ..olx.course_bound import is_course_only
from ..olx.files.addresses import STATIC
from ..olx.files.transcripts import SJSON, srt_of, subs_file, transcript_files, video_ids
from ..quoting import shortened
from .files import Files, find_name
from .markup import MAX_CHARACTERS, Markup, address, inner_text, tag, terms, theirs, words
from .problems import ProblemMarkup

MAX_BODY = 5_000_000
"""Characters of a whole rendering; the largest of real courses has some 300,000."""

MAX_CUES = 3_000
"""Lines of a transcript that are shown: some four hours of talk."""

MAX_ENTRIES = 500
"""Entries of a list or mapping in a field that are shown."""

_MAX_NESTING = 8
_NOT_SHOWN = frozenset(("url_name", "xblock-family", "display_name", "markdown", "filename", "slug", "editor"))


def render_component(element: etree._Element, title: str, files: Files) -> str:
    """
    A component as learners see it, as the body of a document; not sanitized yet.

    The element is left as it is.
    """
    element = copy.deepcopy(element)
    render = _TYPES.get(element.tag, _fields)
    body = _heading(title, _kind(element.tag)) + tag("div", render(element, files), "content")
    if len(body) > MAX_BODY:
        return render_absence(title, _("There is too much of it to be shown. Its OLX says all."))
    return body


def render_container(block_type: str, title: str, children: Sequence[tuple[str, str]]) -> str:
    """What is made of others, a unit above all: the names of what it holds, each with its type."""
    items = [
        tag("li", f"{tag('bdi', words(name))} {tag('span', words(_kind(held)), 'kind')}") for name, held in children
    ]
    held = tag("ol", "".join(items), "children") if items else tag("p", words(_("It is empty.")), "aside")
    return _heading(title, _kind(block_type)) + held


def render_absence(title: str, reason: str) -> str:
    """That there is nothing to see, and why."""
    return (tag("h1", tag("bdi", words(title))) if title else "") + tag("p", words(reason), "aside")


def _kind(block_type: str) -> str:
    """What people call a type of blocks, or of items."""
    if block_type in BlockKind:
        return str(BlockKind(block_type).label)
    return _("Problem") if block_type == "problem" else _(default_title(block_type))


def _heading(title: str, kind: str) -> str:
    return tag("div", tag("p", words(kind), "kind") + tag("h1", tag("bdi", words(title))), "head")


def _text(element: etree._Element, files: Files) -> str:
    """Text: one of HTML, or where it was written as XML, that (platform: ``HtmlBlock.definition_from_xml``)."""
    markup = Markup(files)
    return theirs(markup.inside(element) if len(element) else markup.html(element.text or ""))


def _problem(element: etree._Element, files: Files) -> str:
    return ProblemMarkup(files).problem(element)


def _annotatable(element: etree._Element, files: Files) -> str:
    """Text with annotations in it (platform: ``xmodule/annotatable_block.py``)."""
    markup = Markup(files, {"annotation": _annotation})
    return theirs(markup.inside(element))


def _annotation(markup: Markup, element: etree._Element) -> str:
    note = " – ".join(filter(None, ((element.get(name) or "").strip() for name in ("title", "body"))))
    return tag("u", markup.inside(element)) + (tag("span", f" ({words(note)})", "aside") if note else "")


# Video


def _video(element: etree._Element, files: Files) -> str:
    """The player as a box with where the video is, and what is said in it (platform: ``xmodule/video_block``)."""
    markup = Markup(files)
    sources = _json(element.get("html5_sources"))
    given = [source for source in sources if isinstance(source, str)] if isinstance(sources, list) else []
    given += [source.get("src") or "" for source in element.iter("source")]
    given = list(dict.fromkeys(filter(None, map(str.strip, given))))
    player = markup.media("video", given, element.get("poster") or "") if given else ""
    player = player if player.startswith("<video") else tag("p", "▶", "play") + player
    youtube = next(iter(_youtube(element)), "")
    times = [element.get(name) or "" for name in ("start_time", "end_time")]
    times = ["" if time in ("00:00:00", "0.0") else time for time in times]
    rows = [
        (_("YouTube"), tag("code", words(youtube)) if youtube else ""),
        (_("Video ID"), tag("code", words(element.get("edx_video_id") or "")) if element.get("edx_video_id") else ""),
        (_("From"), words(times[0])),
        (_("Until"), words(times[1])),
        (_("Handout"), _addressed(element.get("handout"))),
        (_("Transcript to download"), _addressed(element.get("track"))),
    ]
    box = tag("div", player + terms(rows, "fields"), "player")
    texts = [_transcript(name, language, files) for language, name in sorted(_transcripts(element, files).items())]
    return box + "".join(texts)


def _youtube(element: etree._Element) -> Iterable[str]:
    """The ID at normal speed; of what :func:`video_ids` finds, what is neither ``sub`` nor a file's name."""
    if element.get("youtube_id_1_0") is not None:
        return filter(None, [(element.get("youtube_id_1_0") or "").strip()])
    without = etree.Element("video", {"youtube": element.get("youtube") or ""})
    return video_ids(without)


def _addressed(text: str | None) -> str:
    return address(text.removeprefix(STATIC)) if text and text.strip() else ""


def _transcripts(element: etree._Element, files: Files) -> dict[str, str]:
    found = transcript_files(element)
    if "en" not in found:
        names = (subs_file(video_id) for video_id in video_ids(element))
        found["en"] = next((name for name in names if files.find(name) is not None), "")
    return {language: name for language, name in found.items() if name}


def _transcript(name: str, language: str, files: Files) -> str:
    title = _("Transcript ({language})").format(language=shortened(language, 20))
    file = find_name(files, name)
    data = files.read(file.name) if file is not None else None
    if data is None:
        return tag("p", f"{words(title)}: {tag('span', words(_('not there')), 'away')} {address(name)}")
    if name.endswith(SJSON):
        data = srt_of(data) or b""
    cues = _cues(data.decode("utf-8-sig", errors="replace")[:MAX_CHARACTERS])
    lines = [tag("p", f"{tag('span', words(at), 'time')} {tag('bdi', words(said))}") for at, said in cues[:MAX_CUES]]
    if len(cues) > MAX_CUES:
        lines.append(tag("p", words(_("{count:,} more lines are not shown.").format(count=len(cues) - MAX_CUES))))
    opened = {"open": ""} if len(cues) <= 40 else {}
    return tag("details", tag("summary", words(title)) + "".join(lines), "transcript", **opened)


def _cues(text: str) -> list[tuple[str, str]]:
    r"""
    What is said in SubRip, and when it begins.

    >>> _cues("1\n00:01:05,000 --> 00:01:07,000\n<i>High</i>\nwater\n")
    [('1:05', 'High water')]
    """
    found: list[tuple[str, list[str]]] = []
    for line in text.replace("\r", "").split("\n"):
        start, arrow, _end = line.partition("-->")
        if arrow:
            if found and found[-1][1] and found[-1][1][-1].strip().isdecimal():
                found[-1][1].pop()  # The number of this cue.
            found.append((start.strip().partition(",")[0].removeprefix("00:").removeprefix("0"), []))
        elif found and line.strip():
            found[-1][1].append(_said(line))
    return [(at, " ".join(said)) for at, said in found]


def _said(line: str) -> str:
    if "<" not in line:
        return line.strip()
    inside, kept = False, []
    for character in line:
        inside = character == "<" or (inside and character != ">")
        if not inside and character != ">":
            kept.append(character)
    return "".join(kept).strip()


# Drag and drop: xblock-drag-and-drop-v2


def _drag_and_drop(element: etree._Element, files: Files) -> str:
    """Question, image, zones with what belongs there, and what is said (``drag_and_drop_v2/default_data.py``)."""
    data = _json(element.get("data"))
    if not isinstance(data, dict):
        return _fields(element, files)
    markup = Markup(files)
    question = element.get("question_text") or data.get("question_text") or element.get("description") or ""
    zones = _dicts(data.get("zones"))
    items = _dicts(data.get("items"))
    parts = [theirs(markup.html(str(question))), theirs(markup.html(_at(data, "feedback", "start")))]
    if image := str(data.get("targetImg") or ""):
        parts.append(tag("p", markup.image(image, str(data.get("targetImgDescription") or ""))))
    rows = []
    for zone in zones:
        here = [item for item in items if _belongs(item, zone)]
        name = theirs(markup.html(str(zone.get("title") or "")))
        told = theirs(markup.html(str(zone.get("description") or "")))
        rows.append(tag("dt", name) + tag("dd", tag("div", told, "aside") + _items(markup, here)))
    left = [item for item in items if not any(_belongs(item, zone) for zone in zones)]
    if left:
        rows.append(tag("dt", words(_("Belongs nowhere"))) + tag("dd", _items(markup, left)))
    parts.append(tag("dl", "".join(rows), "zones"))
    parts.append(theirs(markup.html(_at(data, "feedback", "finish"))))
    if explanation := markup.html(str(data.get("explanation") or "")):
        parts.append(tag("div", tag("h2", words(_("Explanation"))) + theirs(explanation), "explanation"))
    return "".join(parts)


def _belongs(item: dict[str, Any], zone: dict[str, Any]) -> bool:
    zones = item.get("zones")
    names = zones if isinstance(zones, list) else [item.get("zone")]
    return any(name is not None and name in (zone.get("uid"), zone.get("title")) for name in names)


def _items(markup: Markup, items: Sequence[dict[str, Any]]) -> str:
    written = []
    for item in items:
        image = str(item.get("imageURL") or item.get("backgroundImage") or "")
        shown = theirs(markup.html(str(item.get("displayName") or "")))
        shown += tag("p", markup.image(image, str(item.get("imageDescription") or ""))) if image else ""
        for key, when in (("correct", _("If right:")), ("incorrect", _("If wrong:"))):
            if said := markup.html(_at(item, "feedback", key)):
                shown += tag("div", f"{tag('b', words(when))} {theirs(said)}", "feedback")
        written.append(tag("li", shown))
    return tag("ul", "".join(written)) if written else tag("p", words(_("Nothing belongs here.")), "aside")


# Questions without a right answer


def _poll(element: etree._Element, files: Files) -> str:
    """A question and its answers (xblock-poll: ``poll/poll.py``)."""
    markup = Markup(files)
    parts = [theirs(markup.html(element.get("question") or ""))]
    parts.append(_options(markup, element.get("answers")))
    return "".join(parts) + _thanks(markup, element)


def _survey(element: etree._Element, files: Files) -> str:
    """Questions that have the same answers each (xblock-poll: ``SurveyBlock``)."""
    markup = Markup(files)
    asked = [
        tag("li", theirs(markup.html(label)) + image + _options(markup, element.get("answers")))
        for label, image in _labeled(markup, element.get("questions"))
    ]
    return tag("ol", "".join(asked), "questions") + _thanks(markup, element)


def _options(markup: Markup, text: str | None) -> str:
    options = [tag("li", theirs(markup.html(label)) + image) for label, image in _labeled(markup, text)]
    return tag("ul", "".join(options), "choices")


def _labeled(markup: Markup, text: str | None) -> Iterable[tuple[str, str]]:
    """The label and the image of each of pairs of a key and one or both of them, in JSON."""
    given = _json(text)
    for entry in given[:MAX_ENTRIES] if isinstance(given, list) else ():
        value = entry[1] if isinstance(entry, list) and len(entry) > 1 else entry
        if isinstance(value, dict):
            image = str(value.get("img") or "")
            shown = tag("p", markup.image(image, str(value.get("img_alt") or ""))) if image else ""
            yield str(value.get("label") or ""), shown
        else:
            yield str(value), ""


def _thanks(markup: Markup, element: etree._Element) -> str:
    said = theirs(markup.html(element.get("feedback") or ""))
    return tag("div", f"{tag('b', words(_('Afterwards:')))} {said}", "feedback") if said else ""


def _poll_question(element: etree._Element, files: Files) -> str:
    """The platform's older poll (``xmodule/poll_block.py``)."""
    markup = Markup(files, {"answer": _poll_answer})
    return theirs(markup.inside(element))


def _poll_answer(markup: Markup, element: etree._Element) -> str:
    return tag("ul", tag("li", markup.inside(element)), "choices")


def _word_cloud(element: etree._Element, files: Files) -> str:
    """What is asked, and fields for the words (platform: ``xmodule/word_cloud_block.py``)."""
    markup = Markup(files)
    wanted = element.get("num_inputs") or "5"
    count = min(int(wanted), 20) if wanted.isascii() and wanted.isdecimal() else 5
    lines = tag("span", "&nbsp;", "field") + " "
    return theirs(markup.html(element.get("instructions") or "")) + tag("p", lines * count)


# Everything else


def _tool(element: etree._Element, files: Files) -> str:
    """An outside tool (platform: ``xmodule/lti_block.py``; lti-consumer-xblock)."""
    said = words(_("An outside tool, not loaded:"))
    shown = tag("p", tag("span", f"{said} {address(element.get('launch_url') or '–')}", "away"))
    text = theirs(Markup(files).html(element.get("description") or ""))
    return text + shown + _attributes(element, files, but=("launch_url", "description"))


def _assessment(element: etree._Element, files: Files) -> str:
    """An open response: prompts and rubric (edx-ora2: ``openassessment/xblock/utils/xml.py``)."""
    markup = Markup(files)
    parts = [tag("div", words(inner_text(prompt)), "theirs", dir="auto", lang="") for prompt in _prompts(element)]
    for criterion in element.iter("criterion"):
        rows = [
            (
                _("{option} ({points} points)").format(
                    option=_child(option, "label") or _child(option, "name"), points=option.get("points") or "0"
                ),
                theirs(markup.html(_child(option, "explanation"))) or "–",
            )
            for option in criterion.iterchildren("option")
        ]
        name = _child(criterion, "label") or _child(criterion, "name")
        asked = theirs(markup.html(_child(criterion, "prompt")))
        parts.append(tag("div", tag("h2", tag("bdi", words(name))) + asked + terms(rows, "fields"), "criterion"))
    return "".join(parts) + _attributes(element, files)


def _prompts(element: etree._Element) -> Iterable[etree._Element]:
    for prompt in element.iterfind("prompts/prompt"):
        yield from prompt.iterchildren("description")


def _child(element: etree._Element, name: str) -> str:
    found = element.find(name)
    return (found.text or "").strip() if found is not None else ""


def _fields(element: etree._Element, files: Files) -> str:
    """The fields of a component of any type, and what is written in it."""
    inside = theirs(Markup(files).inside(element))
    return _attributes(element, files) + inside or tag("p", words(_("There is nothing to see.")), "aside")


def _attributes(element: etree._Element, files: Files, but: Iterable[str] = ()) -> str:
    left_out = {*but, *_NOT_SHOWN}
    rows = [
        (name.replace("_", " ").replace("-", " "), _value(value, Markup(files)))
        for name, value in element.items()
        if name not in left_out and not is_course_only(name) and value.strip()
    ]
    return terms(rows, "fields")


def _value(value: str, markup: Markup) -> str:
    held = _json(value) if value.lstrip()[:1] in ("{", "[") else None
    return _held(value if held is None else held, markup, 0)


def _held(value: Any, markup: Markup, nesting: int) -> str:
    if isinstance(value, dict | list) and nesting >= _MAX_NESTING:
        return tag("code", words(shortened(json.dumps(value, ensure_ascii=False))))
    if isinstance(value, dict):
        rows = [(str(key), _held(held, markup, nesting + 1)) for key, held in list(value.items())[:MAX_ENTRIES]]
        return terms(rows, "fields") + _more(value)
    if isinstance(value, list):
        items = [tag("li", _held(held, markup, nesting + 1)) for held in value[:MAX_ENTRIES]]
        return tag("ul", "".join(items)) + _more(value)
    if isinstance(value, str):
        if value.startswith(STATIC):
            return _addressed(value)
        return theirs(markup.html(value)) if "<" in value else tag("bdi", words(value[:MAX_CHARACTERS]))
    return words(json.dumps(value))


def _more(value: Any) -> str:
    left = len(value) - MAX_ENTRIES
    return tag("p", words(_("{count:,} more are not shown.").format(count=left)), "aside") if left > 0 else ""


def _at(value: Any, *keys: str) -> str:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value[:MAX_ENTRIES] if isinstance(entry, dict)] if isinstance(value, list) else []


def _json(text: str | None) -> Any:
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):
        return None


_TYPES: dict[str, Callable[[etree._Element, Files], str]] = {
    "annotatable": _annotatable,
    "drag-and-drop-v2": _drag_and_drop,
    "html": _text,
    "lti": _tool,
    "lti_consumer": _tool,
    "openassessment": _assessment,
    "poll": _poll,
    "poll_question": _poll_question,
    "problem": _problem,
    "survey": _survey,
    "video": _video,
    "videoalpha": _video,
    "word_cloud": _word_cloud,
}
