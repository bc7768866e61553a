"""From a source to a library: preview, run, stage, plan, complete, cancel, retry."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .. import api
from ..data import (
    Action,
    BlockIds,
    Branch,
    CollectionChoice,
    CompositionLevel,
    Contents,
    Decision,
    Forward,
    ImportData,
    ImportOptions,
    ImportState,
    Plan,
    SourceReference,
)
from ..exports.archive import is_archive
from ..keys import library_key_for, parse_source_key
from .base import (
    FAILED,
    LAST,
    USAGE,
    Session,
    arguments_of_import,
    arguments_of_tree,
    command_line,
    exit_code_of,
    next_steps,
    refusal,
    result,
    short,
    subcommand,
)
from .gone import gone_in_short
from .sources import write_backup
from .terminal.marks import summary
from .terminal.text import counted, printable

_SOURCES = "course-v1:Org+Course+Run, library-v1:Org+Library, or the file of an export (course.tar.gz)"


def _arguments_of_preview(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help=_SOURCES)
    parser.add_argument("library", metavar="LIBRARY", help="lib:Org:slug")


def _arguments_of_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help=_SOURCES)
    parser.add_argument(
        "library",
        metavar="LIBRARY",
        help="lib:Org:slug, or FILE.zip: an archive to write, of a library that is made where there is none",
    )
    parser.add_argument("--force", action="store_true", help="replace the archive where it exists")


def _arguments_of_new_or_begun(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", metavar="SOURCE", help=f"{_SOURCES}; or an import not completed yet, its ID or `{LAST}`"
    )
    parser.add_argument("library", nargs="?", metavar="LIBRARY", help="lib:Org:slug; an import has one")


def _arguments_of_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--origin",
        default="",
        metavar="NAME",
        help="where several origins have the source: the one to read, as `sources` names it (default: the first)",
    )
    parser.add_argument(
        "--export",
        default="",
        metavar="NAME",
        help="where several exports hold the source: the one to read, as `sources` names it (default: the newest)",
    )
    parser.add_argument(
        "--select",
        action="append",
        dest="selection",
        metavar="BLOCK",
        help="import only this block (its usage key); repeat",
    )


def arguments_of_options(parser: argparse.ArgumentParser) -> None:
    """How to import, whatever the sources are."""
    parser.add_argument("--create", action="store_true", help="make the library where there is none")
    parser.add_argument("--title", help="title of the library that --create makes (default: the source's)")
    parser.add_argument(
        "--level", choices=CompositionLevel.values, default="section", help="see below (default: section)"
    )
    parser.add_argument("--on-conflict", choices=Decision.values, default="skip", help="see below (default: skip)")
    parser.add_argument(
        "--unmerged",
        type=lambda text: text.replace("-", "_"),
        choices=[decision for decision in Decision.values if decision != Decision.MERGE.value],
        metavar="DECISION",
        help="instead of merges that need you: skip, overwrite, new_version or fork (default: the import waits)",
    )
    parser.add_argument(
        "--contents",
        type=lambda text: text.replace("-", "_"),
        choices=Contents.values,
        default="leave_out",
        metavar="CONTENTS",
        help="leave-out, unit or collection: see below (default: leave-out)",
    )
    parser.add_argument(
        "--not-as-last-time",
        action="store_false",
        dest="as_last_time",
        help="begin with nothing of what the review of this source's last import into the library has said",
    )
    parser.add_argument(
        "--forward",
        choices=Forward.values,
        help="see below (default: the first import of a legacy library, by somebody who may change that)",
    )
    parser.add_argument("--no-publish", action="store_false", dest="publish", help="leave everything as drafts")
    parser.add_argument(
        "--block-ids",
        choices=BlockIds.values,
        default="keep",
        dest="block_ids",
        help="IDs of new items: the source's, or made from titles (default: keep)",
    )
    parser.add_argument(
        "--branch",
        choices=Branch.values,
        default="draft",
        help="read what authors see or what learners see (default: draft)",
    )
    parser.add_argument(
        "--collection",
        nargs="?",
        const="",
        metavar="TITLE",
        help="put the top-level items into the collection of this title, made where needed (default: the source's)",
    )
    parser.add_argument("--collection-code", default="", metavar="CODE", help="put them into an existing collection")
    parser.add_argument("--no-collection", action="store_true", help="put them into none")


OPTIONS_HELP = """\
levels (--level), the highest container that is kept:
  section      sections, subsections, units and components
  subsection   subsections, units and components
  unit         units and components
  component    components only

conflicts (--on-conflict), when the library already holds something else in a block's place:
  skip         leave the library's item as it is
  overwrite    make this the item's next version, live at once
  new_version  make this the item's next draft, for an author to publish
  fork         create a separate item under the next free ID

contents (--contents), of components that a library cannot hold, since they are made of other blocks:
  leave-out    the blocks inside go with the component
  unit         they are imported, and stand in the unit in its stead
  collection   they are imported on their own, into a collection that bears its name

forwarding (--forward), of the references of courses to the source, where Studio can:
  yes          they lead to the items of this import, unless they are forwarded to another library
  instead      they do, also instead of to another library
  no           they do not

Every decision keeps the item's whole version history. A block that the library holds already, unchanged,
is never written again (fork aside).
"""


@subcommand(_arguments_of_preview, _arguments_of_source, arguments_of_options, arguments_of_tree)
def preview(session: Session, *, source: str, library: str, everything: bool, **options: Any) -> int:
    """
    Show what an import would do, without doing it.

    Reads the source, plans the import block by block, and leaves nothing behind.
    """
    with _source(session, source, options) as found, session.progress() as progress:
        source_data, plan = api.preview_import(
            user=session.user,
            source_key=found.key,
            library_key=library,
            options=import_options(options),
            new_library_title=new_library_title(options),
            origin=found.origin,
            export=found.export,
            progress=progress,
        )
    told = f"\nNothing was written. `run` with the same words would {_told_of(plan)}."
    session.show(
        {"source": source_data, "plan": plan, "counts": plan.counts()},
        *result(
            f"{source_data.title} → {library}",
            plan.everything,
            (*source_data.warnings, *_told_of_forwarding(plan)),
            everything=everything,
            planned=True,
            gone_unknown=plan.gone_unknown,
        ),
    )
    return _end_of_plan(session, plan, told)


@subcommand(_arguments_of_run, _arguments_of_source, arguments_of_options, arguments_of_tree)
def run(session: Session, *, source: str, library: str, everything: bool, force: bool, **options: Any) -> int:
    """
    Import a course or legacy library.

    All or nothing, and every block is recorded. Stages and writes without a stop between. To look through what would be
    written, and to decide about conflicts one by one, use `stage` instead.

    From file to file, an export goes in and an archive comes out, which Studio restores as a library. The library is
    called as the course, lib:Org:Course-Run, and is kept: the same again writes only what has changed since.

      run course.tar.gz library.zip
    """
    archive = Path(library) if library.lower().endswith(".zip") else None
    if archive and archive.exists() and not force:
        raise refusal(f"{archive} exists already. Choose another name, or replace it (`--force`).", FAILED)
    with _source(session, source, options) as found:
        if archive:
            library, options["create"] = str(library_key_for(parse_source_key(found.key))), True
        created = _create(session, found, library, options)
        with session.progress() as progress:
            api.stage_import(user=session.user, import_id=created.id, progress=progress)
            done = api.complete_import(user=session.user, import_id=created.id, progress=progress)
    backup, told = write_backup(session, library, archive, force=force) if archive else (None, "")
    return _show_result(session, done, everything, backup, told)


@subcommand(_arguments_of_new_or_begun, _arguments_of_source, arguments_of_options)
def stage(session: Session, *, source: str, library: str | None, **options: Any) -> None:
    """
    Read a course or legacy library, for a review.

    It is kept in the staging area; the library stays as it is. An import that was begun and not completed is staged
    with the options that it was begun with, and what the review has chosen and edited is kept. Ends with the import's
    ID, by which all that follows is told which import is meant:

      review     what is staged, and what it meets in the library
      decide     what to do with a conflict; `select`, `leave-out` and `edit` change what is imported
      gone       what the source has lost since it was imported, and removing it
      plan       what would happen
      complete   write it
      cancel     give it up
    """
    if library:
        with _source(session, source, options, is_kept=True) as found:
            begun = _create(session, found, library, options)
    else:
        begun = _begun(session, source, options)
    with session.progress() as progress:
        staged = api.stage_import(user=session.user, import_id=begun.id, progress=progress)
    _show_staged(session, staged)


@subcommand(arguments_of_import, arguments_of_tree)
def plan(session: Session, *, import_name: str, everything: bool, **options: Any) -> int:
    """
    Show exactly what completing an import would do now.

    In numbers and block by block, made from what is staged, edited and decided, and from the library as it is at this
    moment. Changes nothing.
    """
    found = session.find(import_name)
    made = api.plan_import(user=session.user, import_id=found.id)
    session.show(
        {"import": found, "plan": made, "counts": made.counts()},
        *result(
            f"{found.source_title} → {found.library_key}",
            made.everything,
            (*found.warnings, *_told_of_forwarding(made)),
            everything=everything,
            planned=True,
            gone_unknown=made.gone_unknown,
        ),
    )
    words = command_line("complete {id}", found.id)
    told = f"\nNothing was written. This would {_told_of(made)}; to do it:\n  {words}"
    return _end_of_plan(session, made, told)


@subcommand(arguments_of_import, arguments_of_tree)
def complete(session: Session, *, import_name: str, everything: bool, **options: Any) -> int:
    """
    Write a staged import into its library.

    All or nothing, and every block is recorded. The plan is made anew, from the library as it is at this moment. `undo`
    takes it back.
    """
    found = session.find(import_name)
    with session.progress() as progress:
        done = api.complete_import(user=session.user, import_id=found.id, progress=progress)
    return _show_result(session, done, everything)


@subcommand(arguments_of_import, arguments_of_tree)
def retry(session: Session, *, import_name: str, everything: bool, **options: Any) -> int:
    """
    Retry the step that failed.

    That step alone: an import that failed while it was staged then waits for its review, also where `run` began it.
    `complete` writes it.
    """
    found = session.find(import_name)
    with session.progress() as progress:
        done = api.retry_import(user=session.user, import_id=found.id, progress=progress)
    if done.state is ImportState.STAGED:
        _show_staged(session, done)
        return 0
    return _show_result(session, done, everything)


@subcommand(arguments_of_import)
def cancel(session: Session, *, import_name: str, **options: Any) -> None:
    """
    Give an import up before it is written, or stop its undo or redo.

    A step that runs is stopped and rolled back. The library stays as it is. What was staged is removed later, by
    `cleanup`. An import that was being undone or redone is afterwards what it was before.
    """
    found = session.find(import_name)
    canceled = api.cancel_import(user=session.user, import_id=found.id)
    stopped = "" if canceled.state is ImportState.CANCELED else "Stopped. "
    session.show(canceled, f"{stopped}Import {short(found.id)} {canceled.state.told}. The library is as it was.")


@contextmanager
def _source(
    session: Session, name: str, options: dict[str, Any], *, is_kept: bool = False
) -> Iterator[SourceReference]:
    """
    The source of this key; or what the file of this name holds, as an upload.

    It is removed at the end, unless it ``is_kept``, or an import is left that has to be tried again.
    """
    file = Path(name)
    if not is_archive(file) and (":" in name or not file.exists()):
        yield SourceReference(name, origin=options["origin"], export=options["export"])
        return
    if options["origin"] or options["export"]:
        raise refusal("A file is an export by itself. Leave out --origin and --export.", USAGE)
    if file.is_dir():
        raise refusal(f"{file} is a folder. Pack it first: tar -czf course.tar.gz {file}", USAGE)
    with file.open("rb") as opened:
        found = api.upload_export(user=session.user, file=opened, name=file.name)
    is_done = False
    try:
        yield SourceReference(found.key, origin=found.origin, export=found.export)
        is_done = not is_kept
    finally:
        if is_done or not session.import_id:
            api.remove_export(user=session.user, export=found.export)


def _create(session: Session, source: SourceReference, library: str, options: dict[str, Any]) -> ImportData:
    created = api.create_import(
        user=session.user,
        source_key=source.key,
        library_key=library,
        options=import_options(options),
        new_library_title=new_library_title(options),
        origin=source.origin,
        export=source.export,
    )
    session.import_id = created.id
    return created


def _begun(session: Session, name: str, options: dict[str, Any]) -> ImportData:
    if ":" in name:
        raise refusal("Name the library as well: stage SOURCE LIBRARY.", USAGE)
    given = any(options[name] for name in ("create", "title", "origin", "export")) or options["collection"] is not None
    if given or import_options(options) != ImportOptions():
        raise refusal("An import keeps the options that it was begun with. Leave them out.", USAGE)
    return session.find(name)


def _show_staged(session: Session, staged: ImportData) -> None:
    made = api.plan_import(user=session.user, import_id=staged.id)
    conflicts = sum(item.state.is_conflict for item in made.items)
    told = (
        f"Import {short(staged.id)} is staged: {counted(staged.block_count, 'block')} of {staged.source_title}, "
        f"{counted(conflicts, 'conflict')} with {staged.library_key}. The library is as it was."
    )
    blockers = [f"It cannot be written as it is: {printable(blocker)}" for blocker in made.blockers]
    session.show(
        {
            "import": staged,
            "counts": made.counts(),
            "conflicts": conflicts,
            "gone": len(made.gone),
            "blockers": made.blockers,
            "forwarding": made.forwarding,
        },
        printable(told),
        gone_in_short(session, len(made.gone)),
        *blockers,
        *map(printable, _told_of_forwarding(made)),
        "",
        "What would happen:",
        summary(made.everything, planned=True),
        "",
        next_steps(staged),
    )


def _told_of_forwarding(plan: Plan) -> tuple[str, ...]:
    return (plan.forwarding.reason,) if plan.forwarding else ()


def _told_of(plan: Plan) -> str:
    removed = f", and remove {counted(plan.removes, 'item')}" if plan.removes else ""
    return f"write {counted(plan.writes, 'item')}{removed}"


def _show_result(
    session: Session, done: ImportData, everything: bool, backup: dict[str, Any] | None = None, told_of_backup: str = ""
) -> int:
    records = api.get_records(user=session.user, import_id=done.id)
    session.show(
        {"import": done, "records": records} | ({"backup": backup} if backup else {}),
        *result(done.library_title, records, done.warnings, everything=everything, planned=False),
    )
    if not session.as_json:
        told = f"\nimport {short(done.id)} from {done.source_key} into {done.library_key}"
        if Action.UNDO in done.actions:
            told += f"; `undo {short(done.id)}` takes it back"
        session.say(told, style="dim")
        if told_of_backup:
            session.say(f"\n{told_of_backup}")
    return exit_code_of(records)


def _end_of_plan(session: Session, made: Plan, told: str) -> int:
    if not session.as_json:
        for blocker in made.blockers:
            session.say(f"\nThis cannot be imported: {printable(blocker)}", style="bold red")
        if not made.blockers:
            session.say(told, style="dim")
    return FAILED if made.blockers else exit_code_of(made.items)


def import_options(options: dict[str, Any]) -> ImportOptions:
    """What the command line says of how to import."""
    collection = CollectionChoice(code=options["collection_code"], title=options["collection"] or "")
    return ImportOptions(
        level=CompositionLevel(options["level"]),
        on_conflict=Decision(options["on_conflict"]),
        unmerged=Decision(options["unmerged"]) if options["unmerged"] else None,
        publish=options["publish"],
        block_ids=BlockIds(options["block_ids"]),
        branch=Branch(options["branch"]),
        selection=tuple(options.get("selection") or ()),
        collection=None if options["no_collection"] else collection,
        contents=Contents(options["contents"]),
        as_last_time=options["as_last_time"],
        forward=Forward(options["forward"]) if options["forward"] else None,
    )


def new_library_title(options: dict[str, Any]) -> str | None:
    """The title of the library to make; ``None`` where it is to be there."""
    return (options["title"] or "") if options["create"] else None
