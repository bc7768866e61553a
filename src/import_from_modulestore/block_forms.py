"""What forms about a staged block send, for the doors that are pages: the admin, and the pages for authors."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import TextChoices
from django.http import Http404

from .data import BlockDetails, MergeChoice, MergeSide


def edits_in(details: BlockDetails, title: str, olx: str | None) -> dict[str, str]:
    """What is other than before, as arguments of ``edit_block``; ``olx`` is ``None`` where the form has none."""
    edits = {}
    if title != details.block.title:
        edits["title"] = title
    if olx is not None and (olx := _lines_of(olx)) != _lines_of(details.olx):
        edits["olx"] = olx
    return edits


def pieces_in(details: BlockDetails, sent: Mapping[str, str]) -> dict[str, MergeChoice | None]:
    """
    What was chosen for the pieces of a merge, as ``choose_pieces`` takes it; the whole body only where it was chosen.

    Raises ``Http404`` for a choice that there is not.
    """
    whole = [details.whole_body] if details.whole_body and sent.get("take body") else []
    choices: dict[str, MergeChoice | None] = {}
    for piece in (*details.pieces, *whole):
        side = one_of(MergeSide, sent.get(f"take {piece.name}", ""))
        text = _lines_of(sent.get(f"text {piece.name}", ""))
        choices[piece.name] = MergeChoice(take=side, text=text) if side else None
    return choices


def one_of[Choice: TextChoices](choices: type[Choice], value: str) -> Choice | None:
    """The choice that was sent, if one was. Raises ``Http404`` for one that there is not."""
    if value and value not in choices:
        raise Http404
    return choices(value) if value else None


def _lines_of(text: str) -> str:
    """Browsers send lines as the mail of old did."""
    return text.replace("\r\n", "\n")
