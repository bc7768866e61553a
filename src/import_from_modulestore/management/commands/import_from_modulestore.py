"""The command line. Each subcommand is a thin door onto :mod:`import_from_modulestore.api`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from rich.console import Console

from ... import api
from ...data import (
    BlockIds,
    Branch,
    CollectionChoice,
    CompositionLevel,
    Decision,
    ImportOptions,
    ImportState,
    Outcome,
)
from ...terminal.outline import Item, notes, outline, summary
from ...terminal.progress import ProgressBar
from ...terminal.tables import import_facts, imports_table, libraries_table, sources_table
from ...terminal.text import printable

FAILED = 1
PARTLY = 3
NOT_FOUND = 4
NOT_PERMITTED = 5
INTERRUPTED = 130

_HELP = """\
Bring courses and legacy libraries into content libraries.

  sources     what can be imported
  preview     what an import would do, block by block, without doing it
  run         import: all or nothing, every block recorded
  retry       go on with an import that failed
  history     the imports of this site
  show        one import: what happened to each block
  libraries   the content libraries of this site
  backup      a library as an archive that Studio restores

For example:

  import_from_modulestore sources
  import_from_modulestore preview course-v1:Acme+Tides+2026 lib:Acme:Sea --create --level unit
  import_from_modulestore run     course-v1:Acme+Tides+2026 lib:Acme:Sea --create --on-conflict skip
  import_from_modulestore history
"""

_EPILOG = f"""\
exit codes:
  0  done
  {FAILED}  failed; nothing was written
  2  the command line itself is wrong
  {PARTLY}  done, but some blocks could not be read
  {NOT_FOUND}  no such source, library or import
  {NOT_PERMITTED}  not permitted
  {INTERRUPTED}  interrupted
"""

_OPTIONS_HELP = """\
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

Every decision keeps the item's whole version history. A block that the library holds already, unchanged,
is never written again (fork aside).
"""


class Command(BaseCommand):
    """``manage.py import_from_modulestore``."""

    help = _HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """As the base class, with help texts kept as they are laid out."""
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        return super().create_parser(prog_name, subcommand, epilog=_EPILOG, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the subcommands."""
        common = argparse.ArgumentParser(add_help=False)
        common.add_argument("--user", dest="username", help="who acts (default: the project's own user)")
        common.add_argument("--json", action="store_true", dest="as_json", help="print JSON, for scripts")
        tree = argparse.ArgumentParser(add_help=False)
        tree.add_argument("--all", action="store_true", dest="everything", help="show every block, with its key")

        subparsers = parser.add_subparsers(dest="action", metavar="COMMAND", required=True)

        def add(
            name: str, help_text: str, *parents: argparse.ArgumentParser, epilog: str = ""
        ) -> argparse.ArgumentParser:
            return subparsers.add_parser(
                name,
                help=help_text,
                description=help_text[0].upper() + help_text[1:] + ".",
                epilog=epilog,
                parents=[common, *parents],  # type: ignore[list-item]
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )

        add("sources", "list what can be imported")
        add("libraries", "list the content libraries")
        options = _options_parser()
        add("preview", "show what an import would do, without doing it", tree, options, epilog=_OPTIONS_HELP)
        add("run", "import a course or legacy library", tree, options, epilog=_OPTIONS_HELP)
        retry = add("retry", "go on with an import that failed, from the step that failed", tree)
        retry.add_argument("import_id", metavar="IMPORT", help="its ID, or the beginning of it")
        history = add("history", "list the imports, newest first")
        history.add_argument("--target", default="", metavar="LIBRARY", help="only imports into this library")
        history.add_argument("--source", default="", metavar="COURSE", help="only imports from this source")
        show = add("show", "show one import: what happened to each block", tree)
        show.add_argument("import_id", metavar="IMPORT", help="its ID, or the beginning of it")
        backup = add("backup", "write a library to an archive that Studio can restore")
        backup.add_argument("library", metavar="LIBRARY", help="lib:Org:slug")
        backup.add_argument("file", type=Path, metavar="FILE.zip")
        backup.add_argument("--force", action="store_true", help="replace the file where it exists")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run one subcommand; errors become one clear message and an exit code."""
        self.stdout.ending = ""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # A terminal that has no tree lines shows something else for them.
                stream.reconfigure(errors="replace")
        width = shutil.get_terminal_size((100, 24)).columns
        look: dict[str, Any] = {"no_color": options["no_color"], "highlight": False, "markup": False, "emoji": False}
        self._out = Console(file=self.stdout, width=width, **look)  # type: ignore[arg-type]
        self._err = Console(stderr=True, **look)
        self._json = options["as_json"]
        try:
            api.recover_imports()
            _ACTIONS[action](self, _user(options["username"]), **options)
        except api.NotFound as error:
            raise _refusal(error, NOT_FOUND) from error
        except api.NotPermitted as error:
            raise _refusal(error, NOT_PERMITTED) from error
        except api.ImportFromModulestoreError as error:
            raise _refusal(error, FAILED) from error
        except DatabaseError as error:
            advice = "If it is new or older than this program, bring it up to date with: manage.py migrate"
            raise _refusal(f"The database refused: {error}. {advice}", FAILED) from error
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            raise _refusal(f"The operating system refused: {error.strerror or error}{where}.", FAILED) from error
        except KeyboardInterrupt as error:
            told = "Interrupted. The library is as it was; `history` shows where the import stopped."
            raise _refusal(told, INTERRUPTED) from error

    # Subcommands

    def _sources(self, user: Any, **options: Any) -> None:
        sources = list(api.list_sources(user=user))
        self._print(sources, lambda: self._out.print(sources_table(sources)))

    def _libraries(self, user: Any, **options: Any) -> None:
        libraries = api.list_libraries(user=user)
        self._print(libraries, lambda: self._out.print(libraries_table(libraries)))

    def _preview(self, user: Any, *, source: str, target: str, everything: bool, **options: Any) -> None:
        with ProgressBar(self._err) as progress:
            source_data, plan = api.preview_import(
                user=user,
                source_key=source,
                target_key=target,
                options=self._import_options(user, source, options),
                new_library_title=_new_library_title(options),
                progress=progress,
            )

        def show() -> None:
            self._show(f"{source_data.title} → {target}", plan.items, source_data.warnings, everything)
            for blocker in plan.blockers:
                self._out.print(f"\nThis cannot be imported: {blocker}", style="bold red")
            if not plan.blockers:
                told = f"\nNothing was written. `run` with the same words would write {plan.writes:,} items."
                self._out.print(told, style="dim")

        self._print({"source": source_data, "plan": plan, "counts": plan.counts()}, show)
        if plan.blockers:
            sys.exit(FAILED)
        self._end(plan.items)

    def _run(self, user: Any, *, source: str, target: str, everything: bool, **options: Any) -> None:
        run = api.create_import(
            user=user,
            source_key=source,
            target_key=target,
            options=self._import_options(user, source, options),
            new_library_title=_new_library_title(options),
        )
        self._carry_out(user, run.id, everything)

    def _retry(self, user: Any, *, import_id: str, everything: bool, **options: Any) -> None:
        self._carry_out(user, api.get_import(user=user, import_id=import_id).id, everything)

    def _history(self, user: Any, *, target: str, source: str, **options: Any) -> None:
        imports = api.list_imports(user=user, target_key=target, source_key=source)
        self._print(imports, lambda: self._out.print(imports_table(imports)))

    def _show_import(self, user: Any, *, import_id: str, everything: bool, **options: Any) -> None:
        run = api.get_import(user=user, import_id=import_id)
        records = api.get_records(user=user, import_id=import_id)

        def show() -> None:
            self._out.print(import_facts(run))
            if records:
                self._show(run.target_title, records, (), everything)

        self._print({"import": run, "records": records}, show)

    def _backup(self, user: Any, *, library: str, file: Path, force: bool, **options: Any) -> None:
        size = api.backup_library(user=user, library_key=library, file=file, overwrite=force)
        self._print(
            {"library": library, "file": str(file), "size": size},
            lambda: self._out.print(
                f"{library} is in {file} ({size:,} bytes). Studio restores it: Libraries › New library › Create from "
                "archive."
            ),
        )

    # Their parts

    def _carry_out(self, user: Any, import_id: str, everything: bool) -> None:
        try:
            with ProgressBar(self._err) as progress:
                run = api.get_import(user=user, import_id=import_id)
                if run.state in (ImportState.CREATED, ImportState.STAGING_FAILED):
                    api.stage_import(user=user, import_id=import_id, progress=progress)
                run = api.complete_import(user=user, import_id=import_id, progress=progress)
        except (api.StepFailed, api.PlanBlocked, api.SourceError) as error:
            raise type(error)(
                f"{error}\nThe library is as it was. Go on from here with: "
                f"import_from_modulestore retry {import_id[:8]}"
            ) from error
        records = api.get_records(user=user, import_id=import_id)

        def show() -> None:
            self._show(run.target_title, records, run.warnings, everything)
            self._out.print(f"\nimport {run.id[:8]} from {run.source_key} into {run.target_key}", style="dim")

        self._print({"import": run, "records": records}, show)
        self._end(records)

    def _import_options(self, user: Any, source: str, options: dict[str, Any]) -> ImportOptions:
        collection = None
        if options["collection_code"]:
            collection = CollectionChoice(code=options["collection_code"])
        elif options["collection"] is not None:
            title = options["collection"] or api.get_source(user=user, source_key=source).title
            collection = CollectionChoice(title=title)
        return ImportOptions(
            level=CompositionLevel(options["level"]),
            on_conflict=Decision(options["on_conflict"]),
            publish=options["publish"],
            block_ids=BlockIds(options["block_ids"]),
            branch=Branch(options["branch"]),
            selection=tuple(options["selection"] or ()),
            collection=collection,
        )

    def _show(self, title: str, items: Sequence[Item], warnings: Sequence[str], everything: bool) -> None:
        if items:
            self._out.print(outline(title, items, everything=everything))
            self._out.print()
            self._out.print(summary(items))
        else:
            self._out.print("There is nothing to import here.")
        if (worth_knowing := notes(items, warnings, everything=everything)) is not None:
            self._out.print()
            self._out.print(worth_knowing)

    def _end(self, items: Sequence[Item]) -> None:
        if any(item.outcome is Outcome.FAILED for item in items):
            sys.exit(PARTLY)

    def _print(self, data: Any, show: Any) -> None:
        if self._json:
            self.stdout.write(json.dumps(data, default=_plain, indent=2, ensure_ascii=False) + "\n")
        else:
            show()


_ACTIONS: dict[str, Callable[..., None]] = {
    "sources": Command._sources,
    "libraries": Command._libraries,
    "preview": Command._preview,
    "run": Command._run,
    "retry": Command._retry,
    "history": Command._history,
    "show": Command._show_import,
    "backup": Command._backup,
}


def _refusal(error: Exception | str, code: int) -> CommandError:
    return CommandError(printable(str(error)), returncode=code)


def _new_library_title(options: dict[str, Any]) -> str | None:
    return (options["title"] or "") if options["create"] else None


def _options_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("source", metavar="SOURCE", help="course-v1:Org+Course+Run or library-v1:Org+Library")
    parser.add_argument("target", metavar="LIBRARY", help="lib:Org:slug")
    parser.add_argument("--create", action="store_true", help="make the library where there is none")
    parser.add_argument("--title", help="title of the library that --create makes (default: the source's)")
    parser.add_argument(
        "--level", choices=CompositionLevel.values, default="section", help="see below (default: section)"
    )
    parser.add_argument("--on-conflict", choices=Decision.values, default="skip", help="see below (default: skip)")
    parser.add_argument("--no-publish", action="store_false", dest="publish", help="leave everything as drafts")
    parser.add_argument(
        "--ids",
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
        "--select",
        action="append",
        dest="selection",
        metavar="BLOCK",
        help="import only this block (its usage key); repeat",
    )
    parser.add_argument(
        "--collection",
        nargs="?",
        const="",
        metavar="TITLE",
        help="put the top-level items into the collection of this title, made where needed (default: the source's)",
    )
    parser.add_argument("--collection-code", default="", metavar="CODE", help="put them into an existing collection")
    return parser


def _user(username: str | None) -> Any:
    """Who acts: the named user, or the one that the project has for its command line, made on first use."""
    users = get_user_model()._default_manager
    if username:
        try:
            return users.get_by_natural_key(username)
        except get_user_model().DoesNotExist:
            raise CommandError(f"There is no user {username!r}.", returncode=NOT_FOUND) from None
    own = getattr(settings, "IMPORT_FROM_MODULESTORE_USERNAME", None)
    if not own:
        raise CommandError("Say who acts: --user USERNAME.", returncode=2)
    user, created = users.get_or_create(username=own, defaults={"is_superuser": True, "is_staff": True})
    if created:
        user.set_unusable_password()
        user.save()
    return user


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
