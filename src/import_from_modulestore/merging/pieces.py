"""What has to be chosen where both sides have changed the same thing, and what was taken from which side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from ..data import MergeChoice, MergePiece, MergeSide
from ..olx.normal_form import text_digest
from ..quoting import listed
from ..texts import MAX_TITLE_LENGTH, clean_title

type Choices = Mapping[str, MergeChoice]
"""What was chosen, by the names of the pieces."""

TITLE = "title"
BODY = "body"


class UnusableChoice(ValueError):
    """What was chosen for a piece cannot be used; the message says why, for people."""

    def __init__(self, piece: str, reason: str) -> None:
        super().__init__(reason)
        self.piece = piece


@dataclass
class Ledger:
    """Keeps account of a merge: what is chosen, what is open, and what came from where."""

    choices: Choices
    pieces: list[MergePiece] = field(default_factory=list)
    taken: dict[MergeSide, list[str]] = field(default_factory=lambda: {side: [] for side in MergeSide})

    def three_way[T](self, name: str, base: T | None, library: T | None, source: T | None) -> T | Open | None:
        """The version that stands, where it needs nobody: ``None`` is one that is not there."""
        if library == source or source == base:
            if library != base:
                self.note(name, MergeSide.LIBRARY)
            return library
        if library == base:
            self.note(name, MergeSide.SOURCE)
            return source
        return OPEN

    def ask(self, name: str, base: str | None, library: str | None, source: str | None) -> MergeChoice | None:
        """What is chosen for a piece that needs somebody; ``None`` where it is open."""
        choice = self.choices.get(name)
        self.pieces.append(MergePiece(name=name, base=base, library=library, source=source, choice=choice))
        if choice is not None:
            self.note(name, choice.take)
        return choice

    def text(self, name: str, base: str | None, library: str | None, source: str | None) -> str | None:
        """
        The text that stands: from the side that changed it, or as chosen; the library's, while it is open.

        ``None`` is a text that is not there.
        """
        found = self.three_way(name, base, library, source)
        if not isinstance(found, Open):
            return found
        return chosen(self.ask(name, base, library, source), library, source)

    def note(self, name: str, side: MergeSide) -> None:
        """Put down that something was taken from a side."""
        self.taken[side].append(name)


def chosen[T](choice: MergeChoice | None, library: T, source: T) -> T | str:
    """What a choice comes to; the library's, where there is none yet."""
    if choice is None or choice.take is MergeSide.LIBRARY:
        return library
    return source if choice.take is MergeSide.SOURCE else choice.text


def usable_title(title: str) -> str:
    """A title that somebody has written. Raises :class:`UnusableChoice`."""
    if not clean_title(title) or len(title) > MAX_TITLE_LENGTH:
        raise UnusableChoice(TITLE, _("A title has 1 to {max} characters.").format(max=MAX_TITLE_LENGTH))
    return clean_title(title)


def told(taken: Mapping[MergeSide, Sequence[str]]) -> str:
    """What was taken from whom, in a sentence for each."""
    sentences = {
        MergeSide.LIBRARY: _("From the library: {pieces}."),
        MergeSide.SOURCE: _("From the source: {pieces}."),
        MergeSide.EDIT: _("Written in the review: {pieces}."),
    }
    named = {side: list(dict.fromkeys(names)) for side, names in taken.items()}
    return " ".join(sentences[side].format(pieces=listed(names)) for side, names in named.items() if names)


def versions_digest(*versions: str) -> str:
    """What stands for the three versions that a merge is made of: choices hold for these."""
    return text_digest("\n".join(versions))


class Open:
    """That both sides have changed something in different ways."""


OPEN = Open()
