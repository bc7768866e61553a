"""One staged block in full, beside what stands in the library in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from lxml import etree
from openedx_content.models_api import PublishableEntity

from ..data import BlockDetails, BlockKind, Difference, DifferenceKind, FileData, ItemKey, LibraryItemData, PlannedItem
from ..hosts import item_url
from ..keys import library_item_key
from ..library.items import ItemVersion, find_item, item_version
from ..models import ImportRecord, StagedBlock
from ..olx.readable import difference, readable_lines
from ..staging.content import current_element, staged_element
from .blocks import PlannedImport, block_data


def block_details(row: StagedBlock, planned: PlannedImport) -> BlockDetails:
    """
    The block with its content, the library's item and the differences; ``row`` is a first showing, with ``is_edited``.

    Reads and parses the block's root; a fixed number of queries.
    """
    item = planned.items.get(row.num)
    is_container = BlockKind(row.kind).is_container
    current = None if is_container else current_element(row)
    olx = "" if current is None else _olx(current)
    staged_olx = _olx(staged_element(row)) if row.edited_olx else olx
    library, differences = (None, ()) if item is None else _compare(row, item, current, planned)
    return BlockDetails(
        block=block_data(row, planned),
        olx=olx,
        staged_olx=staged_olx,
        files=tuple(FileData(name=file["name"], size=file["size"]) for file in row.files),
        missing_files=tuple(row.missing_files),
        library=library,
        differences=differences,
    )


def _compare(
    row: StagedBlock, item: PlannedItem, current: etree._Element | None, planned: PlannedImport
) -> tuple[LibraryItemData | None, tuple[Difference, ...]]:
    met = find_item(item.meets) if item.meets is not None else None
    if met is None:
        return None, ()
    now = item_version(met.draft_id) if met.draft_id is not None else None
    then = _version_of_last_import(row, item, planned)
    titles = {planned_item.target: planned_item.title for planned_item in planned.plan.items if planned_item.target}
    for version in (now, then):
        titles.update(dict(version.children) if version else {})

    incoming = _incoming_lines(row, item, current, titles)
    differences = [
        Difference(kind=kind, lines=difference(_version_lines(before, titles), after))
        for kind, before, after in (
            (DifferenceKind.REPLACEMENT, now, incoming),
            (DifferenceKind.LIBRARY, then, _version_lines(now, titles)),
            (DifferenceKind.SOURCE, then, incoming),
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


def _version_of_last_import(row: StagedBlock, item: PlannedItem, planned: PlannedImport) -> ItemVersion | None:
    """What the last import of this block left in the library: source and library were the same then."""
    version_id = (
        ImportRecord.objects.filter(
            import_run__target_key=planned.run.target_key,
            source_key=row.usage_key,
            entity=cast(PublishableEntity.ID, item.meets),
            undone=False,
            draft_after__isnull=False,
        )
        .exclude(outcome="skipped")
        .order_by("-pk")
        .values_list("draft_after_id", flat=True)
        .first()
    )
    return item_version(version_id) if version_id is not None else None


def _version_lines(version: ItemVersion | None, titles: Mapping[ItemKey, str]) -> list[str]:
    if version is None:
        return []
    return [
        _title_line(version.title),
        *(readable_lines(version.olx) if version.olx else ()),
        *(_file_line(*file) for file in version.files),
        *(_child_line(key, titles) for key, _title in version.children),
    ]


def _incoming_lines(
    row: StagedBlock, item: PlannedItem, current: etree._Element | None, titles: Mapping[ItemKey, str]
) -> list[str]:
    files = sorted((file["name"], file["size"], file["digest"]) for file in row.files)
    return [
        _title_line(row.title),
        *(readable_lines(current) if current is not None else ()),
        *(_file_line(*file) for file in files),
        *(_child_line(key, titles) for key in item.children),
    ]


def _title_line(title: str) -> str:
    return f"title: {title}"


def _file_line(name: str, size: int, digest: str) -> str:
    return f"file: {name}, {size:,} bytes, content {digest[:8]}"


def _child_line(key: ItemKey, titles: Mapping[ItemKey, str]) -> str:
    return f"child: {titles.get(key, '')} ({key})"


def _olx(element: etree._Element) -> str:
    return etree.tostring(element, encoding="unicode", with_tail=False)
