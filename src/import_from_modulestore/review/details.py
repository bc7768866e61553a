"""One staged block in full, beside what stands in the library in its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from lxml import etree
from openedx_content.models_api import PublishableEntity

from ..data import (
    BlockDetails,
    BlockKind,
    Decision,
    Difference,
    DifferenceKind,
    FileData,
    LibraryItemData,
    LocalKey,
    Outcome,
    PlannedItem,
)
from ..hosts import item_url
from ..keys import library_item_key
from ..library.items import ItemVersion, children_of, find_item, item_version, keys_of, local_keys
from ..models import ImportRecord, StagedBlock
from ..olx.normal_form import component_olx, container_digest
from ..olx.parsing import parse_xml
from ..olx.readable import difference, readable_lines
from ..staging.content import staged_element
from .blocks import PlannedImport, block_data, names_around
from .edits import as_text
from .pieces import ReviewedMerge, reviewed_merge


def block_details(row: StagedBlock, planned: PlannedImport) -> BlockDetails:
    """
    The block with its content, the library's item and the differences; ``row`` is a first showing, with ``is_edited``.

    Reads and parses the block's root; a fixed number of queries.
    """
    item = planned.items.get(row.num)
    is_container = BlockKind(row.kind).is_container
    staged = None if is_container else staged_element(row)
    current = None if row.child_count else parse_xml(row.edited_olx) if row.edited_olx else staged
    merge = reviewed_merge(planned.run, row, item) if item is not None else None
    library, differences = (None, ()) if item is None else _compare(row, item, current, staged, planned, merge)
    return BlockDetails(
        block=block_data(row, planned, names_around(planned, [row.num])),
        olx=_olx(current),
        staged_olx=_olx(staged),
        files=tuple(FileData(name=file["name"], size=file["size"]) for file in row.files),
        missing_files=tuple(row.missing_files),
        library=library,
        differences=differences,
        pieces=merge.pieces if merge else (),
        merged_olx=component_olx(merge.texts.element) if merge and merge.texts else "",
        whole_body=merge.whole_body if merge else None,
    )


def _compare(
    row: StagedBlock,
    item: PlannedItem,
    current: etree._Element | None,
    staged: etree._Element | None,
    planned: PlannedImport,
    merge: ReviewedMerge | None,
) -> tuple[LibraryItemData | None, tuple[Difference, ...]]:
    met = find_item(item.meets) if item.meets is not None else None
    if met is None:
        return None, ()
    now = item_version(met.draft_id) if met.draft_id is not None else None
    then, source_then = _last_import(row, item, planned, now)
    titles = dict(planned.names)
    for version in (now, then):
        titles.update({key: title for key, title in version.children if title} if version else {})
    in_source = _in_source(item, planned)
    held_then = (key for version in (then, source_then) if version for key, _title in version.children)
    titles.update(_other_titles(row, planned, {*in_source, *held_then} - titles.keys()))

    if leaves_it(item):
        incoming = _version_lines(now, titles)
    elif item.decision is Decision.MERGE and merge is not None:
        incoming = _merged_lines(item, merge, titles)
    else:
        incoming = _lines(row.title, current, row.files, item.children, titles)
    source_files = row.source_files if row.edited_olx else row.files
    source_now = _lines(row.source_title, staged, source_files, in_source, titles)
    differences = [
        Difference(kind=kind, lines=difference(_version_lines(before, titles), after))
        for kind, before, after in (
            (DifferenceKind.REPLACEMENT, now, incoming),
            (DifferenceKind.LIBRARY, then, _version_lines(now, titles)),
            (DifferenceKind.SOURCE, source_then, source_now),
        )
        if kind is DifferenceKind.REPLACEMENT or before is not None
    ]
    key = library_item_key(planned.library_key, item.kind, met.key)
    library = LibraryItemData(
        key=key,
        url=item_url(key),
        title=now.title if now else "",
        draft_num=met.draft_num,
        published_num=met.published_num,
        modified=now.created if now else None,
        olx=now.olx if now else "",
        children=tuple(title for _key, title in now.children) if now else (),
    )
    return library, tuple(differences)


def leaves_it(item: PlannedItem) -> bool:
    """Whether the library's item stays what it is, whatever else might be decided: the source has nothing for it."""
    is_merged = item.decision is Decision.MERGE and item.outcome is Outcome.SKIPPED
    return is_merged or item.outcome is Outcome.UNCHANGED


def _in_source(item: PlannedItem, planned: PlannedImport) -> list[LocalKey]:
    """What the source holds in a container; what is to be forked under the key that it had. One query, where any is."""
    items = {each.local_key: each for each in planned.plan.items if each.outcome is Outcome.FORKED}
    forked = {key: items[key].meets for key in item.in_source if key in items}
    met = keys_of({entity_id for entity_id in forked.values() if entity_id is not None})
    return [met.get(forked.get(key) or 0, key) for key in item.in_source]


def _other_titles(row: StagedBlock, planned: PlannedImport, keys: Collection[LocalKey]) -> dict[LocalKey, str]:
    """Titles of what a container holds or held, and neither plan nor library have. Two queries, where there is any."""
    if not keys:
        return {}
    kind = next(kind for kind in BlockKind if kind.rank == BlockKind(row.kind).rank - 1)
    inside = planned.run.blocks.filter(
        num__gt=row.num, num__lt=row.end_num, kind=kind, block_id__in=[key.code for key in keys]
    ).values_list("block_id", "title", "name")
    staged = {code: name or title for code, title, name in inside}
    by_item_key = {library_item_key(planned.library_key, kind, key): key for key in keys}
    past = ImportRecord.objects.filter(item_key__in=by_item_key).order_by("pk").values_list("item_key", "title", "name")
    imported = {by_item_key[item_key]: name or title for item_key, title, name in past}
    return {key: staged.get(key.code) or imported.get(key, "") for key in keys}


def _last_import(
    row: StagedBlock, item: PlannedItem, planned: PlannedImport, now: ItemVersion | None
) -> tuple[ItemVersion | None, ItemVersion | None]:
    """
    What the last import of this block left in the library, and what the source held then.

    They differ where a reviewer had edited it, or left something of it out; of imports from before that was kept, the
    source's is not known. A container's children that the library has deleted ``now`` were there then, unless it is
    just what the import left.
    """
    record = (
        ImportRecord.objects.filter(
            import_run__library_key=planned.run.library_key,
            usage_key=row.usage_key,
            entity=cast(PublishableEntity.ID, item.meets),
            undone=False,
            draft_after__isnull=False,
        )
        .exclude(outcome__in=("skipped", "kept"))
        .order_by("-pk")
        .only("draft_after_id", "source_digest", "item_digest", "source_content")
        .first()
    )
    if record is None or record.draft_after_id is None:
        return None, None
    left = item_version(record.draft_after_id)
    is_as_left = now is not None and container_digest(now.title, map(str, dict(now.children))) == record.item_digest
    if BlockKind(row.kind).is_container and not is_as_left:
        children = children_of({record.draft_after_id})[record.draft_after_id]
        left = replace(left, children=tuple((key, "") for key in children))
    held = record.source_content
    if not held:
        return left, left if record.source_digest == record.item_digest else None
    files = tuple((file["name"], file["size"], file["digest"]) for file in held.get("files", ()))
    shown = held.get("shown", held.get("children"))
    held_then = left.children if shown is None else tuple((key, "") for key in local_keys(shown))
    return left, replace(left, title=held["title"], olx=held.get("olx", ""), files=files, children=held_then)


def _merged_lines(item: PlannedItem, merge: ReviewedMerge, titles: Mapping[LocalKey, str]) -> list[str]:
    if merge.texts is None:
        return _lines(item.title, None, (), item.children, titles)
    files = [{"name": file.name, "size": file.size, "digest": file.content} for file in merge.texts.files]
    return _lines(merge.texts.title, merge.texts.element, files, (), titles)


def _version_lines(version: ItemVersion | None, titles: Mapping[LocalKey, str]) -> list[str]:
    if version is None:
        return []
    files = [{"name": name, "size": size, "digest": digest} for name, size, digest in version.files]
    return _lines(version.title, version.olx, files, [key for key, _title in version.children], titles)


def _lines(
    title: str,
    olx: etree._Element | str | None,
    files: Iterable[Mapping[str, Any]],
    children: Iterable[LocalKey],
    titles: Mapping[LocalKey, str],
) -> list[str]:
    by_name = sorted((file["name"], file["size"], file["digest"]) for file in files)
    return [
        _title_line(title),
        *(readable_lines(olx) if olx is not None and olx != "" else ()),
        *(_file_line(*file) for file in by_name),
        *(_child_line(key, titles) for key in children),
    ]


def _title_line(title: str) -> str:
    return f"title: {title}"


def _file_line(name: str, size: int, digest: str) -> str:
    return f"file: {name}, {size:,} bytes, content {digest[:8]}"


def _child_line(key: LocalKey, titles: Mapping[LocalKey, str]) -> str:
    title = titles.get(key, "")
    return f"child: {title} ({key})" if title else f"child: {key}"


def _olx(element: etree._Element | None) -> str:
    return "" if element is None else as_text(element)
