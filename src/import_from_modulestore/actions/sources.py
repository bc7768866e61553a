"""Finding sources and libraries."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import batched
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from django.db.models import Max
from django.utils.translation import gettext as _
from openedx_content import api as content_api

from ..data import BlockKind, Branch, ImportState, LastImport, LibraryData, Page, SourceData
from ..errors import InvalidOption, NotFound, NotPermitted, StepFailed, WrongState
from ..hosts import get_host
from ..hosts.sources import AllSources, UploadedSources
from ..keys import library_item_key, parse_library_key, parse_source_key
from ..library.items import lost_files
from ..models import Import
from ..quoting import listed
from ..running.recovery import recover_if_dead
from ..texts import MAX_TITLE_LENGTH, clean_title
from ..trouble import is_disk_full
from . import access
from .records import check_page

_RIGHTS_AT_ONCE = 50
"""Of how many libraries rights are looked at at once, where a few are to be found."""


def list_sources(
    *,
    user: Any,
    search: str = "",
    source_keys: Collection[str] = (),
    origin: str = "",
    exports: Collection[str] = (),
    uploaded: bool | None = None,
    counted: bool = True,
    offset: int = 0,
    limit: int = 100,
) -> Page[SourceData]:
    """
    Courses and legacy libraries that the user may read, by title. What cannot be imported, or is ignored, is there
    with its ``problem``, after the others; a source of which there are several exports, once for each. Each says when
    it was last imported.

    ``search`` leaves only those whose key or title contains it, in any case; ``origin`` only those of this origin;
    ``source_keys`` only these, and of them ``exports`` only exports of these names; ``uploaded`` only exports that were
    uploaded, or none of these. Blocks are counted of this page's alone, and only where they are to be ``counted``.
    Raises ``InvalidOption``, and ``NotFound`` for an origin that the site does not have.
    """
    check_page(offset, limit)
    sources = get_host().sources
    asked = AllSources(sources.of(origin)) if origin else sources
    found = [
        source
        for source in (asked.find(user, source_keys, exports) if source_keys else asked.list(user))
        if _matches(search, source.key, source.title)
        and (uploaded is None or uploaded == (source.uploaded is not None))
    ]
    found.sort(key=lambda source: (bool(source.problem), source.title.casefold(), source.key))
    page: Sequence[SourceData] = found[offset : offset + limit]
    if counted:
        page = sources.describe(page)
    last = _last_imports(user, {source.key for source in page if source.key})
    items = tuple(replace(source, last_import=last.get(source.key)) for source in page)
    return Page(items=items, total=len(found), offset=offset, limit=limit)


def _last_imports(user: Any, source_keys: Collection[str]) -> dict[str, LastImport]:
    """The last import of each source that is written, of those that the user may know of. Two queries, and rights."""
    done = Import.objects.filter(source_key__in=source_keys, state=ImportState.IMPORTED, is_preview=False)
    newest = done.order_by("source_key").values("source_key", "library_key").annotate(newest=Max("pk"))
    by_library = [(row["library_key"], row["source_key"], row["newest"]) for row in newest] if source_keys else []
    visible = get_host().viewable_libraries(user, {library_key for library_key, *_rest in by_library})
    last: dict[str, int] = {}
    for library_key, source_key, pk in by_library:
        if library_key in visible:
            last[source_key] = max(pk, last.get(source_key, 0))
    runs = Import.objects.in_bulk(last.values()) if last else {}
    return {
        run.source_key: LastImport(
            id=str(run.uuid), library_key=run.library_key, library_title=run.library_title, finished=run.finished
        )
        for run in runs.values()
    }


def get_source(*, user: Any, source_key: str, origin: str = "", export: str = "") -> SourceData:
    """
    One source with its block counts, as authors see it (the draft branch); ``origin`` and ``export`` as in
    :func:`create_import`.

    Raises ``InvalidKey``, ``NotFound`` also where the user may not read it, ``SourceError``, and in a web request
    ``SourceBeingRead``.
    """
    key = parse_source_key(source_key)
    sources = access.readable_sources(user, key, origin=origin, export=export)
    return sources.get(key, Branch.DRAFT, export, user)


def upload_limit(*, user: Any) -> int:
    """How many bytes an export may have that the user uploads now; 0 where they may upload none, or have no room."""
    uploads = get_host().sources.uploads
    return 0 if uploads is None or uploads.refusal_of_uploads(user) else uploads.limit(user)


def upload_export(*, user: Any, file: BinaryIO, name: str) -> SourceData:
    """
    Keep an export that the user has: a ``.tar.gz`` or ``.zip`` that holds one course or legacy library.

    ``file`` is read once, in pieces; ``name`` is what the user calls it, and only a part of what the export is called
    (:attr:`.data.SourceData.export`). It is among the sources of this user, and of those who see to the site,
    from then on, until one of them removes it; what they have uploaded already is not kept twice. What is refused
    leaves nothing behind. Takes as long as the copying, and some seconds.

    Raises ``NotPermitted`` where the host takes no uploads, or none of this user; ``InvalidOption`` for what is larger
    than :func:`upload_limit`, ``SourceError`` for what is no export, and ``StepFailed`` where it cannot be kept.
    """
    with _uploads_of(user).adding(user, file, name) as (source, _is_new):
        return source


@contextmanager
def passing_export(*, user: Any, file: BinaryIO, name: str) -> Iterator[SourceData]:
    """
    An export that is uploaded for what is done with it now, and removed at the end.

    It stays where it was there before, and where an import of it is left that has not been staged, so that this can be
    tried again. A process that is killed leaves it; the same file is then found, and kept once. Raises what
    :func:`upload_export` does.
    """
    uploads = _uploads_of(user)
    with uploads.adding(user, file, name) as (source, is_new):
        try:
            yield source
        finally:
            waiting = (ImportState.CREATED, ImportState.STAGING, ImportState.STAGING_FAILED)
            of_it = Import.objects.filter(source_origin=uploads.name, source_export=source.export)
            if is_new and not of_it.filter(state__in=waiting).exists():
                uploads.remove(source.export)


def _uploads_of(user: Any) -> UploadedSources:
    uploads = get_host().sources.uploads
    if uploads is None:
        raise NotPermitted(get_host().no_uploads())
    if refusal := uploads.refusal_of_uploads(user):
        raise NotPermitted(refusal)
    return uploads


def remove_export(*, user: Any, export: str) -> None:
    """
    Remove an export that was uploaded; what was imported from it stays.

    Raises ``NotFound`` also where it is somebody else's, and ``WrongState`` while an import reads it, or waits to.
    """
    uploads = get_host().sources.uploads
    if uploads is None or not uploads.can_remove(user, export):
        raise NotFound(_("There is no export {name} that you may remove.").format(name=export), field="export")
    reading = Import.objects.filter(state=ImportState.STAGING, source_origin=uploads.name, source_export=export)
    for run in reading:
        recover_if_dead(run)
        if run.state == ImportState.STAGING:
            raise WrongState(
                _("{name} is being staged by import {id}. Wait until that is done, or cancel it.").format(
                    name=export, id=str(run.uuid)[:8]
                ),
                state=run.state,
            )
    uploads.remove(export)


def list_libraries(
    *, user: Any, search: str = "", editable: bool = False, limit: int | None = None
) -> Sequence[LibraryData]:
    """
    Every content library that the user may view; ``search`` as in :func:`list_sources`.

    ``editable`` leaves those that the user may change, so that something can be imported into them. The list ends after
    ``limit`` libraries: rights are looked at for no more of them than it takes.
    """
    found = [library for library in get_host().list_libraries(user) if _matches(search, library.key, library.title)]
    if not editable:
        return found[:limit]
    chosen: list[LibraryData] = []
    for batch in batched(found, _RIGHTS_AT_ONCE if limit else max(1, len(found))):
        may_edit = get_host().editable_libraries(user, {library.key for library in batch})
        chosen += [library for library in batch if library.key in may_edit]
        if limit is not None and len(chosen) >= limit:
            break
    return chosen[:limit]


def may_create_libraries(*, user: Any) -> bool:
    """Whether the user may make content libraries, and so import into one that is still to be made."""
    return get_host().can_create_library(user)


def may_forward(*, user: Any, source_key: str) -> bool:
    """
    Whether the user may have references of courses to a source forwarded; nobody may where the site forwards none.

    Raises ``InvalidKey``.
    """
    forwarding = get_host().forwarding()
    return forwarding is not None and forwarding.may_forward(user, parse_source_key(source_key))


def get_library(*, user: Any, library_key: str) -> LibraryData:
    """One content library. Raises ``InvalidKey``, and ``NotFound`` also where the user may not see it."""
    key = parse_library_key(library_key)
    if not get_host().can_view_library(user, key):
        raise get_host().no_such_library(key)
    return get_host().get_library(key)


def create_library(*, user: Any, library_key: str, title: str) -> LibraryData:
    """Make an empty library. Raises ``AlreadyExists``, ``InvalidKey``, ``InvalidOption``, ``NotPermitted``."""
    key = parse_library_key(library_key)
    access.require(get_host().can_create_library(user), _("You may not create libraries."))
    if not clean_title(title) or len(title) > MAX_TITLE_LENGTH:
        raise InvalidOption(_("A library needs a title of 1 to 500 characters."), field="title")
    return get_host().make_library(key, title=clean_title(title), user=user)


def backup_library(*, user: Any, library_key: str, file: Path, overwrite: bool = False) -> int:
    """
    Write a library to an archive (``lp_dump``) that a current Studio restores as a content library; returns its bytes.

    The file appears whole or not at all. The library's own files are read twice, since an archive that lacks one of
    them would be found out about when it is needed. Raises ``InvalidKey``, ``NotFound``, ``NotPermitted``, and
    ``InvalidOption`` for a file that cannot be written, exists already, or is not called ``.zip``; ``StepFailed`` where
    some of the library's own files are lost.
    """
    library, key = get_library(user=user, library_key=library_key), parse_library_key(library_key)
    access.require(
        get_host().can_back_up_library(user, key),
        _("You may not download {key}: that takes the right to change it.").format(key=key),
    )
    if not _is_file_name(file):
        raise InvalidOption(_("{file!r} is not a name that a file can have.").format(file=str(file)))
    if file.suffix.lower() != ".zip":
        raise InvalidOption(_("{file}: a backup is a zip archive; call it something.zip.").format(file=file))
    if file.exists() and not overwrite:
        raise InvalidOption(
            _("{file} exists already. Choose another name, or replace it (`--force`).").format(file=file)
        )
    if lost := lost_files(library.package_id):
        names = [f"{name} of {library_item_key(key, BlockKind.COMPONENT, item)}" for item, name in lost]
        raise StepFailed(
            _(
                "The storage of {key} has lost files: {names}. No backup was written. Import its source again, which "
                "writes them anew; or upload them to these components, or delete the components."
            ).format(key=library.key, names=listed(names))
        )
    # openedx_content (to 1.15) does not load an archive whose author has an empty address.
    author = user if user.email else None
    partial = file.with_name(f".{uuid4().hex}.partial")
    try:
        content_api.create_zip_file(library.key, str(partial), user=author)
        partial.replace(file)
        return file.stat().st_size
    except OSError as error:
        if str(error.filename) in (str(file), str(partial)) or is_disk_full(error):  # Which names no file.
            raise InvalidOption(
                _("{file} cannot be written: {reason}.").format(file=file, reason=error.strerror)
            ) from error
        raise StepFailed(
            _("A file of {key} cannot be read: {reason}. No backup was written.").format(
                key=library.key, reason=error.strerror or error
            )
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _is_file_name(file: Path) -> bool:
    try:
        return b"\0" not in os.fsencode(file)
    except UnicodeEncodeError:
        return False


def _matches(search: str, *texts: str) -> bool:
    return any(search.lower() in text.lower() for text in texts)
