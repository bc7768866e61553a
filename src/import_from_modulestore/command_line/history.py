"""What happened, and taking it back: history, show, where, undo, redo, cleanup."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import api
from ..data import (
    ImportData,
    ImportOrder,
    ImportState,
    ReversalItem,
    ReversalKind,
    ReversalOutcome,
    ReversalPlan,
    StateGroup,
)
from ..sizes import size_told
from .base import (
    INTERRUPTED,
    PARTLY,
    Session,
    all_of,
    argument_of_limit,
    arguments_of_import,
    arguments_of_tree,
    command_line,
    next_steps,
    refusal,
    result,
    short,
    subcommand,
)
from .terminal.marks import summary
from .terminal.reversal import kept_items, outside_library, reversal_outline
from .terminal.tables import import_facts, imports_table, places_table, reversal_counts, story_lines
from .terminal.text import printable
from .terminal.work import work_list

WATCH_INTERVAL = 0.5
"""Seconds between two looks at a running import."""


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            _("{text!r} is no time: write 2026-11-27, 2026-11-27T14:30 or 2026-11-27T14:30+01:00").format(text=text)
        ) from None


def _arguments_of_history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--library", default="", metavar="LIBRARY", help=_("only imports into this library"))
    parser.add_argument("--source", default="", metavar="COURSE", help=_("only imports from this source"))
    parser.add_argument(
        "--state",
        dest="states",
        action="append",
        default=[],
        choices=ImportState.values,
        metavar="STATE",
        help=_("only imports in this state; may be repeated: {states}").format(states=", ".join(ImportState.values)),
    )
    parser.add_argument("--group", choices=StateGroup.values, help=_("only imports in a state of this group"))
    parser.add_argument("--by", default="", metavar="USERNAME", help=_("only imports of this user"))
    parser.add_argument("--after", type=_time, metavar="TIME", help=_("only imports created then or later: 2026-11-27"))
    parser.add_argument("--before", type=_time, metavar="TIME", help=_("only imports created before: 2026-11-27T14:30"))
    parser.add_argument("--search", default="", metavar="TEXT", help=_("only with this in a key, title or user name"))
    parser.add_argument(
        "--order",
        choices=ImportOrder.values,
        default=ImportOrder.CREATED_LAST.value,
        metavar="ORDER",
        help=_("--order=finished, say; one of {orders} (default: {default})").format(
            orders=", ".join(ImportOrder.values), default=ImportOrder.CREATED_LAST.value
        ),
    )
    argument_of_limit(parser)


def _arguments_of_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--watch", action="store_true", help=_("follow a running import until it ends"))


def _arguments_of_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help=_("where to write it; else it is printed"))
    parser.add_argument("--force", action="store_true", help=_("replace a file that is there"))


def _arguments_of_work(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--done", nargs="+", type=int, metavar="NUM", help=_("these are done"))
    choice.add_argument("--reopen", nargs="+", type=int, metavar="NUM", help=_("these are open again"))


def _arguments_of_where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help="lb:… or lct:… (a library's item), block-v1:… or lib-block-v1:…")


def _arguments_of_story(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help=_("lib:… (a library), lb:… or lct:… (an item of one)"))


def _arguments_of_reversal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--preview", action="store_true", help=_("only show what would happen"))
    parser.add_argument("--force", action="store_true", help=_("also items that were changed or put to use since"))
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))


def _arguments_of_cleanup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--days", type=int, metavar="N", help=_("of imports that ended so many days ago (default: the site's setting)")
    )


@subcommand(
    _arguments_of_history,
    told=(
        gettext_lazy("List the imports, newest first."),
        gettext_lazy("Filters add up."),
    ),
)
def history(
    session: Session,
    *,
    library: str,
    source: str,
    states: Sequence[str],
    group: str | None,
    by: str,
    after: datetime | None,
    before: datetime | None,
    search: str,
    order: str,
    limit: int,
    **options: Any,
) -> None:
    page = api.list_imports(
        user=session.user,
        library_key=library,
        source_key=source,
        states=[ImportState(state) for state in states],
        group=StateGroup(group) if group else None,
        username=by,
        created_after=after,
        created_before=before,
        search=search,
        order=ImportOrder(order),
        limit=limit,
    )
    session.show(page.items, imports_table(page.items, page.total))


@subcommand(
    arguments_of_import,
    arguments_of_tree,
    _arguments_of_show,
    told=(
        gettext_lazy("Show one import: how it stands, and what happened to each block."),
        gettext_lazy(
            "While a step runs, here or in a worker, this tells how far it is; --watch follows it live until it ends."
        ),
    ),
)
def show(session: Session, *, import_name: str, everything: bool, watch: bool, **options: Any) -> None:
    run = session.find(import_name)
    if watch:
        run = _watched(session, run)
    records = api.get_records(user=session.user, import_id=run.id)
    reversals = api.get_reversals(user=session.user, import_id=run.id)
    blocks = ["", *result(run.library_title, records, (), everything=everything, planned=False)] if records else []
    session.show(
        {"import": run, "records": records, "reversals": reversals},
        import_facts(run, reversals),
        *blocks,
        "",
        next_steps(run),
    )


@subcommand(
    arguments_of_import,
    _arguments_of_report,
    told=(
        gettext_lazy("Write what an import did as a table for a spreadsheet."),
        gettext_lazy(
            "CSV: one row for each source block, with its outcome, reasons, warnings, missing files and "
            "keys. Without FILE it is printed."
        ),
    ),
)
def report(session: Session, *, import_name: str, file: Path | None, force: bool, **options: Any) -> None:
    run = session.find(import_name)
    table = api.get_report(user=session.user, import_id=run.id)
    if file is None and session.as_json:
        headings, *rows = table.rows
        session.show([dict(zip(headings, row, strict=True)) for row in rows])
    elif file is None:
        for line in table.lines:
            session.write(line)
    else:
        with session.writing_for_user(), file.open("wb" if force else "xb") as out:
            out.writelines(table.chunks)
        size = file.stat().st_size
        told = _("The report is in {file} ({size}).").format(file=file, size=size_told(size))
        session.show({"file": str(file), "size": size}, printable(told))


@subcommand(
    arguments_of_import,
    _arguments_of_work,
    told=(
        gettext_lazy("List what could not go, and say what is done about it."),
        gettext_lazy(
            "On the list is what a library cannot hold, what could not be read, what came without some of"
            " its files, and what stayed a draft for the sake of an item that was never published. ☐ is "
            "open, ☑ is done: somebody said so with --done, or a later import has brought the block "
            "whole. Each line has the number of the block."
        ),
    ),
)
def work(
    session: Session, *, import_name: str, done: Sequence[int] | None, reopen: Sequence[int] | None, **options: Any
) -> None:
    run = session.find(import_name)
    if done or reopen:
        api.mark_done(user=session.user, import_id=run.id, nums=done or reopen or (), done=bool(done))
    items, page = all_of(partial(api.list_work, user=session.user, import_id=run.id))
    session.show(
        {"work": [{**vars(item), "is_open": item.is_open} for item in items], "open": page.open},
        work_list(items) or _("Nothing that could not go."),
        "\n" + _("{open:,} of {total:,} open.").format(open=page.open, total=page.total) if items else None,
    )


@subcommand(
    _arguments_of_where,
    told=(
        gettext_lazy("Tell where a library's item came from, or where a source block went."),
        gettext_lazy(
            "A key of a library's item (lb:Org:slug:type:id, lct:Org:slug:type:id) gives the blocks that "
            "it was made from; a key of a source block (block-v1:…, lib-block-v1:…) gives the items that "
            "were made from it. Every import that you may see is named, newest first."
        ),
    ),
)
def where(session: Session, *, key: str, **options: Any) -> None:
    user, to = session.user, not key.startswith(("lb:", "lct:"))
    records = api.where_to(user=user, usage_key=key) if to else api.where_from(user=user, item_key=key)
    imports = api.get_imports(user=user, import_ids={record.import_id for record in records})
    session.show(records, places_table(records, imports, to=to))


@subcommand(
    _arguments_of_story,
    told=(
        gettext_lazy("Tell what happened to a library, or to an item of it, from the beginning."),
        gettext_lazy(
            "Of a library (lib:Org:slug), its imports, their undos and redos; of an item "
            "(lb:Org:slug:type:id, lct:Org:slug:type:id), what they did with it. Oldest first, of imports"
            " that you may see."
        ),
    ),
)
def story(session: Session, *, key: str, **options: Any) -> None:
    if key.startswith("lib:"):
        entries, _page = all_of(partial(api.get_library_history, user=session.user, library_key=key))
    else:
        entries = api.get_item_history(user=session.user, item_key=key)
    session.show(entries, story_lines(entries))


@subcommand(
    arguments_of_import,
    arguments_of_tree,
    _arguments_of_reversal,
    told=(
        gettext_lazy("Take a written import back."),
        gettext_lazy(
            "The library is as it was before, and all later work is kept: what the import created is "
            "taken out, what it changed goes back to the version before. Items that were edited since, or"
            " that other containers have come to use, are kept and named, unless --force. `redo` does it "
            "again."
        ),
        gettext_lazy(
            "Shows what will happen, then asks; --yes does not ask, --preview only shows. Where nobody "
            "can be asked, nothing is done without --yes."
        ),
    ),
)
def undo(session: Session, **options: Any) -> int:
    return _reverse(session, ReversalKind.UNDO, api.preview_undo, api.undo_import, **options)


@subcommand(
    arguments_of_import,
    arguments_of_tree,
    _arguments_of_reversal,
    told=(
        gettext_lazy("Redo an import that was undone."),
        gettext_lazy(
            "The versions that it had written are current again. Items that were changed since the undo "
            "are kept and named, unless --force. Shows what will happen, then asks, as `undo` does."
        ),
    ),
)
def redo(session: Session, **options: Any) -> int:
    return _reverse(session, ReversalKind.REDO, api.preview_redo, api.redo_import, **options)


@subcommand(
    _arguments_of_cleanup,
    told=(
        gettext_lazy("Remove what imports staged that ended long ago."),
        gettext_lazy(
            "Imports whose process is gone are made ready to be tried again. Records and history stay; "
            "users who were renamed since get their new names in it. For a timer, once a day."
        ),
    ),
)
def cleanup(session: Session, *, days: int | None, **options: Any) -> None:
    removed = api.remove_old_staged_content(days=days)
    session.show(
        {"removed": removed, "recovered": session.recovered},
        ngettext(
            "Staged content of {count:,} import was removed.",
            "Staged content of {count:,} imports was removed.",
            removed,
        ).format(count=removed),
        ngettext(
            "{count:,} import whose process was gone can be tried again.",
            "{count:,} imports whose process was gone can be tried again.",
            session.recovered,
        ).format(count=session.recovered)
        if session.recovered
        else None,
    )


def _reverse(
    session: Session,
    kind: ReversalKind,
    make_preview: Callable[..., ReversalPlan],
    carry_out: Callable[..., ImportData],
    *,
    import_name: str,
    everything: bool,
    preview: bool,
    force: bool,
    yes: bool,
    **options: Any,
) -> int:
    run = session.find(import_name)
    is_undo = kind is ReversalKind.UNDO
    words = f"{kind.value} --force" if force else kind.value
    title = (_("Undo of import {id}") if is_undo else _("Redo of import {id}")).format(id=short(run.id))
    if preview or not yes:
        plan = make_preview(user=session.user, import_id=run.id, force=force)
        _show_items(session, run, title, plan.items, everything, plan=plan)
        if preview:
            if not session.as_json:
                told = _("Nothing was changed. To do it:")
                session.say(f"\n{told}\n  {command_line(words + ' {id}', run.id)}", style="dim")
            return 0
        question = _("Undo this import?") if is_undo else _("Redo this import?")
        session.require_yes(f"\n{question}", command_line(words + " --yes {id}", run.id))
    with session.progress() as progress:
        done = carry_out(user=session.user, import_id=run.id, force=force, progress=progress)
    items = api.get_last_reversal_items(user=session.user, import_id=run.id)
    if yes:
        _show_items(session, done, title, items, everything)
    if not session.as_json:
        told = (
            _("Import {id} is undone: {counts}. `redo {id}` goes back.")
            if is_undo
            else _("Import {id} is redone: {counts}. `undo {id}` goes back.")
        )
        told = told.format(id=short(run.id), counts=reversal_counts(_counts(items)))
        session.say("\n" + printable(told), style="dim")
    return PARTLY if any(item.outcome is ReversalOutcome.KEPT for item in items) else 0


def _show_items(
    session: Session,
    run: ImportData,
    title: str,
    items: Sequence[ReversalItem],
    everything: bool,
    plan: ReversalPlan | None = None,
) -> None:
    """What was done with each item; or where it is a ``plan`` that has them, what would be."""
    data: dict[str, Any] = {"import": run, "items": items, "counts": _counts(items)}
    outside = [f"\n{line}" for line in outside_library(plan)] if plan else []
    if plan:
        data |= {"links": plan.links, "forwarding": plan.forwarding}
    if not items:
        session.show(data, _("There is nothing to change in the library."), *outside)
        return
    records = api.get_records(user=session.user, import_id=run.id)
    kept = kept_items(items)
    session.show(
        data,
        reversal_outline(title, items, records, everything=everything),
        "",
        summary(items, planned=plan is not None),
        "" if kept else None,
        kept,
        *outside,
    )


def _counts(items: Sequence[ReversalItem]) -> dict[str, int]:
    return dict(Counter(item.outcome.value for item in items))


def _watched(session: Session, run: ImportData) -> ImportData:
    """Follow the import until it no longer runs; the import itself is left alone, whatever happens to this process."""
    try:
        with session.progress() as bar:
            while run.state.is_running:
                if run.queued:
                    bar("waiting", 0, 0, _("for the database") if run.is_put_off else _("for a worker"))
                elif (at := run.progress) is not None:
                    bar(at.phase, at.done, at.total, at.title)
                time.sleep(WATCH_INTERVAL)
                api.recover_imports()
                run = api.get_import(user=session.user, import_id=run.id)
    except KeyboardInterrupt:
        raise refusal(
            _("No longer watching. The import goes on: {command}").format(
                command=command_line("show {id} --watch", run.id)
            ),
            INTERRUPTED,
        ) from None
    return run
