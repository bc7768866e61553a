"""What is staged, as the review sees it: the tree, one block, and differences."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from ...data import BlockData, BlockDetails, Difference, DiffLine, LibraryItemData, MergeSide, Outcome
from ...olx.readable import difference, readable_lines
from ...quoting import bounded, listed, shortened
from .marks import MARKS, as_in, in_short, label_of, type_beside_title
from .text import counted_conflicts, printable
from .tree import Row, tree

MAX_OLX = 20_000
"""Characters of a block's OLX that are shown; an editor shows all of it."""

_LEFT_OUT = ("○", "dim")
_SHOWN_AGAIN = ("↻", "dim")
_DISSOLVED = ("·", "dim")

_DIFF_STYLES = {"-": "red", "+": "green", "@": "cyan"}


def review_tree(
    title: str,
    blocks: Sequence[BlockData],
    *,
    only: Collection[int] | None = None,
    everything: bool = False,
) -> RenderableType:
    """
    The staged blocks as a tree, each with the number by which it can be named.

    ``only`` leaves the blocks of these numbers, and pale, those that they are in. ``everything`` shows each block, with
    its ID, where a long tree is summed up otherwise.
    """
    if only is not None:
        blocks, everything = _with_ancestors(blocks, only), True
    width = len(str(max((block.num for block in blocks), default=0)))
    rows = [_row(block, width, pale=only is not None and block.num not in only, ids=everything) for block in blocks]
    return tree(title, rows, everything=everything)


def review_counts(blocks: Sequence[BlockData]) -> str:
    """In one line, what the summary by outcomes does not tell, with the signs of what has no outcome."""
    conflicts = [block for block in blocks if block.is_conflict]
    decided = sum(block.own_decision is not None for block in conflicts)
    told = counted_conflicts(len(conflicts))
    facts = [
        _("{conflicts} ({decided} decided one by one)").format(conflicts=told, decided=decided) if decided else told
    ]
    if edited := sum(block.edited for block in blocks):
        facts.append(ngettext("{count:,} edited", "{count:,} edited", edited).format(count=edited))
    signs = [_sign(block)[0] for block in blocks if block.outcome is None]
    if left_out := signs.count(_LEFT_OUT[0]):
        with_others = sum(block.left_with is not None and block.selected for block in blocks)
        told = ngettext("{count:,} left out", "{count:,} left out", left_out)
        if with_others:
            told = _("{left_out} ({with_others:,} with the block that they are inside of)").format(
                left_out=told, with_others=with_others
            )
        facts.append(f"{_LEFT_OUT[0]} {told.format(count=left_out)}")
    if count := signs.count(_SHOWN_AGAIN[0]):
        told = ngettext("{count:,} shown again", "{count:,} shown again", count)
        facts.append(f"{_SHOWN_AGAIN[0]} {told.format(count=count)}")
    if count := signs.count(_DISSOLVED[0]):
        told = ngettext("{count:,} dissolved", "{count:,} dissolved", count)
        facts.append(f"{_DISSOLVED[0]} {told.format(count=count)}")
    return " · ".join(facts)


def block_view(details: BlockDetails, *, only_differences: bool = False) -> RenderableType:
    """One staged block with its content, what stands in the library in its place, and the differences."""
    block = details.block
    parts: list[RenderableType] = [_heading(block)]
    if not only_differences:
        parts.append(Padding(_facts(details), (0, 0, 0, 2)))
    if edited := block.edited and details.staged_olx != details.olx:
        edits = difference(readable_lines(details.staged_olx), readable_lines(details.olx))
        parts += ["", _difference(_("What the source holds → what was edited"), edits)]
    first = details.differences[0].lines if details.differences else ()
    for num, compared in enumerate(details.differences):
        parts += ["", difference_view(compared, same=num > 0 and bool(first) and compared.lines == first)]
    if only_differences and not edited and not details.differences:
        parts.append(
            Padding(Text(_("Nothing to compare: the library holds nothing in its place."), style="dim"), (0, 2))
        )
    if (imported := details.merged_olx or details.olx) and not only_differences:
        olx = Syntax(
            printable(shortened(imported, MAX_OLX)),
            "xml",
            theme="ansi_dark",
            word_wrap=True,
            background_color="default",
            padding=(0, 2),
        )
        parts += ["", Text(_("What would be imported"), style="bold"), olx]
    return Group(*parts)


def difference_view(compared: Difference, *, same: bool = False) -> RenderableType:
    """
    A difference: ``-`` before what only the first text has, ``+`` before what only the second has.

    ``same`` says that it has just been shown.
    """
    if same:
        return Text.assemble((str(compared.kind.label), "bold"), ("  " + _("as above"), "dim"))
    return _difference(str(compared.kind.label), compared.lines)


def _difference(title: str, lines: Sequence[DiffLine]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, width=1)
    table.add_column(overflow="fold")
    for mark, text in lines:
        style = _DIFF_STYLES.get(mark, "")
        table.add_row(Text(mark, style=style), Text(printable(text), style=style))
    if not lines:
        return Text.assemble((title, "bold"), ("  " + _("no difference"), "dim"))
    return Group(Text(title, style="bold"), Padding(table, (0, 0, 0, 2)))


def _heading(block: BlockData) -> Text:
    line = Text.assemble((f"{block.num} ", "dim"), *_mark(block), (printable(block.name), "bold"))
    line.append(f"  {type_beside_title(block)}".rstrip(), style="dim")
    return _with_what_happens(line, block)


def _facts(details: BlockDetails) -> RenderableType:
    block = details.block
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(_("Key"), Text(block.usage_key))
    if block.outcome is not None:
        mark, style = MARKS[block.outcome]
        happens = Text.assemble((f"{mark} {label_of(block.outcome, planned=True)}", style))
        if block.item_key:
            happens.append(f"  {block.item_key}")
        table.add_row(_("Outcome"), happens)
    if block.is_conflict:
        whose = _("for this block") if block.own_decision else _("the import's default")
        label = str(block.decision.label) if block.decision else ""
        table.add_row(_("Decision"), Text(f"{label} ({whose})" if label else whose))
    if block.contents is not None:
        whose = _("for this block") if block.own_contents else _("the import's default")
        into = _("; into “{collection}”").format(collection=block.collection_title) if block.collection_title else ""
        table.add_row(_("Contents"), Text(printable(f"{block.contents.label}{into} ({whose})")))
    if block.choices_from:
        table.add_row(_("Choices"), Text(as_in(block)))
    if block.reason:
        table.add_row(_("Reason"), Text(printable(block.reason)))
    for warning in block.warnings:
        table.add_row("", Text(f"⚠ {printable(warning)}", style="yellow"))
    for told in bounded(
        "{}  {}".format(file.name, ngettext("{count:,} byte", "{count:,} bytes", file.size).format(count=file.size))
        for file in details.files
    ):
        table.add_row(_("File"), Text(printable(told)))
    for name in details.missing_files:
        table.add_row(_("File"), Text(printable(f"{name}  {_('missing in the source')}"), style="yellow"))
    if details.library is not None:
        _add_library_facts(table, details.library)
    sides = {MergeSide.LIBRARY: _("library"), MergeSide.SOURCE: _("source"), MergeSide.EDIT: _("edit")}
    for piece in details.pieces:
        chosen = sides[piece.choice.take] if piece.choice else _("needs you")
        table.add_row(_("Piece"), Text(printable(f"{piece.name}: {chosen}"), style="" if piece.choice else "yellow"))
        for side, text in ((_("was"), piece.base), (_("library"), piece.library), (_("source"), piece.source)):
            table.add_row("", Text(printable(f"{side}: {'–' if text is None else shortened(text)}"), style="dim"))
    return table


def _add_library_facts(table: Table, item: LibraryItemData) -> None:
    versions = [_("draft {version}").format(version=item.draft_num) if item.draft_num else _("deleted")]
    published = _("published {version}").format(version=item.published_num)
    versions.append(published if item.published_num else _("not published"))
    modified = ""
    if item.modified:
        modified = _(", changed {moment}").format(moment=f"{localtime(item.modified):%Y-%m-%d %H:%M %Z}")
    table.add_row(_("In library"), Text(printable(f"{item.title}  {item.key}")))
    table.add_row("", Text(" · ".join(versions) + modified, style="dim"))
    if item.children:
        table.add_row("", Text(printable(_("holds {names}").format(names=listed(item.children, 50))), style="dim"))


def _row(block: BlockData, width: int, *, pale: bool, ids: bool) -> Row:
    (mark, style), space = _sign(block), " "
    text = Text.assemble((f"{block.num:>{width}} ", "dim"), (mark + space, style))
    text.append(printable(block.name), style="dim" if pale or block.outcome is None else _title_style(block))
    text.append(f"  {type_beside_title(block)}".rstrip(), style="dim")
    if not pale:
        _with_what_happens(text, block)
    if ids:
        text.append(f"  {block.usage_key.rpartition('@')[2]}", style="dim")
    return Row(
        depth=block.depth,
        kind=block.kind,
        mark=mark,
        style=style,
        text=text,
        noteworthy=block.is_conflict or block.edited or block.outcome in (Outcome.FAILED, Outcome.UNSUPPORTED),
        quiet=block.outcome in (Outcome.UNCHANGED, None) and not block.edited,
    )


def _title_style(block: BlockData) -> str:
    return "bold" if block.kind.is_container else ""


def _sign(block: BlockData) -> tuple[str, str]:
    if block.outcome is not None:
        return MARKS[block.outcome]
    if not block.selected or block.left_with is not None:
        return _LEFT_OUT
    return _DISSOLVED if block.repeats is None else _SHOWN_AGAIN


def _mark(block: BlockData) -> tuple[tuple[str, str], ...]:
    mark, style = _sign(block)
    return ((f"{mark} ", style),)


def _with_what_happens(line: Text, block: BlockData) -> Text:
    """The line with the block's state, the decision about it, and what a reviewer changed."""
    if block.state is not None and block.is_conflict:
        line.append(f"  {str(block.state.label).lower()}", style="yellow")
        decision = block.decision or block.own_decision
        if decision:
            line.append(f" → {in_short(decision)}", style="cyan" if block.own_decision else "dim")
            line.append("" if block.own_decision else " " + _("by default"), style="dim")
    elif block.outcome is Outcome.FORKED:
        line.append("  " + _("unchanged → fork"), style="cyan")
    if block.edited:
        line.append("  " + _("edited"), style="cyan")
    if block.contents is not None:
        told = "  " + _("contents → {choice}").format(choice=in_short(block.contents))
        if block.collection_title:
            told += f" “{block.collection_title}”"
        line.append(printable(told), style="cyan" if block.own_contents else "dim")
        line.append("" if block.own_contents else " " + _("by default"), style="dim")
    if not block.selected:
        line.append("  " + _("left out"), style="dim")
    elif block.left_with is not None:
        line.append("  " + printable(_("goes with {block}").format(block=block.left_with)), style="dim")
    elif block.outcome is None and block.repeats is not None:
        line.append("  " + _("shown again, see {num}").format(num=block.repeats), style="dim")
    if block.choices_from:
        line.append(f"  {as_in(block)}", style="cyan")
    if block.warnings and block.outcome not in (None, Outcome.FAILED, Outcome.UNSUPPORTED):
        line.append("  ⚠", style="yellow")
    return line


def _with_ancestors(blocks: Sequence[BlockData], only: Collection[int]) -> list[BlockData]:
    """The blocks of these numbers, and all that they are in."""
    parents = {block.num: block.parent for block in blocks}
    wanted: set[int] = set()
    for num in only:
        step: int | None = num
        while step is not None and step not in wanted:
            wanted.add(step)
            step = parents.get(step)
    return [block for block in blocks if block.num in wanted]
