"""What there is: sources and libraries; and taking a library away as a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import api
from ..hosts import get_host
from ..sizes import size_told
from .base import Session, argument_of_limit, subcommand
from .terminal.tables import libraries_table, sources_table
from .terminal.text import printable


def _arguments_of_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--search", default="", metavar="TEXT", help=_("only those with this in their key or title"))


def _arguments_of_sources(parser: argparse.ArgumentParser) -> None:
    _arguments_of_search(parser)
    parser.add_argument("--origin", default="", metavar="NAME", help=_("only those of this origin"))
    argument_of_limit(parser)


def _arguments_of_backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("library", metavar="LIBRARY", help="lib:Org:slug")
    parser.add_argument("file", type=Path, metavar="FILE.zip", help=_("the archive to write"))
    parser.add_argument("--force", action="store_true", help=_("replace the file where it exists"))


@subcommand(
    _arguments_of_sources,
    told=(
        gettext_lazy("List what can be imported."),
        gettext_lazy("What lies among the sources and cannot be read is listed with the reason."),
    ),
)
def sources(session: Session, *, search: str, origin: str, limit: int, **options: Any) -> None:
    page = api.list_sources(user=session.user, search=search, origin=origin, limit=limit)
    none = _("Nothing has that in its key or title.") if search else get_host().nothing_to_import()
    session.show(page.items, sources_table(page.items, more=page.total - len(page.items), none=none))


@subcommand(_arguments_of_search, told=(gettext_lazy("List the content libraries."),))
def libraries(session: Session, *, search: str, **options: Any) -> None:
    found = api.list_libraries(user=session.user, search=search)
    session.show(found, libraries_table(found))


@subcommand(_arguments_of_backup, told=(gettext_lazy("Write a library to an archive that Studio restores."),))
def backup(session: Session, *, library: str, file: Path, force: bool, **options: Any) -> None:
    session.show(*write_backup(session, library, file, force=force))


def write_backup(session: Session, library: str, file: Path, *, force: bool) -> tuple[dict[str, Any], str]:
    """Write a library to an archive; what is to be said of it, as data and for people."""
    with session.writing_for_user():
        size = api.backup_library(user=session.user, library_key=library, file=file, overwrite=force)
    return {"library": library, "file": str(file), "size": size}, printable(
        _("{library} is in {file} ({size}). Studio restores it: Libraries › New library › Create from archive.").format(
            library=library, file=file, size=size_told(size)
        )
    )
