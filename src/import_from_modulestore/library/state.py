"""
Loading what planning has to know of the library.

Only what an import can meet is read: the items that history names for its blocks, those
that have the ID of a block without history, and what the containers among these hold. The time goes by the import, but
for counting. ``tests/test_what_is_loaded.py`` holds plans against those of a library that is read whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import batched
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from openedx_content.models_api import (
    Component,
    ComponentType,
    ComponentVersionMedia,
    Container,
    EntityListRow,
    LearningPackage,
    Media,
    PublishableEntity,
)

from ..data import BlockIds, BlockKind, Branch, ConflictState, LocalKey, Outcome
from ..hosts.forwarding import Forwarding
from ..models import ImportRecord
from ..olx.normal_form import component_digest, container_digest, normal_digest
from ..olx.parsing import UnreadableXML
from ..planning import Collections, Holder, LibraryItem, LibraryState, PastImport, SourceBlock, wanted_code
from ..rows import in_batches
from .codes import codes_of_containers, letters_of_codes
from .elsewhere import known_elsewhere
from .items import FILES_PREFIX, OLX_PATH

_BATCH_SIZE = 500
MET = (Outcome.CREATED, Outcome.UPDATED, Outcome.FORKED, Outcome.UNCHANGED)
"""Outcomes of blocks that an item stands for since."""
_COMPONENT = BlockKind.COMPONENT
_KINDS = {kind.value: kind for kind in BlockKind if kind.is_container}
_BRANCHES = {branch.value: branch for branch in Branch}


def load_library_state(
    package_id: LearningPackage.ID | None,
    *,
    library_key: str,
    source_key: str,
    blocks: Collection[SourceBlock],
    block_ids: BlockIds,
    normal_digests: Callable[[], Mapping[str, str]],
    block_limit: int,
    collections: Callable[[], Collections],
    forwarding: Forwarding | None = None,
) -> LibraryState:
    """
    Load the library's items, as far as the import can meet them, their drafts' digests, and the history of imports from
    this source into it.

    ``package_id`` is ``None`` for a library that is still to be made. ``blocks`` are staged; ``block_ids`` says how
    they get their IDs, ``normal_digests`` gives their digests in normal form by the digest of their exact OLX, and
    ``collections`` tells of collections, should anything ask; ``forwarding`` of what others have imported.
    Two queries where all blocks are new to the library and it is empty; and one for each thousand blocks that have no
    history, for each thousand components and containers that they meet, for each 500 components whose OLX has to be
    compared in normal form, and for each 500 items that are gone from the source. Where a new item needs another ID
    than its block's, two more, for all IDs that there are; :mod:`.codes` needs some of its own on MySQL and MariaDB.
    """
    letters = letters_of_codes()
    code_of = partial(wanted_code, block_ids=block_ids, letters=letters)
    same_code = codes_of_containers(package_id, (code_of(block) for block in blocks if block.kind.is_container))
    if package_id is None:
        return LibraryState(items={}, history={}, block_limit=block_limit, letters=letters, same_code=same_code)
    history = _load_history(package_id, library_key, source_key)
    if forwarding is not None:
        elsewhere = known_elsewhere(forwarding, package_id, source_key, known=history.imports)
        history.imports.update(elsewhere)
        history.rows.update(_rows_of({past.entity_id for past in elsewhere.values()} - history.rows.keys(), package_id))
    wanted = _Wanted(package_id, _without_item(blocks, history), code_of)
    entities = PublishableEntity.objects.filter(learning_package_id=package_id)
    counts = entities.aggregate(total=Count("pk"), live=Count("draft__version_id"))
    met = history.rows | (wanted.rows() if counts["total"] else {})
    held = _load_children([row.version_id for row in met.values() if row.kind is not _COMPONENT and row.version_id])
    around = _rows_of({pk for children in held.values() for pk, _pinned in children} - met.keys(), package_id)
    digests = history.digests_of({block.digest for block in blocks})
    digests |= _digests(
        {
            row.version_id: row.title or ""
            for row in met.values()
            if row.kind is _COMPONENT and row.version_id is not None and row.version_id not in digests
        },
        normal_digests,
    )
    there = met | around  # What is held beside is there for its key, title and state alone.
    return LibraryState(
        items={
            LocalKey(row.type, row.code): _item(row, digests, held, there)
            for row in there.values()
            if row.kind is not None
        },
        history=history.imports,
        live_count=counts["live"],
        block_limit=block_limit,
        letters=letters,
        same_code=same_code,
        other_codes=frozenset(row.code for row in met.values() if row.kind is None),
        is_taken=_Others(package_id, wanted, same_code),
        other_sources=partial(_other_sources, source_key, forwarding),
        holders=partial(_holders, package_id),
        collections=collections,
    )


# Items


class _Row(NamedTuple):
    """An item as it is read; ``kind`` is ``None`` for a container that no import makes."""

    entity_id: int
    type: str
    code: str
    kind: BlockKind | None
    version_id: int | None
    title: str | None
    published_id: int | None

    @property
    def name(self) -> str:
        """As a container names what it holds."""
        return f"{self.type}:{self.code}"


_ITEM = (
    "component__component_type__name",
    "component__component_code",
    "container__container_type__type_code",
    "container__container_code",
    "draft__version_id",
    "draft__version__title",
    "published__version_id",
)
"""What :func:`_row` takes of an entity, after its key."""


def _row(
    entity_id: int,
    block_type: str | None,
    block_code: str | None,
    container_type: str | None,
    container_code: str | None,
    *versions: Any,
) -> _Row | None:
    """``None`` for an entity that is neither component nor container."""
    if block_type is not None and block_code is not None:
        return _Row(entity_id, block_type, block_code, _COMPONENT, *versions)
    if container_type is not None and container_code is not None:
        return _Row(entity_id, container_type, container_code, _KINDS.get(container_type), *versions)
    return None


def _rows(entities: QuerySet[PublishableEntity]) -> dict[int, _Row]:
    rows = (_row(*values) for values in entities.order_by().values_list("pk", *_ITEM).iterator())
    return {row.entity_id: row for row in rows if row is not None}


def _rows_of(entity_ids: Collection[int], package_id: LearningPackage.ID) -> dict[int, _Row]:
    """The items of these entities, as far as they are this library's; one query for each thousand."""
    rows: dict[int, _Row] = {}
    for batch in in_batches(sorted(entity_ids)):
        rows |= _rows(PublishableEntity.objects.filter(pk__in=batch, learning_package_id=package_id))
    return rows


def _item(
    row: _Row, digests: Mapping[int, str], children: Mapping[int, Sequence[_Child]], there: Mapping[int, _Row]
) -> LibraryItem:
    assert row.kind is not None
    title, version_id = row.title or "", row.version_id or 0
    digest, held = digests.get(version_id, ""), children.get(version_id, ())
    if row.kind.is_container:
        names = [(there[pk].name if pk in there else "", pinned) for pk, pinned in held]
        digest = container_digest(title, [f"{name}@{pinned}" if pinned else name for name, pinned in names])
    return LibraryItem(
        entity_id=row.entity_id,
        kind=row.kind,
        title=title,
        digest=digest,
        deleted=row.version_id is None,
        children=tuple(pk for pk, _pinned in held),
        pinned={pk: pinned for pk, pinned in held if pinned},
        is_live=row.published_id == row.version_id,
        is_published=row.published_id is not None,
    )


type _Child = tuple[int, int | None]
"""What a container holds: an entity, and where it is pinned, its version."""


def _load_children(version_ids: Iterable[int]) -> dict[int, list[_Child]]:
    """
    What these versions of containers hold, as far as it is there, in order; one query for each thousand.

    A pinned child is named with its version, so that it never equals a planned one: imports do not pin.
    """
    children: dict[int, list[_Child]] = {}
    for batch in in_batches(version_ids):
        rows = EntityListRow.objects.filter(
            entity_list__container_versions__in=batch, entity__draft__version__isnull=False
        ).order_by("order_num")
        for version_id, entity_id, pinned in rows.values_list(
            "entity_list__container_versions", "entity_id", "entity_version_id"
        ):
            children.setdefault(version_id, []).append((entity_id, pinned))
    return children


# What may be met by its ID


def _without_item(blocks: Iterable[SourceBlock], history: _History) -> list[SourceBlock]:
    """
    The blocks that do not have the item that history names for themselves: they may meet one of their own ID.

    What is shown again goes with its first showing.
    """
    first = [block for block in blocks if block.repeats is None]
    named = {block.num: past.entity_id for block in first if (past := history.imports.get(block.usage_key))}
    times = Counter(named.values())

    def has_item(block: SourceBlock) -> bool:
        row = history.rows.get(named.get(block.num, 0))
        return row is not None and row.kind is block.kind and times[row.entity_id] == 1

    return [block for block in first if not has_item(block)]


class _Wanted:
    """The keys of components and the codes of containers that blocks may meet."""

    def __init__(
        self, package_id: LearningPackage.ID, blocks: Iterable[SourceBlock], code_of: Callable[[SourceBlock], str]
    ) -> None:
        self._package_id = package_id
        self.codes: set[str] = set()
        self.keys: set[LocalKey] = set()
        for block in blocks:
            if block.kind.is_container:
                self.codes.add(code_of(block))
            else:
                self.keys.add(LocalKey(block.block_type, code_of(block)))

    def rows(self) -> dict[int, _Row]:
        """The items of these keys and codes, by entity; one query for each thousand."""
        rows: dict[int, _Row] = {}
        of_components = PublishableEntity.objects.filter(component__learning_package_id=self._package_id)
        for keys in in_batches(sorted(self.keys)):
            types = {key.type for key in keys}
            named = ComponentType.objects.filter(name__in=types).values("pk")
            rows |= _rows(
                of_components.filter(
                    component__component_type__in=named, component__component_code__in={key.code for key in keys}
                )
            )
        of_containers = PublishableEntity.objects.filter(container__learning_package_id=self._package_id)
        for codes in in_batches(sorted(self.codes)):
            rows |= _rows(of_containers.filter(container__container_code__in=codes))
        return rows


class _Others:
    """Tells of keys whether items have them that were not read: all are asked for at once, should one not be known."""

    def __init__(self, package_id: LearningPackage.ID, wanted: _Wanted, same_code: Callable[[str], str]) -> None:
        self._package_id = package_id
        self._wanted = wanted
        self._same_code = same_code

    def __call__(self, key: LocalKey) -> bool:
        if key.type in _KINDS:
            return key.code not in self._wanted.codes and self._same_code(key.code) in self._codes
        return key not in self._wanted.keys and key in self._keys

    @cached_property
    def _codes(self) -> set[str]:
        """Of all containers, whatever their type."""
        containers = Container.objects.filter(learning_package_id=self._package_id).order_by()
        return set(map(self._same_code, containers.values_list("container_code", flat=True).iterator()))

    @cached_property
    def _keys(self) -> set[tuple[str, str]]:
        """Of all components."""
        components = Component.objects.filter(learning_package_id=self._package_id).order_by()
        return set(components.values_list("component_type__name", "component_code").iterator())


# What components hold


def _digests(titles: Mapping[int, str], normal_digests: Callable[[], Mapping[str, str]]) -> dict[int, str]:
    """The digests of these versions of components, which have these titles. Of each thousand one query."""
    digests: dict[int, str] = {}
    known = normal_digests() if titles else {}
    for batch in in_batches(titles):
        olx, files = _load_media(batch)
        normal = _normal_digests(olx.values(), known)
        for version_id, media in olx.items():
            digests[version_id] = component_digest(normal[media], titles[version_id], files.get(version_id, ()))
    return digests


def _load_media(
    version_ids: Collection[int],
) -> tuple[dict[int, tuple[int, str]], dict[int, list[tuple[str, str]]]]:
    """For each component version: its OLX as media ID and hash, and its files as pairs of name and hash. One query."""
    olx: dict[int, tuple[int, str]] = {}
    files: dict[int, list[tuple[str, str]]] = {}
    rows = ComponentVersionMedia.objects.filter(component_version__in=version_ids)
    for version_id, path, media_id, digest in rows.values_list(
        "component_version_id", "path", "media_id", "media__hash_digest"
    ):
        if path == OLX_PATH:
            olx[version_id] = (media_id, digest)
        else:
            files.setdefault(version_id, []).append((path.removeprefix(FILES_PREFIX), digest))
    return olx, files


def _normal_digests(olx: Iterable[tuple[int, str]], known: Mapping[str, str]) -> dict[tuple[int, str], str]:
    """Digests in normal form; the text is only read where its exact hash is not one of the staged blocks'."""
    normal = {}
    unknown = {}
    for media_id, digest in olx:
        if digest in known:
            normal[media_id, digest] = known[digest]
        else:
            unknown[media_id] = digest
    for batch in batched(sorted(unknown), _BATCH_SIZE):
        for media_id, text in Media.objects.filter(pk__in=batch).values_list("pk", "text"):
            try:
                normal[media_id, unknown[media_id]] = normal_digest(text or "")
            except UnreadableXML:
                normal[media_id, unknown[media_id]] = unknown[media_id]
    return normal


# History


@dataclass(frozen=True)
class _History:
    """
    What imports from the source have made of its blocks, by usage key, and the items that are there of it, by entity.

    ``written`` is the digest of versions: those that items had once an import had written or met them.
    """

    imports: dict[str, PastImport]
    rows: dict[int, _Row]
    written: dict[int, str]

    def digests_of(self, staged: Collection[str]) -> dict[int, str]:
        """
        Of those versions that hold what is staged, by ID. They do not change, so that nothing of them has to be read.

        Others are read again: what counts as the same content may not have been the same when they were written.
        """
        return {version_id: digest for version_id, digest in self.written.items() if digest in staged}


def _load_history(package_id: LearningPackage.ID, library_key: str, source_key: str) -> _History:
    """For each source block: what the newest import that still stands made of it. One query."""
    newest = (
        ImportRecord.objects.filter(
            import_run__library_key=library_key,
            import_run__source_key=source_key,
            undone=False,
            outcome__in=MET,
            entity__isnull=False,
        )
        .order_by()
        .values("usage_key")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    records = ImportRecord.objects.filter(pk__in=newest).values_list(
        *("usage_key", "source_digest", "item_digest", "block_type", "import_run__branch", "name", "pk"),
        *("source_content__edited_digest", "draft_after_id", "entity__learning_package_id", "entity_id"),
        *(f"entity__{column}" for column in _ITEM),
    )
    found = _History({}, {}, {})
    for key, source, item, block_type, branch, name, pk, edited, version_id, package, entity_id, *values in records:
        found.imports[key] = PastImport(
            entity_id=entity_id,
            source_digest=source,
            item_digest=item,
            block_type=block_type,
            branch=_BRANCHES[branch],
            name=name,
            record=pk,
            edited_digest=edited or "",
        )
        if package == package_id and (row := _row(entity_id, *values)) is not None:
            found.rows[entity_id] = row
        if version_id is not None:
            found.written[version_id] = item
    return found


def _other_sources(
    source_key: str, forwarding: Forwarding | None, entity_ids: Collection[int]
) -> dict[int, tuple[str, ...]]:
    """
    Other sources of which a block was last imported as one of these items, and that held it when they were last read;
    also by others than us.

    By entity ID. One query for each 500 items, or two.
    """
    records = ImportRecord.objects.filter(undone=False, entity__isnull=False).order_by()
    later = records.filter(
        Q(outcome__in=MET) & ~Q(entity_id=OuterRef("entity_id")) | Q(state=ConflictState.GONE),
        usage_key=OuterRef("usage_key"),
        import_run__library_key=OuterRef("import_run__library_key"),
        pk__gt=OuterRef("pk"),
    )
    found: dict[int, set[str]] = {}
    for batch in batched(entity_ids, _BATCH_SIZE):
        rows = records.filter(~Exists(later), outcome__in=MET, entity__pk__in=batch)
        rows = rows.exclude(import_run__source_key=source_key)
        for entity_id, key in rows.values_list("entity_id", "import_run__source_key").distinct():
            found.setdefault(entity_id, set()).add(key)
        for pk, keys in forwarding.known_sources(batch).items() if forwarding else ():
            found.setdefault(pk, set()).update(keys - {source_key})
    return {entity_id: tuple(sorted(keys)) for entity_id, keys in found.items() if keys}


def _holders(package_id: LearningPackage.ID, entity_ids: Iterable[int]) -> dict[int, Holder]:
    """The containers that hold one of these, as authors or learners see them; one query for each thousand."""
    found: dict[int, Holder] = {}
    for batch in in_batches(entity_ids):
        rows = EntityListRow.objects.filter(
            Q(**{f"{_HOLDING}__publishable_entity_version__draft__isnull": False})
            | Q(**{f"{_HOLDING}__publishable_entity_version__published__isnull": False}),
            **{
                "entity_id__in": batch,
                f"{_HOLDING}__container__learning_package_id": package_id,
                f"{_HOLDING}__container__container_type__type_code__in": _KINDS,
            },
        )
        for entity_id, holder, code, title, draft, published in rows.values_list(
            "entity_id",
            f"{_HOLDING}__container_id",
            f"{_HOLDING}__container__container_code",
            f"{_HOLDING}__container__publishable_entity__draft__version__title",
            f"{_HOLDING}__publishable_entity_version__draft",
            f"{_HOLDING}__publishable_entity_version__published",
        ):
            each = found.setdefault(holder, Holder(title=title or code, draft=set(), published=set()))
            each.draft.update([entity_id] if draft else [])
            each.published.update([entity_id] if published else [])
    return dict(sorted(found.items()))


_HOLDING = "entity_list__container_versions"
