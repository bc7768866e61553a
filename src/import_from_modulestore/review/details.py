"""One staged block in full, beside what stands in the library in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    PlannedItem,
)
from ..hosts import item_url
from ..keys import library_item_key
from ..library.items import ItemVersion, find_item, item_version, local_keys
from ..models import ImportRecord, StagedBlock
from ..olx.normal_form import component_olx
from ..olx.parsing import parse_xml
from ..olx.readable import difference, readable_lines
from ..staging.content import staged_element
from .blocks import PlannedImport, block_data
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
        block=block_data(row, planned),
        olx=_olx(current),
        staged_olx=_olx(staged),
        files=tuple(FileData(name=file["name"], size=file["size"]) for file in row.files),
        missing_files=tuple(row.missing_files),
        library=library,
        differences=differences,
        pieces=merge.pieces if merge else (),
        merged_olx=component_olx(merge.texts.element) if merge and merge.texts else "",
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
    then, source_then = _last_import(row, item, planned)
    titles = {
        planned_item.local_key: planned_item.name for planned_item in planned.plan.items if planned_item.local_key
    }
    for version in (now, then):
        titles.update(dict(version.children) if version else {})

    incoming = _lines(row.title, current, row.files, item.children, titles)
    if item.decision is Decision.MERGE and merge is not None:
        incoming = _merged_lines(item, merge, titles)
    source_files = row.source_files if row.edited_olx else row.files
    in_source = item.source_children if item.based_on is not None and row.child_count else item.children
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


def _last_import(
    row: StagedBlock, item: PlannedItem, planned: PlannedImport
) -> tuple[ItemVersion | None, ItemVersion | None]:
    """
    What the last import of this block left in the library, and what the source held then.

    They differ where a reviewer had edited it; of imports from before that was kept, the source's is not known.
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
    if record.source_digest == record.item_digest:
        return left, left
    held = record.source_content
    if not held:
        return left, None
    files = tuple((file["name"], file["size"], file["digest"]) for file in held.get("files", ()))
    children = tuple((key, "") for key in local_keys(held["children"])) if "children" in held else left.children
    return left, replace(left, title=held["title"], olx=held.get("olx", ""), files=files, children=children)


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
    return f"child: {titles.get(key, '')} ({key})"


def _olx(element: etree._Element | None) -> str:
    return "" if element is None else etree.tostring(element, encoding="unicode", with_tail=False)
