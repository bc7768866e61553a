"""The marks and names by which blocks and what happens to them are known on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from rich.console import RenderableType
from rich.table import Table

from ...data import BlockData, BlockKind, Contents, Decision, Outcome, RecordData, ReversalOutcome

MARKS: dict[Outcome | ReversalOutcome, tuple[str, str]] = {
    Outcome.CREATED: ("+", "green"),
    Outcome.UPDATED: ("↑", "cyan"),
    Outcome.FORKED: ("⑂", "cyan"),
    Outcome.UNCHANGED: ("=", "dim"),
    Outcome.SKIPPED: ("–", "yellow"),
    Outcome.UNSUPPORTED: ("⊘", "magenta"),
    Outcome.FAILED: ("✗", "bold red"),
    Outcome.REMOVED: ("−", "red"),
    Outcome.KEPT: ("•", "yellow"),
    Outcome.NEEDS_YOU: ("?", "bold yellow"),
    ReversalOutcome.RESTORED: ("+", "green"),
    ReversalOutcome.REVERTED: ("↺", "cyan"),
}
"""A sign and its style for everything that can happen to a block; some outcomes are in both vocabularies."""

_PLURALS = {
    BlockKind.SECTION: gettext_lazy("Sections"),
    BlockKind.SUBSECTION: gettext_lazy("Subsections"),
    BlockKind.UNIT: gettext_lazy("Units"),
    BlockKind.COMPONENT: gettext_lazy("Components"),
}


def counted_kind(count: int, kind: BlockKind) -> str:
    """A number of blocks or items of one kind, in words."""
    told = {
        BlockKind.SECTION: ngettext("{count:,} section", "{count:,} sections", count),
        BlockKind.SUBSECTION: ngettext("{count:,} subsection", "{count:,} subsections", count),
        BlockKind.UNIT: ngettext("{count:,} unit", "{count:,} units", count),
        BlockKind.COMPONENT: ngettext("{count:,} component", "{count:,} components", count),
    }
    return told[kind].format(count=count)


def in_short(choice: Decision | Contents) -> str:
    """The first words of the label of a choice: ``new version`` of ``New version: make this …``."""
    return str(choice.label).partition(":")[0].strip().lower()


class Typed(Protocol):
    """A block, or an item made from one."""

    @property
    def block_type(self) -> str:
        """The OLX tag."""

    @property
    def kind(self) -> BlockKind:
        """What it is in a library."""


class Settled(Protocol):
    """A block, or an item made from one, to which something happens; ``None`` where it is not considered."""

    @property
    def kind(self) -> BlockKind:
        """What it is in a library."""

    @property
    def outcome(self) -> Outcome | ReversalOutcome | None:
        """What happens."""


class Titled(Typed, Protocol):
    """The same, with a name."""

    @property
    def name(self) -> str:
        """What people call it."""


def type_of(item: Typed) -> str:
    """What a person calls a block of this type."""
    return str(item.kind.label).lower() if item.kind.is_container else item.block_type


def type_beside_title(item: Titled) -> str:
    """The type, to stand after the title; empty where the title says nothing else."""
    return "" if item.name.lower() == type_of(item) else type_of(item)


def as_in(block: BlockData | RecordData) -> str:
    """Of which earlier import the review has said what stands of a block; for one of which that is so."""
    return _("as in import {id}").format(id=block.choices_from[:8])


def label_of(outcome: Outcome | ReversalOutcome, *, planned: bool) -> str:
    """What happened, or what is planned to happen, in words."""
    return str(outcome.planned if planned else outcome.label)


def summary(items: Sequence[Settled], *, planned: bool) -> RenderableType:
    """A table of kinds by outcomes, planned or past; blocks that are not considered are left out."""
    outcomes = [outcome for outcome in MARKS if any(item.outcome == outcome for item in items)]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for outcome in outcomes:
        mark, style = MARKS[outcome]
        table.add_column(f"{mark} {label_of(outcome, planned=planned)}", justify="right", style=style)
    table.add_column(_("All"), justify="right")
    for kind in BlockKind:
        counts = Counter(item.outcome for item in items if item.kind is kind and item.outcome is not None)
        if counts:
            table.add_row(
                str(_PLURALS[kind]),
                *(f"{counts[outcome]:,}" if counts[outcome] else "·" for outcome in outcomes),
                f"{counts.total():,}",
            )
    return table
