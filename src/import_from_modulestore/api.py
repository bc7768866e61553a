"""
The Python API, and the only way to the steps of an import.

Command line, tasks, REST and pages call these functions and nothing below them, so that all of them check the same
permissions and behave alike. Arguments and results are plain data (:mod:`.data`); keys are strings. Every function
takes the acting ``user`` and raises :class:`.errors.ImportFromModulestoreError` or one of its kinds, with a message for
people.

In order: :func:`create_import`, :func:`stage_import`, :func:`plan_import`, :func:`complete_import`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from openedx_content import api as content_api
from openedx_content.models_api import LearningPackage

from . import lifecycle
from .data import (
    BlockIds,
    BlockKind,
    Branch,
    CollectionChoice,
    CompositionLevel,
    Decision,
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
from .history.records import record_data, versions_of, write_records
from .hosts import get_host
from .keys import parse_library_key, parse_source_key
from .library import load_target_state
from .models import Import, StagedBlock
from .planning import SourceBlock, UnknownSelection, make_plan
from .staging import discard, stage
from .writing import all_or_nothing, write_plan
from .writing.collection import collect, find_collection

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
    if not title.strip() or len(title) > 500:
        raise InvalidOption(_("A library needs a title of 1 to 500 characters."))
    return get_host().create_library(key, title=title.strip(), user=user)


def backup_library(*, user: Any, library_key: str, file: Path, replace: bool = False) -> int:
    """
    Write a library to an archive (``lp_dump``) that a current Studio restores as a content library; returns its bytes.

    The file appears whole or not at all. Raises ``InvalidKey``, ``NotPermitted``, ``NotFound``, and ``InvalidOption``
    for a file that cannot be written, exists already, or is not called ``.zip``.
    """
    library = get_library(user=user, library_key=library_key)
    if file.suffix.lower() != ".zip":
        raise InvalidOption(_("{file}: a backup is a zip archive; call it something.zip.").format(file=file))
    if file.exists() and not replace:
        raise InvalidOption(
            _("{file} exists already. Choose another name, or replace it (`--force`).").format(file=file)
        )
    partial = file.with_name(f".{file.name}.partial")
    # openedx_content (1.15) does not load an archive whose author has an empty address.
    author = user if user.email else None
    try:
        content_api.create_zip_file(library.key, str(partial), user=author)
        partial.replace(file)
    except OSError as error:
        raise InvalidOption(
            _("{file} cannot be written: {reason}.").format(file=file, reason=error.strerror)
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return file.stat().st_size


# The steps of an import


def create_import(*, user: Any, source_key: str, target_key: str, options: ImportOptions | None = None) -> ImportData:
    """
    Ask for an import; nothing is read or written yet.

    Raises ``InvalidKey``, ``NotPermitted``, ``NotFound``, ``SourceError``, and ``InvalidOption`` for a collection
    without code and title.
    """
    options = options or ImportOptions()
    key, library_key = parse_source_key(source_key), parse_library_key(target_key)
    _require_both(user, key, library_key)
    source, library = get_host().get_source(key), get_host().get_library(library_key)
    return _import_data(_new_import(user, source, library, options))


def stage_import(*, user: Any, import_id: str, progress: Progress = no_progress) -> ImportData:
    """
    Read the source into the staging area and index its blocks. Also the way to retry after ``staging_failed``.

    Cost: statements by root and by batch, not by block; memory of the largest section.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``SourceError``, ``StepFailed``.
    """
    run = _get_import(user, import_id)
    key = parse_source_key(run.source_key)
    _require_both(user, key, parse_library_key(run.target_key))
    host = get_host()
    stage(
        run,
        host=host,
        user=user,
        source_key=key,
        source=host.get_source(key),
        options=_options(run),
        progress=progress,
    )
    return get_import(user=user, import_id=import_id)


def plan_import(*, user: Any, import_id: str) -> Plan:
    """
    What completing the import would do now, block by block. No side effects.

    Raises ``NotFound``, ``WrongState`` (nothing is staged), ``InvalidOption`` (a selected block is not in the source).
    """
    run = _get_import(user, import_id)
    if run.state not in _PLANNABLE:
        raise WrongState(
            _("The import is {state}; a plan needs one that is staged.").format(
                state=ImportState(run.state).label.lower()
            )
        )
    return _plan(run, run.learning_package_id)


def preview_import(
    *,
    user: Any,
    source_key: str,
    target_key: str,
    options: ImportOptions | None = None,
    progress: Progress = no_progress,
    allow_missing_target: bool = False,
) -> tuple[SourceData, Plan]:
    """
    What an import would do, without leaving anything behind: stages, plans, and removes what it staged.

    With ``allow_missing_target`` the target may be a library that is still to be made; it counts as empty.

    Raises what :func:`create_import`, :func:`stage_import` and :func:`plan_import` raise.
    """
    options = options or ImportOptions()
    key, library_key = parse_source_key(source_key), parse_library_key(target_key)
    host = get_host()
    _require(host.can_read_source(user, key), _("You may not read {key}.").format(key=key))
    library = _library_or_plan_for_one(user, library_key, allow_missing_target)
    source = host.get_source(key)
    run = _new_import(user, source, library, options)
    try:
        stage(run, host=host, user=user, source_key=key, source=source, options=options, progress=progress)
        return source, _plan(run, run.learning_package_id)
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
    run = _get_import(user, import_id)
    library_key = parse_library_key(run.target_key)
    _require_both(user, parse_source_key(run.source_key), library_key)
    may_start = (ImportState.STAGED, ImportState.IMPORT_FAILED)
    with lifecycle.step(run, may_start, ImportState.IMPORTING), all_or_nothing():
        _write(run, library_key, user, progress)
    try:
        discard(run)
    except Exception:  # The import is done; what stays staged is only in the way.
        log.exception("What import %s had staged could not be removed.", run.uuid)
    return get_import(user=user, import_id=import_id)


def recover_imports() -> int:
    """Mark imports whose process is gone as failed, to be tried again; returns how many. See :mod:`.lifecycle`."""
    return lifecycle.recover()


# History


def list_imports(*, user: Any, target_key: str = "", source_key: str = "") -> list[ImportData]:
    """Imports into libraries that the user may view, newest first; of one target or source where asked."""
    runs = Import.objects.all()
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
            found.append(_import_data(run))
    return found


def get_import(*, user: Any, import_id: str) -> ImportData:
    """One import, by its ID or the first characters of it. Raises ``NotFound`` also where the user may not see it."""
    return _import_data(_get_import(user, import_id))


def get_records(*, user: Any, import_id: str) -> list[RecordData]:
    """What happened to every source block of an import, in the order of the source. Raises ``NotFound``."""
    return [record_data(record) for record in _get_import(user, import_id).records.order_by("num")]


_PLANNABLE = (ImportState.STAGED, ImportState.IMPORT_FAILED)


def _require(allowed: bool, message: str) -> None:
    if not allowed:
        raise NotPermitted(message)


def _require_both(user: Any, source_key: Any, library_key: Any) -> None:
    host = get_host()
    _require(host.can_read_source(user, source_key), _("You may not read {key}.").format(key=source_key))
    _require(host.can_edit_library(user, library_key), _("You may not change {key}.").format(key=library_key))


def _library_or_plan_for_one(user: Any, library_key: Any, allow_missing: bool) -> LibraryData:
    host = get_host()
    try:
        library = host.get_library(library_key)
    except NotFound:
        if not allow_missing:
            raise
        _require(host.can_create_library(user), _("You may not create libraries."))
        return LibraryData(key=str(library_key), title=library_key.slug, package_id=0)
    _require(host.can_edit_library(user, library_key), _("You may not change {key}.").format(key=library_key))
    return library


def _new_import(user: Any, source: SourceData, library: LibraryData, options: ImportOptions) -> Import:
    collection = options.collection
    if collection is not None and not (collection.code or collection.title.strip()):
        raise InvalidOption(_("A collection needs a code (of an existing one) or a title (for a new one)."))
    if collection is not None and library.package_id:
        find_collection(library.package_id, collection)
    return Import.objects.create(
        source_key=source.key,
        source_title=source.title[:255],
        source_version=source.version[:255],
        target_key=library.key,
        target_title=library.title,
        learning_package_id=library.package_id or None,
        user=user,
        username=user.get_username(),
        level=options.level,
        on_conflict=options.on_conflict,
        publish=options.publish,
        block_ids=options.block_ids,
        branch=options.branch,
        selection=list(options.selection),
        collection_wanted=collection is not None,
        collection_code=collection.code if collection else "",
        collection_title=collection.title.strip()[:500] if collection else "",
    )


def _get_import(user: Any, import_id: str) -> Import:
    missing = NotFound(_("There is no import {id}. `history` lists them.").format(id=import_id))
    prefix = import_id.replace("-", "").lower()
    if not re.fullmatch("[0-9a-f]{1,32}", prefix):
        raise missing
    if len(prefix) == 32:
        found = [UUID(prefix)]
    else:  # Databases keep UUIDs in types that have no beginning.
        found = [uuid for uuid in Import.objects.values_list("uuid", flat=True) if uuid.hex.startswith(prefix)]
    if len(found) > 1:
        raise NotFound(_("Several imports have an ID that begins with {id}. Give more of it.").format(id=import_id))
    run = Import.objects.filter(uuid__in=found).first()
    if run is None or not get_host().can_view_library(user, parse_library_key(run.target_key)):
        raise missing
    return run


def _plan(run: Import, package_id: LearningPackage.ID | None) -> Plan:
    staged = StagedBlock.objects.filter(import_run=run)
    blocks = [_source_block(block) for block in staged.order_by("num").defer("files", "missing_files").iterator()]
    target = load_target_state(
        package_id,
        target_key=run.target_key,
        source_key=run.source_key,
        block_ids={block.block_id for block in blocks},
        normal_digests=dict(staged.exclude(olx_digest="").values_list("olx_digest", "normal_digest")),
        block_limit=get_host().block_limit(parse_library_key(run.target_key)),
    )
    try:
        return make_plan(blocks, target, _options(run))
    except UnknownSelection as error:
        raise InvalidOption(
            _("These selected blocks are not in {source}: {keys}. A preview lists those that are.").format(
                source=run.source_key, keys=", ".join(error.keys)
            )
        ) from None


def _write(run: Import, library_key: Any, user: Any, progress: Progress) -> None:
    package = LearningPackage.objects.select_for_update().filter(pk=run.learning_package_id).first()
    if package is None:
        raise NotFound(_("The library {key} is gone.").format(key=library_key))
    progress("planning", 0, 0, run.source_title)
    plan = _plan(run, package.id)
    if plan.blockers:
        raise PlanBlocked(" ".join(plan.blockers))
    now = timezone.now()
    before = versions_of([item.entity_id for item in plan.items if item.entity_id is not None])
    written = write_plan(run, plan, package_id=package.id, user_id=user.pk, now=now, progress=progress)
    if run.collection_wanted:
        collection = collect(
            package.id,
            CollectionChoice(code=run.collection_code, title=run.collection_title),
            [written.entity_of[item.num] for item in plan.items if item.top_level and item.num in written.entity_of],
            user_id=user.pk,
        )
        run.collection_code = collection.collection_code if collection else run.collection_code
    write_records(run, plan, written, before, library_key)
    run.publish_logs.set(written.publish_logs)
    lifecycle.transition(
        run,
        (ImportState.IMPORTING,),
        ImportState.IMPORTED,
        counts=plan.counts(),
        started=now,
        finished=timezone.now(),
        worker="",
        draft_change_log=written.draft_change_log,
        collection_code=run.collection_code,
    )


def _source_block(block: StagedBlock) -> SourceBlock:
    return SourceBlock(
        num=block.num,
        parent=block.parent_num,
        usage_key=block.usage_key,
        block_type=block.block_type,
        block_id=block.block_id,
        kind=BlockKind(block.kind),
        title=block.title,
        digest=block.digest,
        repeats=block.repeats,
        problem=block.problem,
        refusal=block.refusal,
        left_out=tuple(block.left_out),
        warnings=tuple(block.warnings),
    )


def _options(run: Import) -> ImportOptions:
    collection = (
        CollectionChoice(code=run.collection_code, title=run.collection_title) if run.collection_wanted else None
    )
    return ImportOptions(
        level=CompositionLevel(run.level),
        on_conflict=Decision(run.on_conflict),
        publish=run.publish,
        block_ids=BlockIds(run.block_ids),
        branch=Branch(run.branch),
        selection=tuple(run.selection),
        collection=collection,
    )


def _import_data(run: Import) -> ImportData:
    return ImportData(
        id=str(run.uuid),
        source_key=run.source_key,
        source_title=run.source_title,
        target_key=run.target_key,
        target_title=run.target_title,
        state=ImportState(run.state),
        options=_options(run),
        username=run.username,
        error=run.error,
        warnings=tuple(run.warnings),
        counts=run.counts,
        created=run.created,
        staged=run.staged,
        started=run.started,
        finished=run.finished,
    )
