"""Indexing staged OLX: one row per block, to be written in bulk."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from lxml import etree
from opaque_keys import InvalidKeyError
from openedx_content.models_api import Media

from ..data import BlockKind, Notice
from ..data import StagedRoot as StagedRootData
from ..errors import InvalidOption
from ..garbage import no_garbage
from ..hosts import Host
from ..keys import UsageKeys, is_component_type
from ..models import BlockChoices, Import, ReviewedBlock, StagedBlock, StandingChoice
from ..olx.blocks import has_children, title_and_name, title_of
from ..olx.course_bound import notes_on
from ..olx.files.addresses import CourseLink, CourseName, ForeignFile, course_links, foreign_files
from ..olx.files.closure import Closure
from ..olx.files.references import MAX_READ_BYTES, PYTHON_LIBRARY, Names, Reference, names_in
from ..olx.normal_form import component_digest, olx_and_digest, text_digest
from ..olx.parsing import parse_xml
from ..olx.tree import OlxBlock, walk
from ..quoting import MAX_TEXT, bounded, listed, shortened
from .files import file_changed, opened, staged_rows
from .reviewed import Reviewed

BATCH_SIZE = 500
_MAX_LINKS = 10
"""Links of one block that are told of by address."""


@dataclass(frozen=True)
class _File:
    """A staged file, with its content's hash as the library makes it; equal to others of the same content."""

    digest: str
    size: int
    row: Any = field(compare=False)


class _StagedFiles:
    """The files that are staged with a root, under the names that the library will look for."""

    def __init__(self, rows: Mapping[str, Any], hashed: Callable[[Any], _File | None]) -> None:
        self._rows = rows
        self._hashed = hashed

    def find(self, name: str) -> _File | None:
        return self._hashed(self._rows[name]) if name in self._rows else None

    def alike(self, name: str) -> None:
        """None: what differs was staged under the name by which it is asked for."""

    def read(self, file: _File) -> bytes | None:
        if file.size > MAX_READ_BYTES:
            return None
        with opened(file.row) as stored:
            content: bytes = stored.read()
        return content


@dataclass(slots=True, kw_only=True)
class NewBlock:
    """What is to become a :class:`StagedBlock`, with the columns of one, and without what an instance costs."""

    import_run_id: int
    root_id: int = 0
    num: int
    end_num: int
    parent_num: int | None
    depth: int
    child_count: int = 0
    repeats: int | None
    usage_key: str
    block_type: str
    block_id: str
    kind: str
    title: str = ""
    name: str = ""
    olx_digest: str = ""
    normal_digest: str = ""
    digest: str = ""
    source_digest: str = ""
    source_title: str = ""
    files: list[Any] = field(default_factory=list)
    source_files: list[Any] = field(default_factory=list)
    missing_files: list[str] = field(default_factory=list)
    problem: str = ""
    refusal: str = ""
    reading_warnings: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    selected: bool = True
    decision: str = ""
    contents: str = ""
    edited_title: str = ""
    edited_olx: str = ""
    choices_from_id: int | None = None
    merge_choices: dict[str, Any] = field(default_factory=dict)


type _Block = StagedBlock | NewBlock

type FindFiles = Callable[[Any], Mapping[str, Any]]
"""Finds the files that a block can name, by name."""


class Indexer:
    """Indexes the roots of one import, in order; remembers which blocks it has met and which files it has hashed."""

    def __init__(
        self,
        run: Import,
        source_key: Any,
        host: Host,
        selection: Sequence[str] = (),
        reviewed: Reviewed | None = None,
        last_time: Reviewed | None = None,
    ) -> None:
        """
        ``last_time`` is what the reviews of earlier imports have said of the blocks; ``reviewed`` what the review of
        this one had made of them before they were staged anew, or else the same.
        """
        self._run = run
        self._selection = frozenset(selection)
        self._reviewed = reviewed
        self._last_time = last_time
        self._source_key = source_key
        self._keys = UsageKeys(source_key)
        self._host = host
        self._met: dict[str, int] = {}
        self._hashes: dict[str, tuple[str, int]] = {}
        self._loads: dict[tuple[_File, str, str], list[Reference]] = {}
        self._type_notes: dict[str, tuple[str, str]] = {}
        self._links: dict[int, list[CourseLink]] = {}
        self._newest: list[NewBlock] = []
        self._insisted: set[int | None] = set()
        self._olx, self._file_count = hashlib.blake2b(digest_size=20), 0
        self.warned: dict[int, list[str]] = {}
        """Of blocks of which a review has had something to warn of: what there was to know before, by number."""
        self.next_num = self.inner_count = 0
        self.notices: Counter[Notice] = Counter()

    @no_garbage()
    def rows_of(self, staged: StagedRootData) -> tuple[list[NewBlock], list[NewBlock]]:
        """
        The index rows of one root, to be written; and those that it continues, whose ``end_num`` and ``child_count``
        are to be written anew.

        Cost: one query for the root's files, one for its OLX where the host has not given that, and one where it was
        edited before; every new file content is read once, in pieces.
        """
        content: Any = apps.get_model("content_staging", "StagedContent")
        files = staged_rows(content._meta.get_field("files").related_model, staged.staged_content_id)
        olx = staged.olx
        if olx is None:
            olx = content._default_manager.values_list("olx", flat=True).get(pk=staged.staged_content_id)
        self._olx.update(olx.encode())
        self._file_count += len(files)
        continued = self._newest[: staged.continues]
        blocks = islice(walk(parse_xml(olx)), staged.continues, None)
        rows = [self._row(block, files, staged, continued) for block in blocks]
        _measure_subtrees(continued, rows)
        self._select([*continued, *rows])
        self._review(rows, continued, lambda: files)
        self.next_num += len(rows)
        for row in rows:
            self._newest[row.depth :] = [row]
            self.inner_count += any(above.kind == BlockKind.COMPONENT for above in self._newest[:-1])
        return rows, continued

    def take_over(self, rows: Sequence[NewBlock], files: Callable[[], Mapping[str, Any]]) -> None:
        """
        Have rows of one root, that are as an earlier import has staged them, be as was asked for, and as reviews have
        it. ``files`` gives those that are staged with the root, by name.
        """
        continued = self._newest[: rows[0].depth] if rows else []
        for row in rows:
            self._met.setdefault(row.usage_key, row.num)
            self._newest[row.depth :] = [row]
        self._select([*continued, *rows])
        self._review(rows, continued, files)

    def facts(self) -> dict[str, Any]:
        """What blocks were described by, and what else is not in their rows, as JSON: see :mod:`.again`."""
        return {
            "blocks": self.next_num,
            "inner": self.inner_count,
            "olx": self._olx.hexdigest(),
            "files": self._file_count,
            "types": self.notes_on_types(self._type_notes),
            "links": self.linking(),
            "warned": self.warned,
        }

    def notes_on_types(self, block_types: Iterable[str]) -> dict[str, list[str]]:
        """What the host says of block types: why a library cannot hold them, and what there is to know of them."""
        return {block_type: list(self._notes_on(block_type)) for block_type in block_types}

    def linking(self) -> list[int]:
        """Numbers of the components described so far that link to blocks of a course."""
        return [num for num, links in self._links.items() if any(link.block_id for link in links)]

    def name_targets(self, rows: Iterable[StagedBlock]) -> None:
        """
        Say in the warnings about links what they lead to, where that is staged too; when all rows are there.

        One query.
        """
        linking = [(row, self._links[row.num]) for row in rows if row.num in self._links]
        own = CourseName.of_key(str(self._source_key))
        wanted = {link.block_id for _row, links in linking for link in links if link.block_id}
        targets: dict[str, StagedBlock] = {}
        for target in StagedBlock.objects.filter(import_run=self._run, block_id__in=wanted, repeats=None).only(
            "block_id", "title", "name", "kind", "block_type"
        ):
            targets.setdefault(target.block_id, target)
        for row, links in linking:
            unnamed, named = _linking(links, {}, own), _linking(links, targets, own)
            row.warnings = [named if warning == unnamed else warning for warning in row.warnings]

    def check_selection(self) -> None:
        """
        Look for blocks that were to be selected and are not there; after the last root.

        Raises ``InvalidOption`` for some, or where the import is staged anew, notes how many: there is a review then,
        which is not to be lost with them.
        """
        unknown = sorted(self._selection - self._met.keys())
        if unknown and self._run.staged:
            self.notices[Notice.SELECTED_WITHOUT_BLOCK] = len(unknown)
        elif unknown:
            raise InvalidOption(
                _("These selected blocks are not in {source}: {keys}. A preview lists those that are.").format(
                    source=self._source_key, keys=listed(unknown)
                ),
                field="selection",
            )

    def _select(self, rows: Sequence[NewBlock]) -> None:
        """Select the blocks that were asked for, with all below them; where none was named, everything."""
        if not self._selection:
            return
        end = 0
        for row in rows:
            if row.usage_key in self._selection:
                end = max(end, row.end_num)
            row.selected = row.num < end

    def _review(
        self, rows: Sequence[NewBlock], continued: Sequence[NewBlock], files: Callable[[], Mapping[str, Any]]
    ) -> None:
        """Have the blocks be as a review had made them before; what is new is selected where its parent is."""
        if self._reviewed is None or not any(kept and kept.has_any for kept in (self._reviewed, self._last_time)):
            return
        for row, made, olx in self.choose(rows, continued):
            self.edit_again(row, made, olx, files() if olx else {})
        self.notices.update(Notice.AS_LAST_TIME for row in rows if row.choices_from_id)

    def choose[B: (StagedBlock, NewBlock)](
        self, rows: Sequence[B], above: Sequence[B] = (), *, leave: Collection[int] = frozenset()
    ) -> list[tuple[B, BlockChoices, str]]:
        """
        Have the blocks be selected, left out and decided as reviews had them; what is new is selected where its parent
        is. Returns the edits that are to be made again, as arguments of :meth:`edit_again`.

        ``rows`` are in order, ``above`` are parents of theirs that are not among them; blocks with the numbers in
        ``leave`` stay as they are. One query where something was edited.
        """
        assert self._reviewed is not None
        by_num = {row.num: row for row in (*above, *rows)}
        known: list[tuple[B, BlockChoices, BlockChoices]] = []
        said: list[tuple[B, BlockChoices]] = []
        for row in rows:
            made = self._reviewed.next_of(row.usage_key)
            then = made
            if self._last_time is not None and self._last_time is not self._reviewed:
                then = self._last_time.next_of(row.usage_key)
            if row.num in leave:
                continue
            if self._last_time is not None and then is not None and self._last_time.is_edit(then):
                said.append((row, then))
            parent = by_num[row.parent_num] if row.parent_num is not None else None
            if made is not None:
                self._choose(row, made, parent)
                if then is None or then.choices_from_id != made.choices_from_id:
                    then = made
                known.append((row, made, then))
            elif parent is not None and row.usage_key not in self._selection:
                if row.selected and not parent.selected:
                    row.choices_from_id = parent.choices_from_id
                row.selected = parent.selected
        olx = self._reviewed.olx_of(made for _row, made, _then in known)
        edits: list[tuple[B, BlockChoices, str]] = []
        for row, made, then in known:
            if not self._reviewed.is_edit(made):
                continue
            if isinstance(made, StandingChoice) or made.choices_from_id is not None:
                if not (_is_as_then(row, made) and _is_as_then(row, then)):
                    parent = by_num[row.parent_num] if row.parent_num is not None else None
                    if not _says_something(row, parent):
                        row.choices_from_id = None
                    said.append((row, made))
                    continue
                row.choices_from_id = made.choices_from_id
            edits.append((row, made, olx.get(made.pk, "")))
        edited = {row.num for row, _made, _olx in edits}
        for row, then in said:
            if row.num not in edited and not _is_as_then(row, then):
                self._warn(row, _edited_last_time(then))
        return edits

    def edit_again(self, row: _Block, made: BlockChoices, olx: str, files: Mapping[str, Any]) -> None:
        """Give a block the title or OLX that a review had given it; ``files`` are those that are staged, by name."""
        if made.edited_title:
            row.edited_title = row.title = made.edited_title
        if olx:
            self._edit(row, olx, files)
            if made.source_digest != row.source_digest:
                self._warn(row, _("The source has changed since this block was edited in the review; the edit stands."))

    def make_as_staged(self, row: _Block, element: etree._Element | None, files: FindFiles) -> None:
        """Take edits off a block: ``element`` is as it was staged, of a container none; ``files`` finds what is."""
        row.edited_title = row.edited_olx = ""
        row.source_files = []
        if element is None or holds_blocks(row):
            row.title = row.source_title
        else:
            self.describe(row, element, files(row))

    def _warn(self, row: _Block, warning: str) -> None:
        if warning not in row.reading_warnings:
            self.warned.setdefault(row.num, list(row.reading_warnings))
            row.reading_warnings = bounded([*row.reading_warnings, warning])

    def _choose(self, row: _Block, made: BlockChoices, parent: _Block | None) -> None:
        """
        Have a block be selected or left out, and decided, as it was.

        Of another import, a choice does not count against the selection that this one was asked for: neither does it
        add to it, nor does what was left out stay so where it is named, with what was left out below it.
        """
        row.decision, row.contents = made.decision, made.contents
        if isinstance(made, ReviewedBlock):
            row.selected, row.choices_from_id = made.selected, made.choices_from_id
            row.merge_choices = made.merge_choices
            return
        is_proposed = bool(made.decision or made.contents)
        if not made.selected and (row.usage_key in self._selection or row.parent_num in self._insisted):
            self._insisted.add(row.num)
        elif row.selected:
            row.selected = made.selected
            is_proposed = _says_something(row, parent)
        if is_proposed:
            row.choices_from_id = made.choices_from_id

    def _edit(self, row: _Block, olx: str, files: Mapping[str, Any]) -> None:
        row.edited_olx, row.source_files = olx, row.files
        self.describe(row, parse_xml(olx), files)

    def _row(
        self,
        block: OlxBlock,
        files: Mapping[str, Any],
        staged: StagedRootData,
        continued: Sequence[NewBlock],
    ) -> NewBlock:
        first_num = self.next_num - len(continued)
        num, parent_num = first_num + block.index, None
        if block.parent is not None:
            is_here = block.parent >= len(continued)
            parent_num = first_num + block.parent if is_here else continued[block.parent].num
        usage_key = self._usage_key(block.block_type, block.block_id)
        row = NewBlock(
            import_run_id=self._run.pk,
            num=num,
            end_num=num + 1,
            parent_num=parent_num,
            depth=block.depth,
            repeats=self._met.get(usage_key),
            usage_key=usage_key,
            block_type=block.block_type,
            block_id=block.block_id,
            kind=block.kind.value,
        )
        if problem := staged.problems.get(usage_key):
            row.problem = shortened(problem, MAX_TEXT)
        if warnings := staged.warnings.get(usage_key):
            row.reading_warnings = bounded(warnings)
        self._met.setdefault(usage_key, num)
        if row.repeats is None and not block.kind.is_container:
            self.describe(row, block.element, files, staged.names.get((block.block_type, block.block_id)))
        else:
            row.title = title_of(block.element)
        row.source_digest, row.source_title = row.digest, row.title
        return row

    def _usage_key(self, block_type: str, block_id: str) -> str:
        try:
            return self._keys(block_type, block_id)
        except InvalidKeyError:
            return f"{block_type}+{block_id}"

    def describe(
        self, row: _Block, element: etree._Element, files: Mapping[str, Any], names: Names | None = None
    ) -> None:
        """
        Make the columns of a component that tell of its content, from its OLX and the staged files by name.

        ``names`` is what it names, where that is known. A block that could not be read has nothing to tell of, until
        an edit gives it OLX.
        """
        row.title, name = title_and_name(element)
        row.name = name if name != row.title else ""
        row.olx_digest = row.normal_digest = row.digest = row.refusal = ""
        row.files, row.missing_files, row.warnings = [], [], []
        if row.problem and not row.edited_olx:
            return
        row.refusal, warning = self._notes_on(row.block_type)
        if has_children(element):
            row.refusal = _("A library cannot hold a component that contains other blocks.")
        if row.refusal:
            return
        if warning:
            row.warnings.append(warning)
        row.warnings += notes_on(element)
        self._describe_files(row, files, names or names_in(element))
        if row.warnings:
            row.warnings = bounded(row.warnings)
        if row.missing_files:
            row.missing_files = bounded(row.missing_files, length=MAX_TEXT)
        olx, row.normal_digest = olx_and_digest(element)
        row.olx_digest = text_digest(olx)
        row.digest = component_digest(
            row.normal_digest, row.title, ((file["name"], file["digest"]) for file in row.files)
        )

    def _notes_on(self, block_type: str) -> tuple[str, str]:
        if block_type not in self._type_notes:
            refusal = self._host.refusal_of(block_type)
            if not is_component_type(block_type):
                refusal = _(
                    "A library cannot hold the block type “{type}”: its keys take only a to z, digits and _ - ."
                ).format(type=block_type)
            self._type_notes[block_type] = (refusal, self._host.warning_about(block_type))
        return self._type_notes[block_type]

    def _describe_files(self, row: _Block, files: Mapping[str, Any], names: Names) -> None:
        if not names.has_any:
            return
        staged = _StagedFiles(files, self._hashed)
        named = Closure(staged, self._loads).of(names)
        found = [(each.name, each.file, each.named_by) for each in named.found]
        if names.runs_python and (library := staged.find(PYTHON_LIBRARY)):
            found += [(PYTHON_LIBRARY, library, "")] if all(name != PYTHON_LIBRARY for name, *_ in found) else []
        for name, file, named_by in found:
            if file is None:
                row.missing_files.append(name)
                row.warnings.append(_missing(name, named_by))
            elif file.size > Media.MAX_FILE_SIZE:
                row.missing_files.append(name)
                row.warnings.append(
                    _("The file {name} is larger than the {limit} MB that a library takes, and was left out.").format(
                        name=name, limit=Media.MAX_FILE_SIZE // 1_000_000
                    )
                )
            else:
                row.files.append({"name": name, "digest": file.digest, "size": file.size, "staged_file": file.row.pk})
        if named.is_cut:
            row.warnings.append(_("Its pages load more files than are followed; some may be left out."))
        foreign_named = foreign_files(named.addresses)
        row.warnings += [_foreign(foreign, is_held=foreign.name in files) for foreign in foreign_named]
        if links := course_links(named.addresses):
            row.warnings.append(_linking(links, {}, None))
            self._links[row.num] = links

    def _hashed(self, row: Any) -> _File | None:
        if not row.data_file:
            return None
        stored = row.data_file.name
        if stored not in self._hashes:
            digest, md5, size = hashlib.blake2b(digest_size=20), hashlib.md5(usedforsecurity=False), 0
            with opened(row) as file:
                for chunk in file.chunks():
                    digest.update(chunk)
                    md5.update(chunk)
                    size += len(chunk)
            if row.md5_hash and row.md5_hash != md5.hexdigest():
                raise file_changed(row.filename)
            self._hashes[stored] = (digest.hexdigest(), size)
        digest_hex, size = self._hashes[stored]
        return _File(digest_hex, size, row)


def _is_as_then(row: _Block, made: Any) -> bool:
    """
    Whether the source's block is what it was when a review said something of it; without a title that was kept, as far
    as its content tells.
    """
    source_title = made.source_title if isinstance(made, StandingChoice) else row.source_title
    return (made.source_digest, source_title) == (row.source_digest, row.source_title)


def holds_blocks(row: _Block) -> bool:
    """Whether the block is made of others: what it has of its own is a title."""
    return BlockKind(row.kind).is_container or row.child_count > 0


def _says_something(row: _Block, parent: _Block | None) -> bool:
    """Whether a review says more of a block than what it is called and holds."""
    return bool(row.decision or row.contents) or not (row.selected and (parent is None or parent.selected))


def _edited_last_time(made: Any) -> str:
    return _(
        "This block was edited last time, in import {id}. The source has changed since, so the edit was not made "
        "again: a merge keeps both, or edit it anew."
    ).format(id=made.choices_from_uuid)


def _linking(links: Sequence[CourseLink], targets: Mapping[str, StagedBlock], own: CourseName | None) -> str:
    """What to say of links into a course, and of what they lead to."""
    shown = []
    for link in links:
        if (target := targets.get(link.block_id)) and link.may_lead_into(own):
            kind = BlockKind(target.kind)
            shown.append(
                _("{address} (imported as “{title}”, {kind})").format(
                    address=link.address,
                    title=target.called,
                    kind=kind.label.lower() if kind.is_container else target.block_type,
                )
            )
        else:
            shown.append(link.address)
    sentence = ngettext(
        "A link into a course was kept, but a library has no such place: {links}.",
        "{count} links into courses were kept, but a library has no such places: {links}.",
        len(links),
    ).format(count=len(links), links=listed(shown, _MAX_LINKS))
    return shortened(sentence, MAX_TEXT)


def _foreign(foreign: ForeignFile, *, is_held: bool) -> str:
    warning = _("It uses {address}, a file of {course}, which is not this course. The address was kept.").format(
        address=shortened(foreign.address), course=foreign.course
    )
    if is_held:
        warning += " " + _("This course has a file of the same name; to use it, write /static/{name}.").format(
            name=foreign.name
        )
    return warning


def _missing(name: str, named_by: str) -> str:
    if named_by:
        return _("The file {name} is named in {page}, but the source does not hold it.").format(
            name=shortened(name), page=named_by
        )
    return _("The file {name} is named, but the source does not hold it.").format(name=shortened(name))


def _measure_subtrees(continued: list[NewBlock], rows: list[NewBlock]) -> None:
    """
    Note where each block's subtree ends and how many children it has; ``rows`` are depth-first, and all of them below
    the last of ``continued``, or of the others that hold it.
    """
    by_num = {row.num: row for row in (*continued, *rows)}
    for row in rows:
        if row.parent_num is not None:
            by_num[row.parent_num].child_count += 1
    for row in (*reversed(rows), *reversed(continued)):
        if row.parent_num is not None:
            parent = by_num[row.parent_num]
            parent.end_num = max(parent.end_num, row.end_num)
