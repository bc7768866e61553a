"""Roots in pieces, where the whole is larger than what the database takes in one statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from lxml import etree

from ..packets import room_in_statement, size_of
from .blocks import CONTAINER_KINDS, ROOT_TAGS, title_of
from .parsing import child_elements


@dataclass(frozen=True)
class Piece:
    """A part of a root that is staged by itself; ``continues`` as in :class:`..data.StagedRoot`."""

    olx: str
    continues: int
    name: str
    """What to call it where not even this can be staged: the component that is all that it holds."""


def pieces_of(root: etree._Element, *beside: str) -> Iterator[Piece]:
    """
    Cut a root into pieces, in order: one, where that fits into a statement with the texts ``beside`` it.

    Containers that do not fit are cut between their children, where these do not fit between theirs, and so on. Each
    piece but the first begins with the containers that it continues, without what is in them. A component is never cut:
    one that does not fit is a piece of its own all the same. The root is taken apart for it.
    """
    olx = etree.tostring(root, encoding="unicode")
    room = room_in_statement(len(olx) + sum(map(len, beside)), beside)
    if room is None or not _can_be_cut(root) or size_of(olx) <= room:
        yield Piece(olx, 0, title_of(root))
        return
    del olx
    title = title_of(root)
    for element, continues in _Cutter(room).cut(root):
        name = _("{name} (in {root})").format(name=title_of(_all_that_it_holds(element)), root=title)
        yield Piece(etree.tostring(element, encoding="unicode"), continues, name)


class _Cutter:
    """Fills one piece after the other; sizes are in bytes of a statement."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._shells: list[etree._Element] = []
        self._continues = 0
        self._left = room
        self._is_worth_it = False
        """Whether the piece holds anything but what it continues."""

    def cut(self, root: etree._Element) -> Iterator[tuple[etree._Element, int]]:
        yield from self._open(root)
        yield self._shells[0], self._continues

    def _open(self, container: etree._Element) -> Iterator[tuple[etree._Element, int]]:
        self._add(_shell(container))
        depth = len(self._shells)
        for child in child_elements(container):
            child.tail = None
            size = _size(child)
            if size > self._left and size > self._room - sum(map(_size, _shells(self._shells))) and _can_be_cut(child):
                if _size(_shell(child)) > self._left:
                    yield from self._next_piece()
                yield from self._open(child)
                del self._shells[depth:]
                continue
            if size > self._left:
                yield from self._next_piece()
            self._shells[-1].append(child)
            self._left -= size
            self._is_worth_it = True

    def _add(self, shell: etree._Element) -> None:
        if self._shells:
            self._shells[-1].append(shell)
        self._shells.append(shell)
        self._left -= _size(shell)
        self._is_worth_it = True

    def _next_piece(self) -> Iterator[tuple[etree._Element, int]]:
        """Finish the piece, unless nothing is in it yet, and begin another with the containers that are open."""
        if not self._is_worth_it:
            return
        yield self._shells[0], self._continues
        opened, self._shells, self._left = _shells(self._shells), [], self._room
        for shell in opened:
            self._add(shell)
        self._continues = sum(shell.tag not in ROOT_TAGS for shell in opened)
        self._is_worth_it = False


def _shells(elements: list[etree._Element]) -> list[etree._Element]:
    return [_shell(element) for element in elements]


def _shell(element: etree._Element) -> etree._Element:
    """The element without what is in it."""
    return etree.Element(element.tag, dict(element.attrib), nsmap=element.nsmap)


def _can_be_cut(element: etree._Element) -> bool:
    return (element.tag in CONTAINER_KINDS or element.tag in ROOT_TAGS) and bool(child_elements(element))


def _all_that_it_holds(element: etree._Element) -> etree._Element:
    while _can_be_cut(element) and len(children := child_elements(element)) == 1:
        (element,) = children
    return element


def _size(element: etree._Element) -> int:
    return size_of(etree.tostring(element, encoding="unicode", with_tail=False))
