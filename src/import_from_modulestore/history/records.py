"""Writing and reading records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Case, F, QuerySet, Value, When
from openedx_content.models_api import PublishableEntity

from ..data import BlockKind, ConflictState, Contents, Decision, Outcome, Plan, PlannedItem, RecordData
from ..hosts import collection_url
from ..imports import of_record
from ..keys import library_item_key
from ..models import Import, ImportRecord
from ..rows import Row, as_json, from_json, in_batches, insert, insert_from, json_text, no_pause
from ..staging.content import source_contents
from ..writing import Written
from ..writing.tags import Tags, TagsLeftOut

BATCH_SIZE = 500

WRITING = tuple(outcome for outcome in Outcome if outcome.writes)
"""The outcomes that gave the library a new version of something."""

CHANGING = (*WRITING, Outcome.REMOVED)
"""The outcomes that an undo takes back."""


@dataclass(frozen=True, slots=True)
class Versions:
    """An item's draft and published versions at one moment, as primary keys and numbers."""

    draft: int | None = None
    draft_num: int | None = None
    published: int | None = None
    published_num: int | None = None


NO_VERSIONS = Versions()


class Changed(NamedTuple):
    """What an import has done to one item: its versions before and after, and what tells of it. From a record."""

    pk: int
    num: int
    usage_key: str
    block_type: str
    item_key: str
    entity_id: PublishableEntity.ID | None
    kind: BlockKind
    title: str
    called: str
    outcome: Outcome
    tags: Tags
    before: Versions
    after: Versions


@dataclass(frozen=True, slots=True)
class _Staged:
    """Names of the files that a block came with, and of those that were missing; the import that its choices are of."""

    files: list[str]
    missing_files: list[str]
    choices_from: int | None


_NOT_STAGED = _Staged([], [], None)


def versions_of(entity_ids: Sequence[int], pause: Callable[[], None] = no_pause) -> dict[int, Versions]:
    """The current versions of these entities; one query for each thousand, and ``pause`` after each."""
    found: dict[int, Versions] = {}
    for batch in in_batches(entity_ids, pause):
        rows = PublishableEntity.objects.filter(pk__in=batch).values_list(
            "pk",
            "draft__version_id",
            F("draft__version__version_num"),
            "published__version_id",
            F("published__version__version_num"),
        )
        for pk, *versions in rows:
            found[pk] = Versions(*versions)
    return found


def changed(records: QuerySet[ImportRecord]) -> Iterator[Changed]:
    """What these records say that the import has done; one query, read in pieces."""
    rows: Iterator[tuple[Any, ...]] = records.values_list(
        *("pk", "num", "usage_key", "block_type", "item_key", "entity_id", "kind", "title", "name", "outcome", "tags"),
        *("draft_before_id", "draft_before_num", "published_before_id", "published_before_num"),
        *("draft_after_id", "draft_after_num", "published_after_id", "published_after_num"),
    ).iterator(BATCH_SIZE)
    for pk, num, usage_key, block_type, item_key, entity_id, kind, title, name, outcome, tags, *versions in rows:
        yield Changed(
            pk=pk,
            num=num,
            usage_key=usage_key,
            block_type=block_type,
            item_key=item_key,
            entity_id=entity_id,
            kind=BlockKind(kind),
            title=title,
            called=name or title,
            outcome=Outcome(outcome),
            tags={int(taxonomy): values for taxonomy, values in tags.items()},
            before=Versions(*versions[:4]),
            after=Versions(*versions[4:]),
        )


def write_records(
    run: Import,
    plan: Plan,
    written: Written,
    before: Mapping[int, Versions],
    library_key: Any,
    *,
    collected: Collection[int],
    tags: Mapping[str, Tags],
    tags_left_out: Mapping[str, TagsLeftOut],
    tag_warnings: Mapping[str, Sequence[str]],
) -> None:
    """
    Write one record for every planned item, and for every one that is gone from the source, in bulk, in the transaction
    that wrote the items.

    ``before`` holds the versions of existing items as they were before the write; ``collected`` the entities that were
    put into the import's collection; ``tags``, by the items' keys, what the import added, and
    ``tags_left_out`` what it could not. Four statements for each
    batch, two where nothing was written, and what :func:`source_contents` takes where blocks were edited in a review.
    """
    is_changed = written.draft_change_log is not None or bool(written.publish_logs)
    for batch in in_batches(plan.everything):
        entity_ids = [written.entity_of[item.num] for item in batch if item.num in written.entity_of]
        after = versions_of(entity_ids) if is_changed else before
        staged = _staged(run, [item.num for item in batch])
        sources = source_contents(run, [item.num for item in batch if _differs_from_source(item)])
        records = [
            _row(
                run,
                item,
                entity_id=(entity_id := written.entity_of.get(item.num)),
                then=before.get(entity_id or 0, NO_VERSIONS),
                now=after.get(entity_id or 0, NO_VERSIONS),
                staged=(block := staged.get(item.num, _NOT_STAGED)),
                files=_with_merged(block, written.merged_files.get(item.num)),
                source=_source_content(item, sources.get(item.num, {})),
                item_key=(key := library_item_key(library_key, item.kind, item.local_key) if item.local_key else ""),
                tags=tags.get(key, {}),
                tags_left_out=tags_left_out.get(key, {}),
                warnings=(*item.warnings, *tag_warnings.get(key, ())),
                collected=entity_id in collected,
            )
            for item in batch
        ]
        insert(ImportRecord, _COLUMNS, records)


def repeat_records(before: Import, run: Import, told: Callable[[int], None]) -> None:
    """
    Give an import that has found everything as an earlier one has left it the records of that one: nothing has changed,
    and nothing was done. What became no item then is none now.

    One statement for each :data:`_REPEATED` blocks, which brings no row here; ``told`` how many are done before each.
    """
    unchanged = {"state": ConflictState.UNCHANGED, "outcome": Outcome.UNCHANGED, "reason": ""}
    columns: dict[str, Any] = {name: F(name) for name in _COLUMNS}
    for name, value in unchanged.items():
        field: Any = ImportRecord._meta.get_field(name)
        columns[name] = Case(When(entity=None, then=F(name)), default=Value(value, output_field=field))
    columns |= {
        "import_run": Value(run.pk),
        "decision": Value(""),
        "collected": Value(False),
        "tags": Value("{}"),
        "tags_left_out": Value("{}"),
        "draft_before": F("draft_after"),
        "draft_before_num": F("draft_after_num"),
        "published_before": F("entity__published__version"),
        "published_after": F("entity__published__version"),
        "published_before_num": F("entity__published__version__version_num"),
        "published_after_num": F("entity__published__version__version_num"),
    }
    for first in range(0, before.block_count, _REPEATED):
        told(first)
        insert_from(before.records.filter(num__gte=first, num__lt=first + _REPEATED), ImportRecord, columns)


_REPEATED = 10_000
"""Records that are repeated at once: a tenth of a second."""

_COLUMNS = (
    "import_run",
    "num",
    "depth",
    "usage_key",
    "block_type",
    "kind",
    "title",
    "name",
    "state",
    "decision",
    "outcome",
    "reason",
    "item_key",
    "collected",
    "tags",
    "tags_left_out",
    "undone",
    "entity",
    "draft_before",
    "draft_after",
    "published_before",
    "published_after",
    "draft_before_num",
    "draft_after_num",
    "published_before_num",
    "published_after_num",
    "source_digest",
    "item_digest",
    "source_content",
    "warnings",
    "files",
    "missing_files",
    "left_out",
    "contents",
    "inside",
    "choices_from",
)


def _row(
    run: Import,
    item: PlannedItem,
    *,
    entity_id: int | None,
    then: Versions,
    now: Versions,
    staged: _Staged,
    files: tuple[list[str], list[str]],
    source: dict[str, Any],
    item_key: str,
    tags: Tags,
    tags_left_out: TagsLeftOut,
    warnings: Sequence[str],
    collected: bool,
) -> Row:
    """A record as a row of :data:`_COLUMNS`."""
    named, missing = files
    return (
        run.pk,
        item.num,
        item.depth,
        item.usage_key,
        item.block_type,
        item.kind.value,
        item.title,
        item.name if item.name != item.title else "",
        item.state.value,
        item.decision.value if item.decision else "",
        item.outcome.value,
        str(item.reason),
        item_key,
        collected,
        as_json(tags),
        as_json(tags_left_out),
        False,
        entity_id,
        then.draft,
        now.draft,
        then.published,
        now.published,
        then.draft_num,
        now.draft_num,
        then.published_num,
        now.published_num,
        item.source_digest,
        item.item_digest,
        as_json(source),
        as_json(list(warnings)),
        as_json(named),
        as_json(missing),
        as_json(list(item.left_out)),
        item.contents.value if item.contents else "",
        as_json(list(item.inside)),
        staged.choices_from,
    )


def _with_merged(staged: _Staged, merged: list[str] | None) -> tuple[list[str], list[str]]:
    """The files that the block came with and those that it misses; of a merged one, those that it came to have."""
    if merged is None:
        return staged.files, staged.missing_files
    return merged, [name for name in staged.missing_files if name not in merged]


def _source_content(item: PlannedItem, content: dict[str, Any]) -> dict[str, Any]:
    """
    What the source held; of a container also ``children``, what of it was imported, and ``shown``, all that it held.

    The library may have changed the one where it is merged, and a review the other.
    """
    if not content or not item.kind.is_container:
        return content
    children = item.source_children or item.children
    return content | {"children": list(map(str, children)), "shown": list(map(str, item.in_source))}


def _differs_from_source(item: PlannedItem) -> bool:
    """Whether the library, once this is done, holds other than the source: what a reviewer has edited or left out."""
    stands = item.outcome.writes or item.outcome is Outcome.UNCHANGED
    return stands and (item.source_digest != item.item_digest or item.in_source != item.children)


def with_imports(records: QuerySet[ImportRecord]) -> QuerySet[ImportRecord]:
    """The records with what :func:`record_data` reads of imports."""
    return records.select_related("import_run").annotate(choices_from_uuid=F("choices_from__uuid"))


def record_data(record: Any) -> RecordData:
    """A record, from :func:`with_imports`, as plain data."""
    return RecordData(
        import_id=str(record.import_run.uuid),
        **of_record(record),
        depth=record.depth,
        state=ConflictState(record.state),
        outcome=Outcome(record.outcome),
        decision=Decision(record.decision) if record.decision else None,
        draft_before=record.draft_before_num,
        draft_after=record.draft_after_num,
        published_before=record.published_before_num,
        published_after=record.published_after_num,
        reason=record.reason,
        warnings=tuple(record.warnings),
        files=tuple(record.files),
        missing_files=tuple(record.missing_files),
        left_out=tuple(record.left_out),
        contents=Contents(record.contents) if record.contents else None,
        contents_collection=(contents_collection := _collection_of(record)),
        contents_collection_url=collection_url(record.import_run.library_key, contents_collection),
        inside=tuple(record.inside),
        tags=tuple(value for values in record.tags.values() for value in values),
        tags_left_out=tuple(f"{name}: {value}" for name, values in record.tags_left_out.items() for value in values),
        choices_from=str(record.choices_from_uuid or ""),
        undone=record.undone,
    )


def _collection_of(record: ImportRecord) -> str:
    """Code of the collection that what is inside the block was put into; empty where there is none."""
    if record.contents != Contents.COLLECTION:
        return ""
    collected = record.import_run.contents_collections
    return next((each["code"] for each in collected if each["num"] == record.num), "")


def _staged(run: Import, nums: Sequence[int]) -> dict[int, _Staged]:
    """What the staged blocks from the first to the last of these add to what is planned, by number; one query."""
    rows = run.blocks.filter(num__range=(nums[0], nums[-1])).order_by()
    return {
        num: _Staged([file["name"] for file in from_json(files)], from_json(missing), choices_from)
        for num, files, missing, choices_from in rows.values_list(
            "num", json_text("files"), json_text("missing_files"), "choices_from_id"
        )
        if files != "[]" or missing != "[]" or choices_from is not None
    }
