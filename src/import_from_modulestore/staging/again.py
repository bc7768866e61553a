"""
Staging what was staged before: where the source of an earlier import is still what it was, what that one has staged is
taken over, and nothing is read.

What was staged is known by a stamp: a hash of all that decides what staging makes of a source. Whatever cannot be known
for certain has no stamp, and is staged as if for the first time. A review changes rows of what is staged; what it
has made of them stays behind, and comes along as it does when a source is read: by what stands for the next import.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import django
import opaque_keys
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, F, OuterRef, Q, Subquery, Value
from django.utils.translation import get_language
from lxml import etree
from openedx_content.models_api import Media

from ..data import Notice, Progress, SourceData, SourceKind
from ..errors import NotFound, SourceError, StagedContentGone
from ..exports.staging import FileStore
from ..hosts import Host
from ..keys import parse_source_key
from ..models import Import, StagedBlock, StagedRoot, StagedSource
from ..packets import StatementTooLarge, measured
from ..rows import Row, from_json, in_batches, insert, insert_from, insert_objects, json_text, no_pause
from ..running.lifecycle import hold
from ..stamps import stamp_of
from .content import as_staged, in_groups
from .files import staged_rows
from .index import Indexer, NewBlock


class NotAsStaged(Exception):
    """What an earlier import has staged is not there any more, or not what it was: the source has to be read."""


@dataclass(frozen=True)
class StagedBefore:
    """What an import has staged of a source that still is what it was."""

    run: Import
    stamp: str
    facts: Mapping[str, Any]

    @property
    def source(self) -> SourceData:
        """What :meth:`.hosts.sources.Sources.read` would tell, as far as staging asks."""
        told = dict(self.facts["source"])
        return SourceData(**{**told, "kind": SourceKind(told["kind"]), "warnings": tuple(told["warnings"])})

    @contextmanager
    def held(self, run: Import) -> Iterator[None]:
        """
        A transaction of ``run`` in which it stays: who removes it waits.

        Raises :class:`NotAsStaged` where it is gone.
        """
        with transaction.atomic(), hold(run):
            rows = StagedSource.objects.select_for_update().filter(import_run=self.run, stamp=self.stamp)
            if not list(rows.values_list("pk")):
                raise NotAsStaged
            yield


def staged_before(run: Import, host: Host) -> StagedBefore | None:
    """
    What another import has staged of the source, if that is for certain what staging would make of it now.

    A query where none has staged it; else the source is looked at, and not read, and there is one query more.
    """
    others = StagedSource.objects.filter(
        import_run__source_key=run.source_key,
        import_run__source_origin=run.source_origin,
        import_run__source_export=run.source_export,
        import_run__branch=run.branch,
    ).exclude(import_run=run)
    if not others.exists():
        return None
    identity = ""
    with suppress(NotFound, SourceError):  # Who reads it says why.
        identity = host.sources.of(run.source_origin).identity(parse_source_key(run.source_key), run.source_export)
    stamp = _stamp(run, identity)
    found = others.filter(stamp=stamp).select_related("import_run").order_by("-pk").first() if stamp else None
    return StagedBefore(found.import_run, stamp, found.facts) if found else None


def keep_known(run: Import, source: SourceData, indexer: Indexer, notices: Mapping[Notice, int]) -> None:
    """
    Have others know by what the source of an import was what is staged of it, once it all is. One statement, or none.

    ``notices`` are those of the host.
    """
    if stamp := _stamp(run, source.identity):
        told = {
            "key": source.key,
            "title": source.title,
            "kind": source.kind.value,
            "version": source.version,
            "counts": dict(source.counts),
            "warnings": list(source.warnings),
            "is_partial": source.is_partial,
            "identity": source.identity,
        }
        facts = {**indexer.facts(), "source": told, "notices": {each.name: count for each, count in notices.items()}}
        StagedSource.objects.create(import_run=run, stamp=stamp, facts=facts)


def keep_again(run: Import, before: StagedBefore, indexer: Indexer) -> None:
    """The same, of what was taken over."""
    StagedSource.objects.create(import_run=run, stamp=before.stamp, facts={**before.facts, "warned": indexer.warned})


def _stamp(run: Import, identity: str) -> str:
    """
    Hash of all that decides what staging makes of a source, but for what is told by host and review.

    The source itself and how it is read; the app, the language that it speaks, and what it stands on; the limits that
    are set. Empty where nothing tells for certain what the source is.
    """
    if not identity or not code():
        return ""
    own_limit = getattr(settings, "IMPORT_FROM_MODULESTORE_MAX_STATEMENT", None)
    source = (run.source_key, run.source_origin, run.source_export, run.branch, identity)
    return stamp_of(*source, code(), get_language(), Media.MAX_FILE_SIZE, own_limit)


@cache
def code() -> str:
    """
    Hash of the app as it is installed, its translations included, and the versions of what it reads sources with.

    Without the doors, which are above all steps. Empty where a file was changed since this process has loaded it, as by
    an upgrade: what the process does is not what lies there. Reads some 200 files, once in a process.
    """
    top = os.fspath(Path(__file__).parents[1])
    digest = hashlib.blake2b(digest_size=20)
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in _WITHOUT)
        for name in sorted(names):
            if name.endswith((".py", ".mo")):
                with open(f"{folder}/{name}", "rb", buffering=0) as file:  # noqa: PTH123 (a tenth of the time of a Path)
                    if os.fstat(file.fileno()).st_ctime_ns > _LOADED:
                        return ""
                    digest.update(f"{folder[len(top) :]}/{name}\0".encode() + file.read() + b"\0")
    versions = (sys.version, opaque_keys.__version__, django.VERSION, etree.LXML_VERSION, etree.LIBXML_VERSION)
    return f"{digest.hexdigest()} {versions}"


_LOADED = time.time_ns()

_WITHOUT = {"__pycache__", "admin", "command_line", "management", "migrations", "pages", "rest_api", "templatetags"}


class Taking:
    """Takes over what an earlier import has staged, for another."""

    def __init__(
        self, run: Import, before: StagedBefore, indexer: Indexer, *, is_plain: bool, user: Any, purpose: str
    ) -> None:
        """
        ``indexer`` is of the import that takes over; ``is_plain`` says that neither a selection nor a review has
        anything to say of its blocks.
        """
        self._run, self._before, self._indexer = run, before, indexer
        self._is_plain = is_plain
        self._user, self._purpose = user, purpose
        self._contents: Any = apps.get_model("content_staging", "StagedContent")
        self._file_model: Any = self._contents._meta.get_field("files").related_model
        self._olx = hashlib.blake2b(digest_size=20)
        self._file_count = 0
        self._content_of: dict[int, int] = {}
        """What a root is staged as here, by its order."""
        self._root_of: dict[int, int] = {}
        """The roots that are taken over just now, by their order."""
        self._file_copies: dict[int, int] = {}
        """The copies of staged files, by the keys of these."""
        self._pause: Callable[[], None] = no_pause
        """To be called now and then: it may raise, to stop."""
        self._known_files: tuple[int, Mapping[str, Any]] = -1, {}

    def take(self, progress: Progress) -> None:
        """
        Take it all over, with what was noticed at many blocks.

        Statements grow with roots and batches of blocks. Raises :class:`NotAsStaged`.
        """
        facts, source = self._before.facts, self._before.source
        if self._indexer.notes_on_types(facts["types"]) != facts["types"]:
            raise NotAsStaged
        told = source.block_count, source.title
        try:
            self._pause = partial(progress, "staging", 0, *told)
            stored = self._take_files()
            for roots in in_groups(self._before.run):
                self._pause = partial(progress, "staging", min(roots[0].first_num, source.block_count), *told)
                self._pause()
                with self._before.held(self._run):
                    self._take_roots(roots)
                    self._take_rows_of_files(roots, stored)
                    self._take_blocks(roots)
        except (OSError, StagedContentGone, StatementTooLarge, IntegrityError) as error:
            raise NotAsStaged from error
        taken = {"olx": self._olx.hexdigest(), "blocks": self._run.blocks.count(), "files": self._file_count}
        if any(taken[name] != facts[name] for name in taken):
            raise NotAsStaged
        self._indexer.notices.update({Notice[name]: count for name, count in facts["notices"].items()})
        self._indexer.next_num = facts["blocks"]

    def _take_files(self) -> dict[str, str]:
        """Put all files that are staged in here as well; returns what they are called here. One query."""
        store, stored = FileStore(self._purpose), dict[str, str]()
        contents = self._before.run.roots.order_by().values("staged_content")
        rows = self._file_model._default_manager.filter(for_content__in=contents).order_by()
        for name, md5 in rows.values_list("data_file", "md5_hash").distinct():
            self._pause()
            stored[name] = store.put_staged(name, md5)
        return stored

    def _take_roots(self, roots: Sequence[StagedRoot]) -> None:
        contents = self._contents._default_manager.in_bulk([root.staged_content_id for root in roots])
        for root in roots:
            content = contents.pop(root.staged_content_id, None)
            if content is None:
                raise NotAsStaged
            self._olx.update(content.olx.encode())
            content.pk, content.user, content.purpose = None, self._user, self._purpose
            with measured(content.display_name):
                content.save(force_insert=True)
            self._content_of[root.order] = content.pk
        StagedRoot.objects.bulk_create(
            StagedRoot(
                import_run=self._run,
                order=root.order,
                usage_key=root.usage_key,
                staged_content_id=self._content_of[root.order],
                first_num=root.first_num,
            )
            for root in roots
        )
        orders = [root.order for root in roots]
        self._root_of = dict(self._run.roots.filter(order__in=orders).values_list("order", "pk"))

    def _take_rows_of_files(self, roots: Sequence[StagedRoot], stored: Mapping[str, str]) -> None:
        """Two queries, and a statement for each thousand."""
        columns = ("for_content", "filename", "data_file", "source_key_str", "md5_hash")
        copies = {root.staged_content_id: self._content_of[root.order] for root in roots}
        before = self._file_model._default_manager.filter(for_content__in=[*copies]).order_by("pk")
        rows: list[Row] = []
        places: dict[tuple[int, str], int] = {}
        for pk, content, filename, data_file, source_key, md5 in before.values_list("pk", *columns):
            if data_file not in stored:
                raise NotAsStaged
            rows.append((copies[content], filename, stored[data_file], source_key, md5))
            places[copies[content], filename] = pk
        self._file_count += len(rows)
        for batch in in_batches(rows):
            insert(self._file_model, columns, batch)
        now = self._file_model._default_manager.filter(for_content__in=[*copies.values()] if rows else [])
        copied = now.values_list("pk", "for_content", "filename")
        self._file_copies = {places[content, filename]: pk for pk, content, filename in copied}

    def _take_blocks(self, roots: Sequence[StagedRoot]) -> None:
        """
        Those of which there is nothing to say are copied within the database. All others come here: those that name
        files, since the copies have other keys, those of which there is to be warned, those that a review has edited.
        """
        rows = StagedBlock.objects.filter(root__in=roots)
        if self._is_plain:
            insert_from(rows.filter(_PLAIN), StagedBlock, self._columns())
            rows = rows.filter(~_PLAIN)
        found = list(rows.order_by("num").values_list("root__order", "edited_title", "edited_olx", *_AS_THEY_ARE))
        taken = [(order, self._row(order, *rest)) for order, _title, _olx, *rest in found]
        edited = {num for _order, title, olx, num, *_rest in found if title or olx}
        self._make_as_staged(taken, edited)
        if not self._is_plain:
            for order, of_root in groupby(taken, itemgetter(0)):
                self._indexer.take_over([row for _order, row in of_root], partial(self._files_of, order))
        for batch in in_batches((row for _order, row in taken), self._pause):
            insert_objects(StagedBlock, batch)

    def _columns(self) -> dict[str, Any]:
        """The columns of a row of which no review has made anything, from that of the import before."""
        of_root = StagedRoot.objects.filter(import_run=self._run, order=OuterRef("root__order")).values("pk")
        own = {"import_run": Value(self._run.pk), "root": Subquery(of_root), **_UNSAID}
        names = [*own, *(name for name in _COPIED if name not in own)]
        return {name: own.get(name, F(name)) for name in names}

    def _row(self, order: int, num: int, files: str, missing: str, noticed: str, warnings: str, *rest: Any) -> NewBlock:
        """A row as the import before has it, less what its review says but edits."""
        before = self._before.facts["warned"].get(str(num))
        return NewBlock(
            import_run_id=self._run.pk,
            root_id=self._root_of[order],
            num=num,
            files=[{**file, "staged_file": self._file_copies.get(file["staged_file"])} for file in from_json(files)],
            missing_files=from_json(missing),
            reading_warnings=from_json(noticed) if before is None else before,
            warnings=from_json(warnings),
            **dict(zip(_OF_BLOCK, rest, strict=True)),
        )

    def _make_as_staged(self, taken: Sequence[tuple[int, NewBlock]], edited: Collection[int]) -> None:
        """
        Take the edits of the import's review off, and describe anew what links to other blocks: the warnings name these
        as they are called.
        """
        rows = {row.num: (order, row) for order, row in taken}
        looked_at = rows.keys() & {*edited, *self._before.facts["links"]}
        for block, element in as_staged(self._before.run, looked_at):
            order, row = rows[block.num]
            self._indexer.make_as_staged(row, element, partial(self._files_of, order))
            if (row.digest, row.title) != (row.source_digest, row.source_title):
                raise NotAsStaged
            looked_at.remove(row.num)
            self._pause()
        if looked_at:
            raise NotAsStaged

    def _files_of(self, order: int, _row: NewBlock | None = None) -> Mapping[str, Any]:
        """The files that are staged with a root here, by name. One query for each root, one after the other."""
        if self._known_files[0] != order:
            self._known_files = order, staged_rows(self._file_model, self._content_of[order])
        return self._known_files[1]


_OF_BLOCK = (
    *("end_num", "parent_num", "depth", "child_count", "repeats", "usage_key", "block_type", "block_id", "kind"),
    *("title", "name", "olx_digest", "normal_digest", "digest", "source_digest", "source_title", "problem", "refusal"),
)
_OF_JSON = ("files", "missing_files", "reading_warnings", "warnings")
_COPIED = ("num", *_OF_JSON, *_OF_BLOCK)
_AS_THEY_ARE: tuple[Any, ...] = ("num", *map(json_text, _OF_JSON), *_OF_BLOCK)
"""Columns that tell of the source, but where a block was edited."""

_UNSAID = {
    "selected": Value(True),
    "decision": Value(""),
    "contents": Value(""),
    "edited_title": Value(""),
    "edited_olx": Value(""),
    "source_files": Value("[]"),
    "choices_from": Value(None, output_field=BigIntegerField()),
    "merge_choices": Value("{}"),
}
"""The others, of which staging says this, as the database takes it."""

_PLAIN = Q(files=[], source_files=[], warnings=[], reading_warnings=[], edited_title="", edited_olx="")
