"""
Two renderings of one block in one, with marks at the words that they do not have in common.

What stands in both is paired from the outside in: block by block, and in paragraphs that belong together word by word.
So a choice that was added is one choice more, and a changed word is marked in its sentence. lxml has ``htmldiff`` for
this, which takes a page for one long text: of two words that end a paragraph it repeats the old one as if it were new
(lxml 6.1), and what it finds deleted it puts wherever a tag allows.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from lxml import etree, html

from .markup import tag, words

MAX_WORDS = 10_000
"""Words of each side that are compared."""

MAX_PAIRS = 250_000
"""Pairs of equal words in both that are looked at, about a second's work at worst: comparing takes all of them."""

_MAX_TRIED = 2_500
"""Pairs of blocks of which is looked at how alike they are."""

_ALIKE = 0.4
"""The part of their words that two blocks have in common that are taken for one."""

_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "caption", "center", "dd", "details", "div", "dl", "dt",
    "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "li", "main",
    "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    "colgroup", "col",
))  # fmt: skip
_SEEN = re.compile(r"<img [^>]*>|<(video|audio) [^>]*></\1>")
_STANDS_FOR = re.compile("\ue000(\\d+)\ue001")
_WORD = re.compile("(\ue000\\d+\ue001|[\u2e80-\u9fff]|[^\\W\u2e80-\u9fff]+|[^\\w\\s])\\s*|\\s+")
"""A word, a sign, a letter of those scripts that put no space between words, or an image that was taken for a word."""


def compared(library: str, written: str) -> str:
    """
    What the library holds and what would be written, word by word: ``del`` is in the first only, ``ins`` in the second.

    Both are bodies of :mod:`.components`. What is too large for that stands side by side, and says so.
    """
    old, new, seen = _parsed(library, written)
    ours, theirs = _text_of(old), _text_of(new)
    if ours == theirs:
        return tag("p", words(_("Learners see no difference.")), "legend") + written
    if _is_little(ours, theirs):
        _mark(old, new)
        removed, added = tag("del", words(_("the library has"))), tag("ins", words(_("would be written")))
        return tag("p", f"{removed} {added}", "legend") + _written(new, seen)
    said = _("There is too much of it to mark each word.")
    columns = [
        tag("div", tag("p", words(name), "kind") + body, "column")
        for name, body in ((_("In the library"), library), (_("Would be written"), written))
    ]
    return tag("p", words(said), "legend") + tag("div", "".join(columns), "columns")


def _parsed(*bodies: str) -> tuple[etree._Element, etree._Element, list[str]]:
    """Both bodies, with words in place of images and players, and what these words stand for."""
    seen: dict[str, int] = {}

    def word_for(match: re.Match[str]) -> str:
        return f"\ue000{seen.setdefault(match[0], len(seen))}\ue001"

    old, new = (html.fragment_fromstring(_SEEN.sub(word_for, body), create_parent="div") for body in bodies)
    return old, new, list(seen)


def _written(element: etree._Element, seen: Sequence[str]) -> str:
    def shown(match: re.Match[str]) -> str:
        return seen[int(match[1])] if int(match[1]) < len(seen) else ""

    marked: str = html.tostring(element, encoding="unicode")
    return _STANDS_FOR.sub(shown, marked)


def _is_little(old: Sequence[str], new: Sequence[str]) -> bool:
    if max(len(old), len(new)) > MAX_WORDS:
        return False
    counts = Counter(old)
    return sum(count * counts[word] for word, count in Counter(new).items()) <= MAX_PAIRS


def _text_of(element: etree._Element) -> tuple[str, ...]:
    return tuple(match[1] for match in _WORD.finditer(" ".join(element.itertext())) if match[1])


# Blocks


def _mark(old: etree._Element, new: etree._Element) -> None:
    """Write the marks into the second of two elements that are one."""
    if _is_text(old) and _is_text(new):
        _mark_words(old, new)
        return
    last: etree._Element | None = None
    for before, after in _pairs(_blocks_of(old), _blocks_of(new)):
        if after is None:
            after = copy.deepcopy(before)
            _mark_all(after, "del")
            new.insert(0 if last is None else new.index(last) + 1, after)
        elif before is None:
            _mark_all(after, "ins")
        else:
            _mark(before, after)
        last = after


def _is_text(element: etree._Element) -> bool:
    """Whether all that it holds is words, and what is set among them."""
    return not any(child.tag in _BLOCKS for child in element.iterdescendants(etree.Element))


def _blocks_of(element: etree._Element) -> list[etree._Element]:
    """What an element holds as blocks: words beside blocks are put into one, as a browser sees them."""
    run: etree._Element | None = None
    text, element.text = element.text, None
    if text and text.strip():
        run = html.Element("div")
        run.text = text
        element.insert(0, run)
    for child in list(element):
        if child is run:
            continue
        tail, child.tail = child.tail, None
        if child.tag in _BLOCKS or not _is_text(child):
            run = None
        else:
            if run is None:
                run = html.Element("div")
                child.addprevious(run)
            run.append(child)
        if tail and tail.strip():
            if run is None:
                run = html.Element("div")
                child.addnext(run)
                run.text = tail
            else:
                child.tail = tail
    return list(element)


type _Pair = tuple[etree._Element | None, etree._Element | None]


def _pairs(old: Sequence[etree._Element], new: Sequence[etree._Element]) -> Iterator[_Pair]:
    """The blocks of both in order, each with the one that it is, or was."""
    ours, theirs = ([(block.tag, _text_of(block)) for block in blocks] for blocks in (old, new))
    for kind, i, to_i, j, to_j in SequenceMatcher(None, ours, theirs).get_opcodes():
        if kind == "equal":
            yield from zip(old[i:to_i], new[j:to_j], strict=True)
        else:
            yield from _most_alike(old[i:to_i], new[j:to_j])


def _most_alike(old: Sequence[etree._Element], new: Sequence[etree._Element]) -> Iterator[_Pair]:
    """The pairs, in order, that have most in common in all; of each that is in none, what was goes before what is."""
    if len(old) * len(new) > _MAX_TRIED:
        score = [[float(a.tag == b.tag and i == j) for j, b in enumerate(new)] for i, a in enumerate(old)]
    else:
        ours, theirs = ([(each.tag, Counter(_text_of(each))) for each in side] for side in (old, new))
        score = [[_likeness(a, b, len(old) == len(new) == 1) for b in theirs] for a in ours]
    best = [[0.0] * (len(new) + 1) for _row in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            paired = best[i + 1][j + 1] + score[i][j] if score[i][j] else 0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and score[i][j] and best[i][j] == best[i + 1][j + 1] + score[i][j]:
            yield old[i], new[j]
            i, j = i + 1, j + 1
        elif i < len(old) and (j == len(new) or best[i][j] == best[i + 1][j]):
            yield old[i], None
            i += 1
        else:
            yield None, new[j]
            j += 1


def _likeness(old: tuple[Any, Counter[str]], new: tuple[Any, Counter[str]], are_alone: bool) -> float:
    (tag_of_old, ours), (tag_of_new, theirs) = old, new
    if tag_of_old != tag_of_new:
        return 0
    common = 2 * (ours & theirs).total() / ((ours.total() + theirs.total()) or 1)
    return max(common, _ALIKE) if are_alone or common >= _ALIKE else 0


# Words


class _Slot(NamedTuple):
    """A place with text: what an element begins with, or what follows it."""

    element: etree._Element
    is_tail: bool

    @property
    def text(self) -> str:
        return (self.element.tail if self.is_tail else self.element.text) or ""

    def fill(self, parts: Sequence[tuple[str, str]]) -> None:
        """Put these parts there, each a tag or none and its text."""
        plain = parts[0][1] if parts and not parts[0][0] else ""
        if self.is_tail:
            parent, place = self.element.getparent(), self.element.getparent().index(self.element) + 1
            self.element.tail = plain
        else:
            parent, place = self.element, 0
            self.element.text = plain
        for number, (name, text) in enumerate(parts):
            if name:
                mark = html.Element(name)
                mark.text = text.rstrip()
                mark.tail = text[len(mark.text) :]
                if number + 1 < len(parts) and not parts[number + 1][0]:
                    mark.tail += parts[number + 1][1]
                parent.insert(place, mark)
                place += 1


def _slots(element: etree._Element) -> list[_Slot]:
    """All places with text in an element, in order."""
    found = [_Slot(element, is_tail=False)]
    for child in element.iterchildren(etree.Element):
        found += (*_slots(child), _Slot(child, is_tail=True))
    return found


def _mark_all(element: etree._Element, name: str) -> None:
    for slot in _slots(element):
        if slot.text.strip():
            slot.fill([(name, slot.text)])


def _mark_words(old: etree._Element, new: etree._Element) -> None:
    ours = [match for match in _WORD.finditer(" ".join(slot.text for slot in _slots(old))) if match[1]]
    slots = _slots(new)
    theirs = [(number, match) for number, slot in enumerate(slots) for match in _WORD.finditer(slot.text)]
    counted = [place for place, (_number, match) in enumerate(theirs) if match[1]]
    names = [""] * len(theirs)
    gone: dict[int, str] = {}
    compared = SequenceMatcher(None, [match[1] for match in ours], [theirs[place][1][1] for place in counted])
    for kind, i, to_i, j, to_j in compared.get_opcodes():
        if kind != "equal":
            for place in counted[j:to_j]:
                names[place] = "ins"
            if to_i > i:
                gone[counted[j] if j < len(counted) else len(theirs)] = "".join(match[0] for match in ours[i:to_i])
    parts: list[list[tuple[str, str]]] = [[] for _slot in slots]
    for place, (number, match) in enumerate(theirs):
        if place in gone:
            parts[number].append(("del", gone[place]))
        if parts[number] and parts[number][-1][0] == names[place]:
            parts[number][-1] = (names[place], parts[number][-1][1] + match[0])
        else:
            parts[number].append((names[place], match[0]))
    if len(theirs) in gone:
        parts[theirs[-1][0] if theirs else 0].append(("del", gone[len(theirs)]))
    for slot, filled in reversed(list(zip(slots, parts, strict=True))):
        if any(name for name, _text in filled):
            slot.fill(filled)
