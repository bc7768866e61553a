"""Putting a source into ``content_staging``, root by root."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import F, Q
from django.db.utils import Error
from django.utils import timezone
from django.utils.translation import gettext as _

from ..data import ImportOptions, ImportState, Notice, Progress, SourceData
from ..data import StagedRoot as StagedRootData
from ..errors import ImportFromModulestoreError, NotFound
from ..hosts import Host, get_host
from ..models import Import, Removal, StagedBlock, StagedRoot, StagedSource, StandingChoice
from ..rows import in_batches, insert_objects
from ..running.lifecycle import Step, finish, hold
from ..running.logs import ImportLog
from ..trouble import trouble_of
from ..waiting import at_most
from .again import NotAsStaged, StagedBefore, Taking, keep_again, keep_known, staged_before
from .index import BATCH_SIZE, Indexer, NewBlock
from .reviewed import Reviewed, set_aside
from .standing import standing_choices

log = logging.getLogger(__name__)


def stage(
    run: Import,
    *,
    host: Host,
    user: Any,
    source_key: Any,
    read: Callable[[], SourceData],
    options: ImportOptions,
    progress: Progress,
) -> None:
    """
    Stage the source of an import that is ``staging``, index its blocks, and move it to ``staged``.

    What another import has staged of the same source, which has not changed since, is taken over (:mod:`.again`). Else
    the source is read, which begins with ``read``.

    Where it was staged before, what the review has chosen and edited stands again, by usage key; else what earlier
    reviews have said of the source for this library, where the import is to be as last time. Each root is staged by
    itself, and the index is written for some at once: memory and locks are those of one section, or of a batch of
    blocks. When anything fails, what was staged so far is removed, and what the review has made of it is kept for the
    next time.

    Statements grow with the number of roots and of batches of blocks, not with blocks.
    """
    before = staged_before(run, host)
    source = before.source if before else read()
    set_aside(run)
    _remove_staged(run)
    mine = Q(state=run.state, worker=run.worker)
    staging = _Staging(run, host, user, source_key, options, _Onwards(progress))
    try:
        try:
            indexer, keep = staging.stage(source, before)
        except Exception as error:
            if before is None or not _may_read_instead(run, before, error):
                raise
            with transaction.atomic(), hold(run):  # Another attempt may have taken the step up: it is theirs then.
                _remove_staged(run)
            source = read()
            indexer, keep = staging.stage(source)
        notices = indexer.notices
        warnings = [*source.warnings, *(notice.sentence(count) for notice, count in notices.items())]
        # A batch is asked for without a look into its exports, so that there is no version yet.
        if run.source_export and run.source_version and run.source_version != source.version[:255]:
            warnings.insert(
                0,
                _("The export has changed since the import was asked for: it is {version} now.").format(
                    version=source.version
                ),
            )
        with transaction.atomic():
            finish(
                run,
                Step.STAGE,
                staged=timezone.now(),
                block_count=indexer.next_num,
                source_title=source.title[:255],
                source_version=source.version[:255],
                is_partial=source.is_partial,
                warnings=warnings,
            )
            run.reviewed.all().delete()
            keep()
    except BaseException:
        with suppress(Error), at_most(5):  # What stays where the database has failed goes with the next attempt.
            # Not where this attempt was counted as dead, and another has taken the step up: it would be theirs.
            if Import.objects.filter(mine | Q(state=ImportState.CANCELED), pk=run.pk).exists():
                _remove_staged(run)
        raise


def _may_read_instead(run: Import, before: StagedBefore, error: Exception) -> bool:
    """
    Whether what has kept an import from taking over what was staged ``before`` may not keep it from reading the source;
    logs it then. What nobody foresaw is such: it would come again each time.
    """
    is_foreseen = isinstance(error, NotAsStaged)
    if not is_foreseen and (isinstance(error, ImportFromModulestoreError) or trouble_of(error)):
        return False
    ImportLog(log, run).log(
        logging.INFO if is_foreseen else logging.WARNING,
        "what import %s has staged could not be taken over (%s); the source is read",
        before.run.uuid,
        type(error.__cause__ or error).__name__,
        exc_info=not is_foreseen,
    )
    return True


def discard(run: Import) -> None:
    """Remove what an import has staged, and what a review has chosen."""
    StagedSource.forget(run)  # First: another may be taking it over.
    run.reviewed.all().delete()
    Removal.objects.filter(import_run=run).delete()
    _remove_staged(run)


def _remove_staged(run: Import) -> None:
    """
    Remove OLX, files and index. Files that other staged content shares stay; so does one that the storage does not let
    go, which the log names: nothing else has to wait for it.
    """
    StagedBlock.objects.filter(import_run=run).delete()
    StagedRoot.objects.filter(import_run=run).delete()
    content_model = _staged_content_model()
    file_model = content_model._meta.get_field("files").related_model
    files = file_model.objects.filter(for_content__purpose=_purpose(run)).exclude(data_file="")
    names = set(files.values_list("data_file", flat=True))
    # Without its text: a delete loads what it deletes.
    content_model.objects.filter(purpose=_purpose(run)).only("pk").delete()
    still_used = set(file_model.objects.filter(data_file__in=names).values_list("data_file", flat=True))
    storage = file_model._meta.get_field("data_file").storage
    for name in names - still_used:
        with _logged(run):
            storage.delete(name)
    with suppress(NotFound), _logged(run):  # The site has that origin no more.
        get_host().sources.of(run.source_origin).forget(_purpose(run))


@contextmanager
def _logged(run: Import) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        ImportLog(log, run).warning("what it has staged cannot be removed from the storage: %s", error)


class _Onwards:
    """Progress that does not run backwards where staging begins again."""

    def __init__(self, inner: Progress) -> None:
        self._inner = inner
        self._done = 0

    def __call__(self, phase: str, done: int, total: int, title: str = "") -> None:
        self._done = max(done, min(self._done, total))
        self._inner(phase, self._done, total, title)


@dataclass(frozen=True)
class _Staging:
    """Puts what there is of a source into the rows of an import."""

    run: Import
    host: Host
    user: Any
    source_key: Any
    options: ImportOptions
    progress: Progress

    def stage(self, source: SourceData, before: StagedBefore | None = None) -> tuple[Indexer, Callable[[], None]]:
        """
        Stage what was staged ``before``, or what is read. Returns what has indexed it, with all that was noticed at
        many blocks, and what has others know it by what the source was.

        Raises :class:`NotAsStaged` where it turns out that it is not what was staged before.
        """
        run = self.run
        last_time = Reviewed(standing_choices(run) if run.as_last_time else StandingChoice.objects.none())
        aside = run.reviewed.annotate(choices_from_uuid=F("choices_from__uuid"))
        reviewed = Reviewed(aside) if run.staged else last_time
        indexer = Indexer(run, self.source_key, self.host, self.options.selection, reviewed, last_time)
        self.progress("staging", 0, source.block_count, source.title)
        if before:
            is_plain = not (self.options.selection or reviewed.has_any or last_time.has_any)
            taking = Taking(run, before, indexer, is_plain=is_plain, user=self.user, purpose=_purpose(run))
            taking.take(self.progress)
            keep = partial(keep_again, run, before, indexer)
        else:
            keep = partial(keep_known, run, source, indexer, self._read(source, indexer))
        indexer.check_selection()
        if run.staged and (lost := reviewed.edits_without_block):
            indexer.notices[Notice.EDITS_WITHOUT_BLOCK] = lost
        for nums in batched(indexer.linking(), BATCH_SIZE):
            self.progress("staging", source.block_count, source.block_count, source.title)
            linking = list(StagedBlock.objects.filter(import_run=run, num__in=nums))
            indexer.name_targets(linking)
            with transaction.atomic(), hold(run):
                StagedBlock.objects.bulk_update(linking, ["warnings"])
        return indexer, keep

    def _read(self, source: SourceData, indexer: Indexer) -> Counter[Notice]:
        """Stage what the host reads. Returns what the host has noticed at many blocks."""
        noticed: Counter[Notice] = Counter()
        staging = self.host.sources.of(self.run.source_origin).stage(
            self.source_key,
            branch=self.options.branch,
            user=self.user,
            purpose=_purpose(self.run),
            export=self.run.source_export,
        )
        writer = _IndexWriter(self.run)
        for staged in staging:
            rows, continued = indexer.rows_of(staged)
            noticed.update(staged.notices)
            writer.add(staged, rows, continued)
            # A source counts no blocks inside components.
            title = staged.title or (rows[0].title if rows else "")
            self.progress("staging", indexer.next_num - indexer.inner_count, source.block_count, title)
        writer.write()
        indexer.notices.update(noticed)
        return noticed


class _IndexWriter:
    """Writes the index of an import, of several roots at once."""

    def __init__(self, run: Import) -> None:
        self._run = run
        self._order = 0
        self._roots: list[tuple[StagedRoot, list[NewBlock]]] = []
        self._continued: dict[int, NewBlock] = {}
        self._count = self._written = 0

    def add(self, staged: StagedRootData, rows: list[NewBlock], continued: list[NewBlock]) -> None:
        """Take the rows of one root, and those that it continues, which may be written already."""
        root = StagedRoot(
            import_run=self._run,
            order=self._order,
            usage_key=staged.usage_key,
            staged_content_id=staged.staged_content_id,
            first_num=self._written + self._count - staged.continues,
        )
        self._order += 1
        self._roots.append((root, rows))
        self._continued.update((row.num, row) for row in continued if row.num < self._written)
        self._count += len(rows)
        if self._count >= BATCH_SIZE:
            self.write()

    def write(self) -> None:
        """Write what was taken: some four statements, and one for each thousand rows, and for each that goes on."""
        if not self._roots:
            return
        roots = StagedRoot.objects.filter(import_run=self._run)
        with transaction.atomic(), hold(self._run):
            roots.bulk_create(root for root, _rows in self._roots)
            first_order = self._roots[0][0].order
            pks = dict(roots.filter(order__gte=first_order).values_list("order", "pk"))
            for root, rows in self._roots:
                for row in rows:
                    row.root_id = pks[root.order]
            for batch in in_batches(row for _root, rows in self._roots for row in rows):
                insert_objects(StagedBlock, batch)
            for row in self._continued.values():
                StagedBlock.objects.filter(import_run=self._run, num=row.num).update(
                    end_num=row.end_num, child_count=row.child_count
                )
        self._written += self._count
        self._roots, self._continued, self._count = [], {}, 0


def _purpose(run: Import) -> str:
    """
    ``StagedContent.purpose`` of what this import staged.

    It names the import, so that what a host had staged when its process died is still known to belong to it.
    """
    return f"import_from_modulestore:{run.uuid.hex}"


def _staged_content_model() -> Any:
    return apps.get_model("content_staging", "StagedContent")
