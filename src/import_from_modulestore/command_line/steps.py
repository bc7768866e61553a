"""From a source to a library: preview, run, stage, plan, complete, cancel, retry."""

from __future__ import annotations

import argparse
import errno
import os
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
from ..quoting import shortened
from .base import (
    FAILED,
    LAST,
    NOT_FOUND,
    USAGE,
    Paragraph,
    Session,
    arguments_of_import,
    arguments_of_tree,
    command_line,
    exit_code_of,
    listing,
    next_steps,
    refusal,
    result,
    short,
    subcommand,
)
from .called import called
from .gone import gone_in_short
from .sources import write_backup
from .terminal.marks import summary
from .terminal.text import counted_blocks, counted_conflicts, counted_items, printable


def _sources() -> str:
    return _("course-v1:Org+Course+Run, library-v1:Org+Library, or the file of an export (course.tar.gz)")


def _arguments_of_preview(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help=_sources())
    parser.add_argument("library", metavar="LIBRARY", help="lib:Org:slug")


def _arguments_of_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help=_sources())
    parser.add_argument(
        "library",
        metavar="LIBRARY",
        help=_("lib:Org:slug, or FILE.zip: an archive to write, of a library that is made where there is none"),
    )
    parser.add_argument("--force", action="store_true", help=_("replace the archive where it exists"))


def _arguments_of_new_or_begun(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help=_("{sources}; or an import not completed yet, its ID or `{last}`").format(sources=_sources(), last=LAST),
    )
    parser.add_argument("library", nargs="?", metavar="LIBRARY", help=_("lib:Org:slug; an import has one"))


def _arguments_of_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--origin",
        default="",
        metavar="NAME",
        help=_("where several origins have the source: the one to read, as `sources` names it (default: the first)"),
    )
    parser.add_argument(
        "--export",
        default="",
        metavar="NAME",
        help=_("where several exports hold the source: the one to read, as `sources` names it (default: the newest)"),
    )
    parser.add_argument(
        "--select",
        action="append",
        dest="selection",
        metavar="BLOCK",
        help=_("import only this block (its usage key); repeat"),
    )


def arguments_of_options(parser: argparse.ArgumentParser) -> None:
    """How to import, whatever the sources are."""
    parser.add_argument("--create", action="store_true", help=_("make the library where there is none"))
    parser.add_argument("--title", help=_("title of the library that --create makes (default: the source's)"))
    parser.add_argument(
        "--level", choices=CompositionLevel.values, default="section", help=_("see below (default: section)")
    )
    parser.add_argument("--on-conflict", choices=Decision.values, default="skip", help=_("see below (default: skip)"))
    parser.add_argument(
        "--unmerged",
        type=lambda text: text.replace("-", "_"),
        choices=[decision for decision in Decision.values if decision != Decision.MERGE.value],
        metavar="DECISION",
        help=_("instead of merges that need you: skip, overwrite, new_version or fork (default: the import waits)"),
    )
    parser.add_argument(
        "--contents",
        type=lambda text: text.replace("-", "_"),
        choices=Contents.values,
        default="leave_out",
        metavar="CONTENTS",
        help=_("leave-out, unit or collection: see below (default: leave-out)"),
    )
    parser.add_argument(
        "--not-as-last-time",
        action="store_false",
        dest="as_last_time",
        help=_("begin with nothing of what the review of this source's last import into the library has said"),
    )
    parser.add_argument(
        "--forward",
        choices=Forward.values,
        help=_("see below (default: the first import of a legacy library, by somebody who may change that)"),
    )
    parser.add_argument("--no-publish", action="store_false", dest="publish", help=_("leave everything as drafts"))
    parser.add_argument(
        "--block-ids",
        choices=BlockIds.values,
        default="keep",
        dest="block_ids",
        help=_("IDs of new items: the source's, or made from titles (default: keep)"),
    )
    parser.add_argument(
        "--branch",
        choices=Branch.values,
        default="draft",
        help=_("read what authors see or what learners see (default: draft)"),
    )
    parser.add_argument(
        "--collection",
        nargs="?",
        const="",
        metavar="TITLE",
        help=_("put the top-level items into the collection of this title, made where needed (default: the source's)"),
    )
    parser.add_argument("--collection-code", default="", metavar="CODE", help=_("put them into an existing collection"))
    parser.add_argument("--no-collection", action="store_true", help=_("put them into none"))


OPTIONS_HELP: tuple[Paragraph, ...] = (
    listing(
        ("section", gettext_lazy("sections, subsections, units and components")),
        ("subsection", gettext_lazy("subsections, units and components")),
        ("unit", gettext_lazy("units and components")),
        ("component", gettext_lazy("components only")),
        title=gettext_lazy("levels (--level), the highest container that is kept:"),
    ),
    listing(
        ("skip", gettext_lazy("leave the library's item as it is")),
        ("overwrite", gettext_lazy("make this the item's next version, live at once")),
        ("new_version", gettext_lazy("make this the item's next draft, for an author to publish")),
        ("fork", gettext_lazy("create a separate item under the next free ID")),
        ("merge", gettext_lazy("put what the library and the source have changed into one version")),
        gap=2,
        title=gettext_lazy(
            "conflicts (--on-conflict), when the library already holds something else in a block's place:"
        ),
    ),
    listing(
        ("leave-out", gettext_lazy("the blocks inside go with the component")),
        ("unit", gettext_lazy("they are imported, and stand in the unit in its stead")),
        ("collection", gettext_lazy("they are imported on their own, into a collection that bears its name")),
        title=gettext_lazy(
            "contents (--contents), of components that a library cannot hold, since they are made of other blocks:"
        ),
    ),
    listing(
        ("yes", gettext_lazy("they lead to the items of this import, unless they are forwarded to another library")),
        ("instead", gettext_lazy("they do, also instead of to another library")),
        ("no", gettext_lazy("they do not")),
        gap=6,
        title=gettext_lazy("forwarding (--forward), of the references of courses to the source, where Studio can:"),
    ),
    gettext_lazy(
        "Every decision keeps the item's whole version history. A block that the library holds already, unchanged, is "
        "never written again (fork aside)."
    ),
)


@subcommand(
    _arguments_of_preview,
    _arguments_of_source,
    arguments_of_options,
    arguments_of_tree,
    told=(
        gettext_lazy("Show what an import would do, without doing it."),
        gettext_lazy("Reads the source, plans the import block by block, and leaves nothing behind."),
    ),
    more=OPTIONS_HELP,
)
def preview(session: Session, *, source: str, library: str, everything: bool, **options: Any) -> int:
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
    told = "\n" + _told_of(
        plan,
        _("Nothing was written. `run` with the same words would write {items}."),
        _("Nothing was written. `run` with the same words would write {items}, and remove {removed}."),
    )
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


@subcommand(
    _arguments_of_run,
    _arguments_of_source,
    arguments_of_options,
    arguments_of_tree,
    told=(
        gettext_lazy("Import a course or legacy library."),
        gettext_lazy(
            "All or nothing, and every block is recorded. Stages and writes without a stop between. To "
            "look through what would be written, and to decide about conflicts one by one, use `stage` "
            "instead."
        ),
        gettext_lazy(
            "From file to file, an export goes in and an archive comes out, which Studio restores as a library. The "
            "library is called as the course, lib:Org:Course-Run, and is kept: the same again writes only what has "
            "changed since. For example: run course.tar.gz library.zip"
        ),
    ),
    more=OPTIONS_HELP,
)
def run(session: Session, *, source: str, library: str, everything: bool, force: bool, **options: Any) -> int:
    archive = Path(library) if library.lower().endswith(".zip") else None
    if archive:
        _look_whether_it_can_be_written(archive, source, force=force)
    with _source(session, source, options) as found:
        if archive:
            library, options["create"] = str(library_key_for(parse_source_key(found.key))), True
        created = _create(session, found, library, options)
        with session.progress() as progress:
            api.stage_import(user=session.user, import_id=created.id, progress=progress)
            done = api.complete_import(user=session.user, import_id=created.id, progress=progress)
    try:
        backup, told = write_backup(session, library, archive, force=force) if archive else (None, "")
    except api.ImportFromModulestoreError as error:
        words = f"{called()} backup {library} {shlex.quote(str(archive))}"
        told = _("The import is done, and {library} has it. To write the archive: {command}")
        raise refusal(f"{error}\n{told.format(library=library, command=words)}", FAILED) from error
    return _show_result(session, done, everything, backup, told)


def _look_whether_it_can_be_written(archive: Path, source: str, *, force: bool) -> None:
    """Before anything is imported, since that could only be written elsewhere then. Raises a refusal."""
    if archive.exists() and not force:
        told = _("{file} exists already. Choose another name, or replace it (`--force`).").format(file=archive)
        raise refusal(told, FAILED)
    if archive.exists() and Path(source).exists() and archive.samefile(source):
        raise refusal(_("{file} is the export itself. Choose another name.").format(file=archive), FAILED)
    reason = errno.EISDIR if archive.is_dir() else 0
    if not archive.parent.is_dir():
        reason = errno.ENOTDIR if archive.parent.exists() else errno.ENOENT
    elif not os.access(archive.parent, os.W_OK | os.X_OK):
        reason = errno.EACCES
    if reason:
        told = _("{file} cannot be written: {reason}.").format(file=archive, reason=os.strerror(reason))
        raise refusal(told, FAILED)


@subcommand(
    _arguments_of_new_or_begun,
    _arguments_of_source,
    arguments_of_options,
    told=(
        gettext_lazy("Read a course or legacy library, for a review."),
        gettext_lazy(
            "It is kept in the staging area; the library stays as it is. An import that was begun and not"
            " completed is staged with the options that it was begun with, and what the review has chosen"
            " and edited is kept. Ends with the import's ID, by which all that follows is told which "
            "import is meant:"
        ),
        listing(
            ("review", gettext_lazy("what is staged, and what it meets in the library")),
            (
                "decide",
                gettext_lazy("what to do with a conflict; `select`, `leave-out` and `edit` change what is imported"),
            ),
            ("gone", gettext_lazy("what the source has lost since it was imported, and removing it")),
            ("plan", gettext_lazy("what would happen")),
            ("complete", gettext_lazy("write it")),
            ("cancel", gettext_lazy("give it up")),
        ),
    ),
    more=OPTIONS_HELP,
)
def stage(session: Session, *, source: str, library: str | None, **options: Any) -> None:
    if library:
        with _source(session, source, options, is_kept=True) as found:
            begun = _create(session, found, library, options)
    else:
        begun = _begun(session, source, options)
    with session.progress() as progress:
        staged = api.stage_import(user=session.user, import_id=begun.id, progress=progress)
    _show_staged(session, staged)


@subcommand(
    arguments_of_import,
    arguments_of_tree,
    told=(
        gettext_lazy("Show exactly what completing an import would do now."),
        gettext_lazy(
            "In numbers and block by block, made from what is staged, edited and decided, and from the "
            "library as it is at this moment. Changes nothing."
        ),
    ),
)
def plan(session: Session, *, import_name: str, everything: bool, **options: Any) -> int:
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
    told = _told_of(
        made,
        _("Nothing was written. This would write {items}; to do it:"),
        _("Nothing was written. This would write {items}, and remove {removed}; to do it:"),
    )
    told = f"\n{told}\n  {command_line('complete {id}', found.id)}"
    return _end_of_plan(session, made, told)


@subcommand(
    arguments_of_import,
    arguments_of_tree,
    told=(
        gettext_lazy("Write a staged import into its library."),
        gettext_lazy(
            "All or nothing, and every block is recorded. The plan is made anew, from the library as it "
            "is at this moment. `undo` takes it back."
        ),
    ),
)
def complete(session: Session, *, import_name: str, everything: bool, **options: Any) -> int:
    found = session.find(import_name)
    with session.progress() as progress:
        done = api.complete_import(user=session.user, import_id=found.id, progress=progress)
    return _show_result(session, done, everything)


@subcommand(
    arguments_of_import,
    arguments_of_tree,
    told=(
        gettext_lazy("Retry the step that failed."),
        gettext_lazy(
            "That step alone: an import that failed while it was staged then waits for its review, also "
            "where `run` began it. `complete` writes it."
        ),
    ),
)
def retry(session: Session, *, import_name: str, everything: bool, **options: Any) -> int:
    found = session.find(import_name)
    with session.progress() as progress:
        done = api.retry_import(user=session.user, import_id=found.id, progress=progress)
    if done.state is ImportState.STAGED:
        _show_staged(session, done)
        return 0
    return _show_result(session, done, everything)


@subcommand(
    arguments_of_import,
    told=(
        gettext_lazy("Give an import up before it is written, or stop its undo or redo."),
        gettext_lazy(
            "A step that runs is stopped and rolled back. The library stays as it is. What was staged is "
            "removed later, by `cleanup`. An import that was being undone or redone is afterwards what it"
            " was before."
        ),
    ),
)
def cancel(session: Session, *, import_name: str, **options: Any) -> None:
    found = session.find(import_name)
    canceled = api.cancel_import(user=session.user, import_id=found.id)
    if canceled.state is ImportState.CANCELED:
        told = _("Import {id} {is_so}. The library is as it was.")
    else:
        told = _("Stopped. Import {id} {is_so}. The library is as it was.")
    session.show(canceled, told.format(id=short(found.id), is_so=canceled.state.told))


@contextmanager
def _source(
    session: Session, name: str, options: dict[str, Any], *, is_kept: bool = False
) -> Iterator[SourceReference]:
    """The source of this key; or what the file of this name holds, as an upload, which ``is_kept`` or passes."""
    file = Path(name)
    if ":" not in name and not is_archive(file) and not file.exists():
        told = _(
            "There is no file {name}, and that is not the key of a course (course-v1:Org+Course+Run) or a legacy "
            "library (library-v1:Org+Library). `sources` lists what there is."
        )
        raise refusal(told.format(name=shortened(name)), NOT_FOUND)
    if ":" in name and not is_archive(file):
        yield SourceReference(name, origin=options["origin"], export=options["export"])
        return
    if options["origin"] or options["export"]:
        raise refusal(_("A file is an export by itself. Leave out --origin and --export."), USAGE)
    if file.is_dir():
        told = _("{file} is a folder. Pack it first: tar -czf course.tar.gz {file}").format(file=file)
        raise refusal(told, USAGE)
    with ExitStack() as within:
        with file.open("rb") as opened:
            given = {"user": session.user, "file": opened, "name": file.name}
            found = api.upload_export(**given) if is_kept else within.enter_context(api.passing_export(**given))
        yield SourceReference(found.key, origin=found.origin, export=found.export)


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
        raise refusal(_("Name the library as well: stage SOURCE LIBRARY."), USAGE)
    given = any(options[name] for name in ("create", "title", "origin", "export")) or options["collection"] is not None
    if given or import_options(options) != ImportOptions():
        raise refusal(_("An import keeps the options that it was begun with. Leave them out."), USAGE)
    return session.find(name)


def _show_staged(session: Session, staged: ImportData) -> None:
    made = api.plan_import(user=session.user, import_id=staged.id)
    conflicts = sum(item.state.is_conflict for item in made.items)
    told = _("Import {id} is staged: {blocks} of {source}, {conflicts} with {library}. The library is as it was.")
    told = told.format(
        id=short(staged.id),
        blocks=counted_blocks(staged.block_count),
        source=staged.source_title,
        conflicts=counted_conflicts(conflicts),
        library=staged.library_key,
    )
    blockers = [
        printable(_("It cannot be written as it is: {blocker}").format(blocker=blocker)) for blocker in made.blockers
    ]
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
        _("What would happen:"),
        summary(made.everything, planned=True),
        "",
        next_steps(staged),
    )


def _told_of_forwarding(plan: Plan) -> tuple[str, ...]:
    return (plan.forwarding.reason,) if plan.forwarding else ()


def _told_of(plan: Plan, writes: str, removes: str) -> str:
    """What a plan would do, by the sentence for one that only writes, or by that for one that removes as well."""
    told = removes if plan.removes else writes
    return told.format(items=counted_items(plan.writes), removed=counted_items(plan.removes))


def _show_result(
    session: Session, done: ImportData, everything: bool, backup: dict[str, Any] | None = None, told_of_backup: str = ""
) -> int:
    records = api.get_records(user=session.user, import_id=done.id)
    session.show(
        {"import": done, "records": records} | ({"backup": backup} if backup else {}),
        *result(done.library_title, records, done.warnings, everything=everything, planned=False),
    )
    if not session.as_json:
        if Action.UNDO in done.actions:
            told = _("Import {id} from {source} is in {library}. `undo {id}` takes it back.")
        else:
            told = _("Import {id} from {source} is in {library}.")
        told = told.format(id=short(done.id), source=done.source_key, library=done.library_key)
        session.say("\n" + printable(told), style="dim")
        if told_of_backup:
            session.say(f"\n{told_of_backup}")
    return exit_code_of(records)


def _end_of_plan(session: Session, made: Plan, told: str) -> int:
    if not session.as_json:
        for blocker in made.blockers:
            told = _("This cannot be imported: {blocker}").format(blocker=blocker)
            session.say("\n" + printable(told), style="bold red")
        if not made.blockers:
            session.say(printable(told), style="dim")
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
