"""Loading what planning has to know of the library."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from itertools import batched

from django.db.models import Exists, F, Max, OuterRef, Q
from openedx_content.models_api import (
    Component,
    ComponentVersionMedia,
    Container,
    Draft,
    EntityListRow,
    LearningPackage,
    Media,
)

from ..data import BlockIds, BlockKind, Branch, ConflictState, LocalKey, Outcome
from ..hosts.forwarding import Forwarding
from ..models import ImportRecord
from ..olx.normal_form import component_digest, container_digest, normal_digest
from ..olx.parsing import UnreadableXML
from ..planning import Collections, LibraryItem, LibraryState, PastImport, SourceBlock, wanted_code
from .codes import codes_of_containers, letters_of_codes
from .elsewhere import known_elsewhere
from .items import FILES_PREFIX, OLX_PATH

_BATCH_SIZE = 500
_MET = (Outcome.CREATED, Outcome.UPDATED, Outcome.FORKED, Outcome.UNCHANGED)
"""Outcomes of blocks that an item stands for since."""
_CONTAINER_KINDS = {kind.value: kind for kind in BlockKind if kind.is_container}


def load_library_state(
    package_id: LearningPackage.ID | None,
    *,
    library_key: str,
    source_key: str,
    blocks: Collection[SourceBlock],
    block_ids: BlockIds,
    normal_digests: Mapping[str, str],
    block_limit: int,
    collections: Callable[[], Collections],
    forwarding: Forwarding | None = None,
) -> LibraryState:
    """
    Load the library's items, their drafts' digests, and the history of imports from this source into it.

    ``package_id`` is ``None`` for a library that is still to be made. ``blocks`` are staged; ``block_ids`` says how
    they get their IDs, ``normal_digests`` holds their digests in normal form by the digest of their exact OLX, and
    ``collections`` tells of collections, should anything ask; ``forwarding`` of what others have imported.
    Seven queries whatever the size of the library and of the import, and one more for each 500 components whose OLX has
    to be compared in normal form, and for each 500 items that are gone from the source; :mod:`.codes` needs some of its
    own on MySQL and MariaDB.
    """
    letters = letters_of_codes()
    codes = {(block.kind.is_container, wanted_code(block, block_ids, letters)) for block in blocks}
    same_code = codes_of_containers(package_id, (code for of_container, code in codes if of_container))
    if package_id is None:
        return LibraryState(items={}, history={}, block_limit=block_limit, letters=letters, same_code=same_code)
    history = _load_history(library_key, source_key)
    if forwarding is not None:
        history |= known_elsewhere(forwarding, package_id, source_key, known=history)
    wanted_ids = {past.entity_id for past in history.values()}
    component_codes = {code for of_container, code in codes if not of_container}
    components = _load_components(package_id, component_codes, normal_digests, wanted_ids)
    containers, other_codes = _load_containers(package_id)
    return LibraryState(
        items=components | containers,
        history=history,
        block_limit=block_limit,
        letters=letters,
        same_code=same_code,
        other_codes=frozenset(other_codes),
        other_sources=partial(_other_sources, source_key, forwarding),
        collections=collections,
    )


def _load_history(library_key: str, source_key: str) -> dict[str, PastImport]:
    """The last thing that was written, or found to be there already, and not undone since, for each source block."""
    newest = (
        ImportRecord.objects.filter(
            import_run__library_key=library_key,
            import_run__source_key=source_key,
            undone=False,
            outcome__in=_MET,
            entity__isnull=False,
        )
        .order_by()
        .values("usage_key")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    records = ImportRecord.objects.filter(pk__in=newest).values_list(
        "usage_key", "entity_id", "source_digest", "item_digest", "block_type", "import_run__branch", "name", "pk",
        "source_content__edited_digest",
    )  # fmt: skip
    return {
        key: PastImport(
            entity_id=entity_id,
            source_digest=source,
            item_digest=item,
            block_type=block_type,
            branch=Branch(branch),
            name=name,
            record=pk,
            edited_digest=edited or "",
        )
        for key, entity_id, source, item, block_type, branch, name, pk, edited in records.iterator()
    }


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
        Q(outcome__in=_MET) & ~Q(entity_id=OuterRef("entity_id")) | Q(state=ConflictState.GONE),
        usage_key=OuterRef("usage_key"),
        import_run__library_key=OuterRef("import_run__library_key"),
        pk__gt=OuterRef("pk"),
    )
    found: dict[int, set[str]] = {}
    for batch in batched(entity_ids, _BATCH_SIZE):
        rows = records.filter(~Exists(later), outcome__in=_MET, entity__pk__in=batch)
        rows = rows.exclude(import_run__source_key=source_key)
        for entity_id, key in rows.values_list("entity_id", "import_run__source_key").distinct():
            found.setdefault(entity_id, set()).add(key)
        for pk, keys in forwarding.known_sources(batch).items() if forwarding else ():
            found.setdefault(pk, set()).update(keys - {source_key})
    return {entity_id: tuple(sorted(keys)) for entity_id, keys in found.items() if keys}


def _load_components(
    package_id: LearningPackage.ID, codes: Collection[str], normal_digests: Mapping[str, str], wanted_ids: set[int]
) -> dict[LocalKey, LibraryItem]:
    # A staged component can only meet an item of its own key, or one that history names: only of these does the content
    # matter. Of all others it is enough to know that their key is taken.
    rows = list(
        Component.objects.filter(learning_package_id=package_id).values_list(
            "publishable_entity_id",
            "component_type__name",
            "component_code",
            "publishable_entity__draft__version_id",
            "publishable_entity__draft__version__title",
            "publishable_entity__published__version_id",
        )
    )
    compared = {
        version_id
        for entity_id, _type, code, version_id, _title, _published_id in rows
        if version_id is not None and (code in codes or entity_id in wanted_ids)
    }
    olx, files = _load_media(package_id, compared)
    normal = _normal_digests(olx.values(), normal_digests)
    items = {}
    for entity_id, block_type, code, version_id, title, published_id in rows:
        digest = ""
        if version_id in compared and version_id in olx:
            digest = component_digest(normal[olx[version_id]], title, files.get(version_id, ()))
        items[LocalKey(block_type, code)] = LibraryItem(
            entity_id=entity_id,
            kind=BlockKind.COMPONENT,
            title=title or "",
            digest=digest,
            deleted=version_id is None,
            is_live=published_id == version_id,
            is_published=published_id is not None,
        )
    return items


def _load_media(
    package_id: LearningPackage.ID, version_ids: set[int]
) -> tuple[dict[int, tuple[int, str]], dict[int, list[tuple[str, str]]]]:
    """For each component version: its OLX as media ID and hash, and its files as pairs of name and hash."""
    olx: dict[int, tuple[int, str]] = {}
    files: dict[int, list[tuple[str, str]]] = {}
    if not version_ids:
        return olx, files
    rows = ComponentVersionMedia.objects.filter(
        component_version__component__learning_package_id=package_id,
        component_version__publishable_entity_version__draft__isnull=False,
    ).values_list("component_version_id", "path", "media_id", "media__hash_digest")
    for version_id, path, media_id, digest in rows.iterator():
        if version_id not in version_ids:
            continue
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


def _load_containers(package_id: LearningPackage.ID) -> tuple[dict[LocalKey, LibraryItem], set[str]]:
    """The containers, and the codes of those whose type no import makes."""
    rows = list(
        Container.objects.filter(learning_package_id=package_id).values_list(
            "publishable_entity_id",
            "container_type__type_code",
            "container_code",
            "publishable_entity__draft__version__title",
            "publishable_entity__draft__version_id",
            "publishable_entity__published__version_id",
        )
    )
    children = _load_children(package_id) if rows else {}
    published = _load_published_children(package_id) if rows else {}
    items = {}
    other_codes = set()
    for entity_id, type_code, code, title, version_id, published_id in rows:
        if type_code not in _CONTAINER_KINDS:
            other_codes.add(code)
            continue
        held = children.get(version_id, [])
        child_ids = tuple(child_id for child_id, _name in held)
        items[LocalKey(type_code, code)] = LibraryItem(
            entity_id=entity_id,
            kind=_CONTAINER_KINDS[type_code],
            title=title or "",
            digest=container_digest(title or "", [name for _entity_id, name in held]),
            deleted=version_id is None,
            children=child_ids,
            pinned={pk: int(name.rpartition("@")[2]) for pk, name in held if "@" in name},
            is_live=published_id == version_id,
            is_published=published_id is not None,
            published_children=child_ids if published_id == version_id else tuple(published.get(published_id, ())),
        )
    return items, other_codes


def _load_published_children(package_id: LearningPackage.ID) -> dict[int, list[int]]:
    """What learners see in containers of which authors see another version, as entity IDs by container version."""
    children: dict[int, list[int]] = {}
    rows = EntityListRow.objects.filter(
        entity_list__container_versions__publishable_entity_version__published__isnull=False,
        entity_list__container_versions__publishable_entity_version__draft__isnull=True,
        entity_list__container_versions__container__learning_package_id=package_id,
    ).values_list(F("entity_list__container_versions__publishable_entity_version_id"), "entity_id")
    for version_id, entity_id in rows.iterator():
        children.setdefault(version_id, []).append(entity_id)
    return children


def _load_children(package_id: LearningPackage.ID) -> dict[int, list[tuple[int, str]]]:
    """
    The live children of every container's draft, in order, by container version: entity ID and name.

    A pinned child is named with its version, so that it never equals a planned one: imports do not pin.
    """
    children: dict[int, list[tuple[int, str]]] = {}
    live = Draft.objects.filter(entity__learning_package_id=package_id, version__isnull=False)
    component_keys = {
        entity_id: f"{type_name}:{code}"
        for entity_id, type_name, code in Component.objects.filter(learning_package_id=package_id).values_list(
            "publishable_entity_id", "component_type__name", "component_code"
        )
    }
    rows = (
        EntityListRow.objects.filter(
            entity_list__container_versions__publishable_entity_version__draft__isnull=False,
            entity_list__container_versions__container__learning_package_id=package_id,
            entity_id__in=live.values("entity_id"),
        )
        .order_by("order_num")
        .values_list(
            F("entity_list__container_versions__publishable_entity_version_id"),
            "entity_id",
            "entity_version_id",
            "entity__container__container_type__type_code",
            "entity__container__container_code",
        )
    )
    for version_id, entity_id, pinned_id, container_type, container_code in rows.iterator():
        name = f"{container_type}:{container_code}" if container_type else component_keys.get(entity_id, "")
        children.setdefault(version_id, []).append((entity_id, f"{name}@{pinned_id}" if pinned_id else name))
    return children
