"""
Merging what is staged with what a library holds: the three versions of each block, read in batches, and their merges.

The base is what the source held at the import that both come from: the version that this import wrote, or where a
review had edited it or it was merged, the source's own, which the record keeps. What is staged is the source's side,
with the edits of this review.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import batched
from threading import Lock
from typing import Any

from django.utils.translation import get_language
from lxml import etree
from openedx_content.models_api import Draft

from .data import MergeChoice, MergeSide
from .library.items import StoredComponent, children_of, local_keys, stored_components
from .merging import (
    Choices,
    ComponentFile,
    ComponentTexts,
    MergedComponent,
    UnusableChoice,
    merge_component,
    told,
    versions_digest,
)
from .models import Import, ImportRecord, StagedBlock
from .olx.files.closure import Closure
from .olx.files.references import names_in
from .olx.parsing import UnreadableXML, parse_xml
from .planning import ComponentMerge, ContainerBase, Merges, PastImport
from .planning.merged import void_choices
from .staging.content import staged_components
from .stored_files import read_stored

_BATCH_SIZE = 100
"""Components whose three versions are in memory at once."""

_KEPT_MERGES = 20_000
"""Merges of which it is kept what they came to, less than 1 kB each."""


type _MadeOf = tuple[Any, ...]
"""Stands for all that a merge is made of: texts that do not change, by the IDs of their versions or hashes of them."""


class _KnownMerges:
    """
    What the last merges of this process came to, without their texts.

    Each choice in a review makes a new plan; all merges but one are then what they were, and nothing of them is read.
    """

    def __init__(self) -> None:
        self._merges: OrderedDict[_MadeOf, ComponentMerge] = OrderedDict()
        self._lock = Lock()

    def get(self, made_of: _MadeOf) -> ComponentMerge | None:
        with self._lock:
            return self._merges.get(made_of)

    def put(self, made_of: _MadeOf, merge: ComponentMerge) -> None:
        with self._lock:
            self._merges[made_of] = merge
            while len(self._merges) > _KEPT_MERGES:
                self._merges.popitem(last=False)


_known_merges = _KnownMerges()


@dataclass(frozen=True)
class BlockMerge:
    """The merge of one staged component, with the versions that it is made of."""

    block: StagedBlock
    merged: MergedComponent
    of: str
    """What stands for the three versions: what is chosen for pieces holds for these."""
    is_void: bool
    """Whether something was chosen for other versions."""
    versions: tuple[ComponentTexts, ComponentTexts, ComponentTexts]
    made_of: _MadeOf

    def with_choices(self, choices: Choices) -> MergedComponent:
        """The same merge with other choices. Raises :class:`.merging.UnusableChoice`."""
        return merge_component(*self.versions, choices, _needed)


def merges_of(run: Import) -> Merges:
    """What planning asks of an import's merges. For the cost see :func:`merged_components`, :func:`container_bases`."""
    return Merges(components=partial(_component_merges, run), containers=partial(container_bases, run))


def merged_components(run: Import, based_on: Mapping[int, tuple[int, int]]) -> Iterator[BlockMerge]:
    """
    The merges of these components, in order; not of those of which nobody knows what the base was, or cannot read it.

    ``based_on`` gives the entity and the record that tells of the base, by ``num``. Six queries for each 100, and two
    for each root. Raises ``StagedContentGone``.
    """
    for batch in batched(staged_components(run, based_on), _BATCH_SIZE):
        records = ImportRecord.objects.only("draft_after_id", "source_digest", "item_digest", "source_content").in_bulk(
            {based_on[block.num][1] for block, _element in batch}
        )
        drafts: dict[int, int | None] = dict(
            Draft.objects.filter(pk__in=[based_on[block.num][0] for block, _element in batch]).values_list(
                "pk", "version_id"
            )
        )
        then = [record.draft_after_id for record in records.values() if _is_the_sources(record)]
        stored = stored_components({pk for pk in (*then, *drafts.values()) if pk is not None})
        for block, element in batch:
            entity_id, record_id = based_on[block.num]
            base = _base(records.get(record_id), stored)
            library = _texts_of(stored.get(drafts.get(entity_id) or 0))
            if base is not None and library is not None:
                source = ComponentTexts(block.title, element, tuple(map(_staged_file, block.files)), block.digest)
                yield _block_merge(block, (base, library, source), _made_of(block, record_id, drafts[entity_id]))


def choices_of(block: StagedBlock) -> Choices:
    """What a reviewer has chosen for the pieces of a block's merge."""
    pieces = block.merge_choices.get("pieces", {})
    return {name: MergeChoice(take=MergeSide(kept["take"]), text=kept["text"]) for name, kept in pieces.items()}


def kept_choices(choices: Choices, of: str) -> dict[str, Any]:
    """The same as it is kept: with the versions that it is for."""
    if not choices:
        return {}
    return {"of": of, "pieces": {name: {"take": each.take.value, "text": each.text} for name, each in choices.items()}}


def container_bases(run: Import, asked: Mapping[int, PastImport]) -> dict[int, ContainerBase]:
    """
    What the source held of these containers then, and what was chosen for them, by ``num``.

    Three queries for each 500.
    """
    bases = {}
    for nums in batched(asked, 500):
        records = ImportRecord.objects.only("title", "draft_after_id", "source_content").in_bulk(
            {asked[num].record for num in nums}
        )
        children = children_of({record.draft_after_id for record in records.values() if record.draft_after_id})
        rows = run.blocks.filter(num__in=nums).only("import_run", "num", "title", "merge_choices")
        blocks = {block.num: block for block in rows}
        for num in nums:
            record = records.get(asked[num].record)
            if record is None or record.draft_after_id is None:
                continue
            block, kept = blocks[num], record.source_content
            # A title that the last import brought, the review's edit, say, has not changed since.
            is_as_then = block.title in (record.title, kept.get("edited_title"))
            bases[num] = ContainerBase(
                title=block.title if is_as_then else kept.get("title", record.title),
                children=local_keys(kept["children"]) if "children" in kept else children[record.draft_after_id],
                choices=choices_of(block),
                of=block.merge_choices.get("of", ""),
            )
    return bases


def stored_file(file: ComponentFile) -> dict[str, Any]:
    """A file of a merged component as the writer takes it, and :attr:`.models.StagedBlock.files` has it."""
    origin = file.origin if isinstance(file.origin, dict) else {}
    return {"name": file.name, "digest": file.content, "size": file.size} | origin


def _component_merges(run: Import, asked: Mapping[int, PastImport]) -> dict[int, ComponentMerge]:
    """What these merges come to. Those that this process knows cost two queries for each 500."""
    merges: dict[int, ComponentMerge] = {}
    for nums in batched(asked, 500):
        drafts: dict[int, int | None] = dict(
            Draft.objects.filter(pk__in=[asked[num].entity_id for num in nums]).values_list("pk", "version_id")
        )
        for block in run.blocks.filter(num__in=nums).only(*_OF_BLOCK):
            past = asked[block.num]
            known = _known_merges.get(_made_of(block, past.record, drafts.get(past.entity_id)))
            if known is not None:
                merges[block.num] = known
    based_on = {num: (past.entity_id, past.record) for num, past in asked.items() if num not in merges}
    for merge in merged_components(run, based_on) if based_on else ():
        merges[merge.block.num] = _component_merge(merge)
        _known_merges.put(merge.made_of, merges[merge.block.num])
    return merges


_OF_BLOCK = ("import_run", "num", "title", "olx_digest", "digest", "missing_files", "merge_choices")


def _made_of(block: StagedBlock, record_id: int, version_id: int | None) -> _MadeOf:
    texts = (block.title, block.olx_digest, block.digest, *block.missing_files)
    return record_id, version_id, texts, json.dumps(block.merge_choices, sort_keys=True), get_language()


def _component_merge(merge: BlockMerge) -> ComponentMerge:
    return ComponentMerge(
        title=merge.merged.texts.title,
        digest=merge.merged.texts.digest,
        open=tuple(piece.name for piece in merge.merged.open),
        told=told(merge.merged.taken),
        warnings=(void_choices(),) if merge.is_void else (),
        found=tuple(file.name for file in merge.merged.texts.files if file.name in merge.block.missing_files),
    )


def _block_merge(
    block: StagedBlock, versions: tuple[ComponentTexts, ComponentTexts, ComponentTexts], made_of: _MadeOf
) -> BlockMerge:
    of = versions_digest(*(each.digest for each in versions))
    choices = choices_of(block)
    is_void = bool(choices) and block.merge_choices["of"] != of
    try:
        merged = merge_component(*versions, {} if is_void else choices, _needed)
    except UnusableChoice:
        is_void, merged = True, merge_component(*versions, {}, _needed)
    return BlockMerge(block, merged, of, is_void, versions, made_of)


def _is_the_sources(record: ImportRecord) -> bool:
    """Whether the import wrote just what the source held."""
    return record.source_digest == record.item_digest


def _base(record: ImportRecord | None, stored: Mapping[int, StoredComponent]) -> ComponentTexts | None:
    if record is None:
        return None
    if _is_the_sources(record):
        return _texts_of(stored.get(record.draft_after_id or 0))
    kept = record.source_content
    if not kept.get("olx"):
        return None
    return ComponentTexts(kept["title"], parse_xml(kept["olx"]), tuple(map(_staged_file, kept.get("files", ()))))


def _texts_of(stored: StoredComponent | None) -> ComponentTexts | None:
    if stored is None:
        return None
    try:
        element = parse_xml(stored.olx)
    except UnreadableXML:
        return None
    files = (ComponentFile(name, digest, size, {"media": media_id}) for name, media_id, size, digest in stored.files)
    return ComponentTexts(stored.title, element, tuple(files))


def _staged_file(file: Mapping[str, Any]) -> ComponentFile:
    return ComponentFile(file["name"], file["digest"], file["size"], {"staged_file": file.get("staged_file")})


class _There:
    """The files of the versions that are merged, for those that load others."""

    def __init__(self, files: Iterable[ComponentFile]) -> None:
        self._files = {file.name: file for file in files}

    def find(self, name: str) -> ComponentFile | None:
        return self._files.get(name)

    def alike(self, name: str) -> None:
        """None: each is kept under the name by which it is asked for."""

    def read(self, file: ComponentFile) -> bytes | None:
        return read_stored(stored_file(file))


def _needed(element: etree._Element, files: tuple[ComponentFile, ...]) -> list[str]:
    """The names of those of these files that the element names, and that they load."""
    return [named.name for named in Closure(_There(files)).of(names_in(element)).found if named.file is not None]
