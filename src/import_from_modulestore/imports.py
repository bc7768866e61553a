"""Imports as rows and as plain data."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from .data import (
    BlockIds,
    BlockKind,
    Branch,
    CollectionChoice,
    CompositionLevel,
    Contents,
    Decision,
    Forward,
    ImportData,
    ImportOptions,
    ImportState,
    LibraryData,
    SourceData,
)
from .errors import NotFound
from .hosts import collection_url, get_host, item_url
from .keys import parse_library_key, parse_source_key
from .models import Import
from .running.lifecycle import actions_in
from .running.progress import live_progress


def new_import(user: Any, source: SourceData, library: LibraryData, options: ImportOptions, **fields: Any) -> Import:
    """A new import, whose row is still to be made."""
    collection = options.collection
    return Import(
        source_key=source.key,
        source_title=source.title[:255],
        source_version=source.version[:255],
        source_origin=source.origin,
        source_export=source.export[:500],
        library_key=library.key,
        library_title=library.title,
        learning_package_id=library.package_id or None,
        makes_library=not library.package_id,
        user=user,
        username=user.get_username(),
        level=options.level,
        on_conflict=options.on_conflict,
        unmerged=options.unmerged or "",
        publish=options.publish,
        block_ids=options.block_ids,
        branch=options.branch,
        contents=options.contents,
        as_last_time=options.as_last_time,
        forward=options.forward or "",
        selection=list(options.selection),
        collection_wanted=collection is not None,
        collection_code=collection.code if collection else "",
        collection_title=collection.title if collection else "",
        **fields,
    )


def find_import(import_id: str, known: Callable[[], QuerySet[Import]] | None = None) -> Import:
    """
    The import of this ID, or of an ID that begins with these characters: of one of those that are ``known`` to whom
    asks, so that a beginning tells nothing of others.

    Raises ``NotFound`` where there is none, or more than one.
    """
    found = ids_beginning_with(import_id, known or (lambda: Import.objects.filter(is_preview=False)))
    if len(found) > 1:
        raise NotFound(_("Several imports have an ID that begins with {id}. Give more of it.").format(id=import_id))
    run = Import.objects.filter(uuid__in=found, is_preview=False).first()
    if run is None:
        raise no_such_import(import_id)
    return run


def ids_beginning_with(text: str, known: Callable[[], QuerySet[Any]]) -> list[UUID]:
    """The IDs of those of the ``known`` rows that begin so; no query for a whole ID, which may be that of none."""
    prefix = text.replace("-", "").lower()
    if is_whole_id(text):
        return [UUID(prefix)]
    # Databases keep UUIDs in types that have no beginning.
    return [uuid for uuid in known().values_list("uuid", flat=True) if uuid.hex.startswith(prefix)] if prefix else []


def is_whole_id(import_id: str) -> bool:
    """Whether this is an import's ID, with hyphens or without, and not only the beginning of one."""
    return re.fullmatch("[0-9a-f]{32}", import_id.replace("-", "").lower()) is not None


def no_such_import(import_id: str) -> NotFound:
    """What to say of an import that is not there, or that the user is not to know of."""
    return NotFound(_("There is no import {id}, or none that you may see.").format(id=import_id), field="import_id")


def of_record(record: Any) -> dict[str, Any]:
    """What a record says of a block and its item, as plain data that tells of both has it."""
    return {
        "num": record.num,
        "usage_key": record.usage_key,
        "block_type": record.block_type,
        "kind": BlockKind(record.kind),
        "title": record.title,
        "name": record.called,
        "item_key": record.item_key,
        "item_url": item_url(record.item_key),
    }


def options_of(run: Import) -> ImportOptions:
    """How it is to be done."""
    collection = (
        CollectionChoice(code=run.collection_code, title=run.collection_title) if run.collection_wanted else None
    )
    return ImportOptions(
        level=CompositionLevel(run.level),
        on_conflict=Decision(run.on_conflict),
        unmerged=Decision(run.unmerged) if run.unmerged else None,
        publish=run.publish,
        block_ids=BlockIds(run.block_ids),
        branch=Branch(run.branch),
        selection=tuple(run.selection),
        collection=collection,
        contents=Contents(run.contents),
        as_last_time=run.as_last_time,
        forward=Forward(run.forward) if run.forward else None,
    )


def import_data(run: Import) -> ImportData:
    """The import as plain data."""
    host = get_host()
    return ImportData(
        id=str(run.uuid),
        source_key=run.source_key,
        source_title=run.source_title,
        source_url=host.sources.url(run.source_origin, parse_source_key(run.source_key)),
        source_version=run.source_version,
        source_origin=run.source_origin,
        source_export=run.source_export,
        library_key=run.library_key,
        library_title=run.library_title,
        library_url=host.library_url(parse_library_key(run.library_key)) if run.learning_package_id else "",
        collection_url=collection_url(run.library_key, run.collection_code if run.collection_id else ""),
        state=ImportState(run.state),
        actions=actions_in(ImportState(run.state)),
        options=options_of(run),
        username=run.username,
        error=run.error,
        warnings=tuple(run.warnings),
        block_count=run.block_count,
        counts=run.counts,
        batch_id=str(run.batch_id or ""),
        to_decide=run.to_decide,
        created=run.created,
        staged=run.staged,
        started=run.started,
        finished=run.finished,
        queued=run.queued is not None,
        progress=live_progress(run) if ImportState(run.state).is_running and run.queued is None else None,
        forwards=bool(run.forwarding) and run.state in (ImportState.IMPORTED, ImportState.UNDOING),
    )
