"""What there is: sources and libraries; and taking a library away as a file."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import api
from ..hosts import get_host
from ..quoting import listed
from ..sizes import size_told
from .base import USAGE, Session, all_of, argument_of_limit, refusal, subcommand
from .terminal.tables import libraries_table, sources_table
from .terminal.text import printable


def _arguments_of_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--search", default="", metavar="TEXT", help=_("only those with this in their key or title"))


def _arguments_of_sources(parser: argparse.ArgumentParser) -> None:
    _arguments_of_search(parser)
    parser.add_argument("--origin", default="", metavar="NAME", help=_("only those of this origin"))
    parser.add_argument("--remove", default="", metavar="EXPORT", help=_("remove this export, which was uploaded"))
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
        gettext_lazy(
            "A file that is staged is uploaded: it is among the sources until it is removed. What was imported from it "
            "stays."
        ),
    ),
)
def sources(session: Session, *, search: str, origin: str, remove: str, limit: int, **options: Any) -> None:
    if remove:
        _remove(session, remove)
        return
    page = api.list_sources(user=session.user, search=search, origin=origin, limit=limit)
    none = _("Nothing has that in its key or title.") if search else get_host().nothing_to_import()
    session.show(page.items, sources_table(page.items, more=page.total - len(page.items), none=none))


def _remove(session: Session, name: str) -> None:
    """Remove an upload, by the name of the export or of its file."""
    uploads, _page = all_of(partial(api.list_sources, user=session.user, uploaded=True, counted=False))
    named = [each.export for each in uploads if name in (each.export, each.location)] or [name]
    if len(named) > 1:
        told = _("Several exports are called {name}. Name one of them: {exports}.")
        raise refusal(told.format(name=name, exports=listed(named)), USAGE)
    api.remove_export(user=session.user, export=named[0])
    session.show({"removed": named[0]}, printable(_("{name} is removed.").format(name=named[0])))


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
