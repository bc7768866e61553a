"""Putting a source into ``content_staging``, root by root."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from ..data import ImportOptions, ImportState, Progress, SourceData
from ..hosts import Host
from ..lifecycle import step, transition
from ..models import Import, StagedBlock, StagedRoot
from .index import Indexer

PURPOSE = "import_from_modulestore"
"""``StagedContent.purpose`` of what belongs to this app."""


def stage(
    run: Import, *, host: Host, user: Any, source_key: Any, source: SourceData, options: ImportOptions, progress: Progress
) -> None:
    """
    Stage the source of an import and index its blocks.

    Each root is staged and indexed in a transaction of its own, so that memory and locks are those of one section. When
    anything fails, what was staged so far is removed and the import is ``staging_failed``.

    Statements grow with the number of roots and of batches of 500 blocks, not with blocks.
    """
    with step(run, (ImportState.CREATED, ImportState.STAGING_FAILED), ImportState.STAGING):
        discard(run)
        try:
            _stage_roots(run, host, user, source_key, source, options, progress)
            transition(
                run,
                (ImportState.STAGING,),
                ImportState.STAGED,
                staged=timezone.now(),
                worker="",
                source_title=source.title[:255],
                source_version=source.version[:255],
                warnings=list(source.warnings),
            )
        except BaseException:
            discard(run)
            raise


def discard(run: Import) -> None:
    """Remove what an import has staged: OLX, files and index. Files that other staged content shares stay."""
    content_ids = list(run.roots.values_list("staged_content_id", flat=True))
    StagedBlock.objects.filter(import_run=run).delete()
    StagedRoot.objects.filter(import_run=run).delete()
    _delete_staged_content([pk for pk in content_ids if pk is not None])


def _stage_roots(
    run: Import, host: Host, user: Any, source_key: Any, source: SourceData, options: ImportOptions, progress: Progress
) -> None:
    indexer = Indexer(run, source_key, host)
    progress("staging", 0, source.block_count, source.title)
    staged_roots = host.stage(source_key, branch=options.branch, user=user, purpose=PURPOSE)
    for order in count():
        # What the host stages and what remembers it are one transaction: nothing staged is ever forgotten.
        with transaction.atomic():
            staged = next(staged_roots, None)
            if staged is None:
                return
            content = _staged_content_model().objects.get(pk=staged.staged_content_id)
            root = StagedRoot.objects.create(
                import_run=run,
                order=order,
                usage_key=staged.usage_key,
                staged_content=content,
                first_num=indexer.next_num,
            )
            indexer.index(root, content, staged)
        progress("staging", indexer.next_num, source.block_count, content.display_name)


def _delete_staged_content(content_ids: list[int]) -> None:
    content_model = _staged_content_model()
    file_model = content_model._meta.get_field("files").related_model
    files = file_model.objects.filter(for_content_id__in=content_ids).exclude(data_file="")
    names = set(files.values_list("data_file", flat=True))
    content_model.objects.filter(pk__in=content_ids).delete()
    still_used = set(file_model.objects.filter(data_file__in=names).values_list("data_file", flat=True))
    storage = file_model._meta.get_field("data_file").storage
    for name in names - still_used:
        storage.delete(name)


def _staged_content_model() -> Any:
    return apps.get_model("content_staging", "StagedContent")
