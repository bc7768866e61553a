"""
The Python API, and the only way to the steps of an import.

Command line, tasks, REST and pages call these functions and nothing below them, so that all of them check the same
permissions and behave alike. Arguments and results are plain data (:mod:`.data`); keys are strings. Every function but
:func:`recover_imports` takes the acting ``user``. All raise :class:`.errors.ImportFromModulestoreError` or one of its
kinds, with a message for people.

In order: :func:`create_import`, :func:`stage_import`, :func:`plan_import`, :func:`complete_import`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from openedx_content import api as content_api

from . import lifecycle
from .completion import plan_of, write
from .data import (
    ImportData,
    ImportOptions,
    ImportState,
    LibraryData,
    Plan,
    Progress,
    RecordData,
    SourceData,
    no_progress,
)
from .errors import (
    ImportFromModulestoreError,
    InvalidKey,
    InvalidOption,
    NotFound,
    NotPermitted,
    PlanBlocked,
    SourceError,
    StepFailed,
    WrongState,
)
from .history import record_data
from .hosts import get_host
from .imports import find_import, import_data, new_import, no_such_import, options_of
from .keys import parse_library_key, parse_source_key
from .models import Import
from .olx.blocks import MAX_TITLE_LENGTH, clean_title
from .staging import discard, stage
from .writing import all_or_nothing
from .writing.collection import find_collection

__all__ = [
    "ImportFromModulestoreError",
    "InvalidKey",
    "InvalidOption",
    "NotFound",
    "NotPermitted",
    "PlanBlocked",
    "SourceError",
    "StepFailed",
    "WrongState",
    "backup_library",
    "complete_import",
    "create_import",
    "create_library",
    "get_import",
    "get_library",
    "get_records",
    "get_source",
    "list_imports",
    "list_libraries",
    "list_sources",
    "plan_import",
    "preview_import",
    "recover_imports",
    "stage_import",
]

log = logging.getLogger(__name__)

# Sources and libraries


def list_sources(*, user: Any) -> Iterator[SourceData]:
    """Every course and legacy library that the user may read; unreadable ones carry their ``problem``."""
    yield from get_host().list_sources(user)


def get_source(*, user: Any, source_key: str) -> SourceData:
    """
    One source with its block counts.

    Raises ``InvalidKey``, ``NotPermitted``, ``NotFound``, ``SourceError``.
    """
    key = parse_source_key(source_key)
    _require(get_host().can_read_source(user, key), _("You may not read {key}.").format(key=key))
    return get_host().get_source(key)


def list_libraries(*, user: Any) -> Sequence[LibraryData]:
    """Every content library that the user may view."""
    return get_host().list_libraries(user)


def get_library(*, user: Any, library_key: str) -> LibraryData:
    """One content library. Raises ``InvalidKey``, ``NotPermitted``, ``NotFound``."""
    key = parse_library_key(library_key)
    _require(get_host().can_view_library(user, key), _("You may not see {key}.").format(key=key))
    return get_host().get_library(key)


def create_library(*, user: Any, library_key: str, title: str) -> LibraryData:
    """Make an empty library. Raises ``InvalidKey`` (also where it exists), ``InvalidOption``, ``NotPermitted``."""
    key = parse_library_key(library_key)
    _require(get_host().can_create_library(user), _("You may not create libraries."))
    if not title.strip() or len(title) > MAX_TITLE_LENGTH:
        raise InvalidOption(_("A library needs a title of 1 to 500 characters."))
    return get_host().create_library(key, title=title.strip(), user=user)


def backup_library(*, user: Any, library_key: str, file: Path, overwrite: bool = False) -> int:
    """
    Write a library to an archive (``lp_dump``) that a current Studio restores as a content library; returns its bytes.

    The file appears whole or not at all. Raises ``InvalidKey``, ``NotPermitted``, ``NotFound``, and ``InvalidOption``
    for a file that cannot be written, exists already, or is not called ``.zip``; ``StepFailed`` where the library's own
    files cannot be read.
    """
    library = get_library(user=user, library_key=library_key)
    if file.suffix.lower() != ".zip":
        raise InvalidOption(_("{file}: a backup is a zip archive; call it something.zip.").format(file=file))
    if file.exists() and not overwrite:
        raise InvalidOption(
            _("{file} exists already. Choose another name, or replace it (`--force`).").format(file=file)
        )
    # openedx_content (1.15) does not load an archive whose author has an empty address.
    author = user if user.email else None
    partial = file.with_name(f".{os.getpid()}.partial")
    try:
        content_api.create_zip_file(library.key, str(partial), user=author)
        partial.replace(file)
        return file.stat().st_size
    except OSError as error:
        if str(error.filename) in (str(file), str(partial)):
            raise InvalidOption(
                _("{file} cannot be written: {reason}.").format(file=file, reason=error.strerror)
            ) from error
        raise StepFailed(
            _("A file of {key} cannot be read: {reason} ({name}). No backup was written.").format(
                key=library.key, reason=error.strerror, name=error.filename
            )
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


# The steps of an import


def create_import(
    *,
    user: Any,
    source_key: str,
    target_key: str,
    options: ImportOptions | None = None,
    new_library_title: str | None = None,
) -> ImportData:
    """
    Ask for an import; nothing is read or written yet.

    The target has to be there, unless ``new_library_title`` is given: then it is made when the import is written, in
    the same transaction. An empty title means the source's.

    Raises ``InvalidKey``, ``NotPermitted``, ``NotFound``, ``SourceError``, and ``InvalidOption`` for a collection that
    has neither code nor title.
    """
    run, _source = _new_import(user, source_key, target_key, options, new_library_title)
    return import_data(run)


def stage_import(*, user: Any, import_id: str, progress: Progress = no_progress) -> ImportData:
    """
    Read the source into the staging area and index its blocks. Also the way to retry after ``staging_failed``.

    Cost: statements by root and by batch, not by block; memory of the largest section.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``SourceError``, ``StepFailed``.
    """
    run = _visible_import(user, import_id)
    _require_rights(user, run)
    key = parse_source_key(run.source_key)
    host = get_host()
    stage(
        run,
        host=host,
        user=user,
        source_key=key,
        source=host.get_source(key),
        options=options_of(run),
        progress=progress,
    )
    return get_import(user=user, import_id=import_id)


def plan_import(*, user: Any, import_id: str) -> Plan:
    """
    What completing the import would do now, block by block. No side effects.

    Raises ``NotFound``, ``WrongState`` (nothing is staged), ``InvalidOption`` (a selected block is not in the source).
    """
    run = _visible_import(user, import_id)
    if run.state not in _PLANNABLE:
        raise WrongState(
            _("The import is {state}; a plan needs one that is staged.").format(
                state=ImportState(run.state).label.lower()
            )
        )
    return _plan(run)


def preview_import(
    *,
    user: Any,
    source_key: str,
    target_key: str,
    options: ImportOptions | None = None,
    new_library_title: str | None = None,
    progress: Progress = no_progress,
) -> tuple[SourceData, Plan]:
    """
    What an import would do, without leaving anything behind: stages, plans, and removes what it staged.

    Takes and raises what :func:`create_import` does, and raises what :func:`stage_import` and :func:`plan_import` do.
    """
    run, source = _new_import(user, source_key, target_key, options, new_library_title, is_preview=True)
    host, key = get_host(), parse_source_key(source_key)
    try:
        stage(run, host=host, user=user, source_key=key, source=source, options=options_of(run), progress=progress)
        return source, _plan(run)
    finally:
        discard(run)
        run.delete()


def complete_import(*, user: Any, import_id: str, progress: Progress = no_progress) -> ImportData:
    """
    Write the staged import into the library: everything or nothing, in one transaction and one change log.

    The plan is made anew under a lock on the library, from the library as it then is, and recorded block by block. Also
    the way to retry after ``import_failed``. What was staged is removed afterwards.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``PlanBlocked``, ``InvalidOption``, ``StepFailed``.
    """
    run = _visible_import(user, import_id)
    _require_rights(user, run)
    library_key = parse_library_key(run.target_key)
    may_start = (ImportState.STAGED, ImportState.IMPORT_FAILED)
    with lifecycle.step(run, may_start, ImportState.IMPORTING), all_or_nothing():
        write(
            run,
            library_key=library_key,
            host=get_host(),
            user=user,
            progress=progress,
        )
    try:
        discard(run)
    except Exception:  # The import is done; what stays staged is only in the way.
        log.exception("What import %s had staged could not be removed.", run.uuid)
    return get_import(user=user, import_id=import_id)


def recover_imports() -> int:
    """
    Mark imports whose process is gone as failed, to be tried again; returns how many. See :mod:`.lifecycle`.

    Previews whose process is gone are removed.
    """
    recovered = lifecycle.recover()
    for run in Import.objects.filter(is_preview=True):
        if not lifecycle.may_be_running(run):
            discard(run)
            run.delete()
    return recovered


# History


def list_imports(*, user: Any, target_key: str = "", source_key: str = "") -> list[ImportData]:
    """Imports into libraries that the user may view, newest first; of one target or source where asked."""
    runs = Import.objects.filter(is_preview=False)
    if target_key:
        runs = runs.filter(target_key=str(parse_library_key(target_key)))
    if source_key:
        runs = runs.filter(source_key=str(parse_source_key(source_key)))
    visible: dict[str, bool] = {}
    found = []
    for run in runs:
        if run.target_key not in visible:
            visible[run.target_key] = get_host().can_view_library(user, parse_library_key(run.target_key))
        if visible[run.target_key]:
            found.append(import_data(run))
    return found


def get_import(*, user: Any, import_id: str) -> ImportData:
    """One import, by its ID or the first characters of it. Raises ``NotFound`` also where the user may not see it."""
    return import_data(_visible_import(user, import_id))


def get_records(*, user: Any, import_id: str) -> list[RecordData]:
    """What happened to every source block of an import, in the order of the source. Raises ``NotFound``."""
    return [record_data(record) for record in _visible_import(user, import_id).records.order_by("num")]


_PLANNABLE = (ImportState.STAGED, ImportState.IMPORT_FAILED)


def _require(allowed: bool, message: str) -> None:
    if not allowed:
        raise NotPermitted(message)


def _require_rights(user: Any, run: Import) -> None:
    """That the user may still read the source, and change the target or make it."""
    host = get_host()
    source_key, library_key = parse_source_key(run.source_key), parse_library_key(run.target_key)
    _require(host.can_read_source(user, source_key), _("You may not read {key}.").format(key=source_key))
    if run.makes_target and run.learning_package_id is None:
        _library_or_one_to_make(user, library_key, run.target_title)  # Somebody else may have made it meanwhile.
    else:
        _require(host.can_edit_library(user, library_key), _("You may not change {key}.").format(key=library_key))


def _new_import(
    user: Any,
    source_key: str,
    target_key: str,
    options: ImportOptions | None,
    new_library_title: str | None,
    *,
    is_preview: bool = False,
) -> tuple[Import, SourceData]:
    options = options or ImportOptions()
    key, library_key = parse_source_key(source_key), parse_library_key(target_key)
    host = get_host()
    _require(host.can_read_source(user, key), _("You may not read {key}.").format(key=key))
    library = _library_or_one_to_make(user, library_key, new_library_title)
    source = host.get_source(key)
    if not library.package_id:
        library = replace(library, title=clean_title(library.title) or clean_title(source.title) or library.key)
    _check_collection(library, options)
    return new_import(user, source, library, options, is_preview=is_preview), source


def _library_or_one_to_make(user: Any, library_key: Any, new_library_title: str | None) -> LibraryData:
    host = get_host()
    try:
        library = host.get_library(library_key)
    except NotFound:
        if new_library_title is None:
            raise
        _require(host.can_create_library(user), _("You may not create libraries."))
        return LibraryData(key=str(library_key), title=new_library_title, package_id=0)
    _require(host.can_edit_library(user, library_key), _("You may not change {key}.").format(key=library_key))
    return library


def _check_collection(library: LibraryData, options: ImportOptions) -> None:
    if options.collection is None:
        return
    if not (options.collection.code or options.collection.title.strip()):
        raise InvalidOption(_("A collection needs a code (of an existing one) or a title (for a new one)."))
    if library.package_id:
        find_collection(library.package_id, options.collection)
    elif options.collection.code:
        raise InvalidOption(_("A new library has no collections yet; give a title, and one is made."))


def _visible_import(user: Any, import_id: str) -> Import:
    run = find_import(import_id)
    if not get_host().can_view_library(user, parse_library_key(run.target_key)):
        raise no_such_import(import_id)
    return run


def _plan(run: Import) -> Plan:
    return plan_of(run, block_limit=get_host().block_limit(parse_library_key(run.target_key)))
