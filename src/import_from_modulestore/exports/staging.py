"""An export put into ``content_staging``, the platform's app of this label or the standalone project's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from django.apps import apps
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from lxml import etree

from ..data import Branch, Notice, StagedRoot
from ..keys import UsageKeys
from ..olx.blocks import title_of
from ..olx.course_bound import take_off_groups
from ..olx.files.closure import gather
from ..olx.files.references import PYTHON_LIBRARY
from ..olx.pieces import pieces_of
from ..olx.tree import walk
from ..packets import measured
from ..rows import insert
from .export import Export
from .static_files import asset_name, md5_of
from .tags import as_staged, known_taxonomies

_MAX_KEY = 255


def stage_export(export: Export, branch: Branch, user: Any, purpose: str) -> Iterator[StagedRoot]:
    """
    Stage the roots of an export, one at a time, in the order of the source.

    Each root is written by itself, in pieces where it is too large for one statement; a file is copied once for the
    whole export, whatever names it.
    """
    usage_key = UsageKeys(export.key)
    contents, file_model = content_model(), _file_model()
    store, source_keys = FileStore(purpose), _AssetKeys(export.key)
    tags = _Tags(export)
    for root in export.read(branch):
        for key, warning in take_off_groups(root.element, export.key):
            root.warnings.setdefault(key, []).append(warning)
        # Files first: copying them takes long, and a transaction keeps others from writing.
        gathered = gather(root.element, export.static_files)
        files = {name: stored for name, path in gathered.files.items() if (stored := store.put(path)) is not None}
        files |= {name: store.put_made(name, data) for name, data in gathered.made.items()}
        for block, warning in gathered.warnings:
            root.warnings.setdefault(usage_key(block.block_type, block.block_id), []).append(warning)
        if gathered.running_python and PYTHON_LIBRARY in export.static_files.left_out:
            root.notices[Notice.PYTHON_LIBRARY_LEFT_OUT] = gathered.running_python
        tagged, without_taxonomy = tags.below(root.element)
        if without_taxonomy:
            root.notices[Notice.TAGS_WITHOUT_TAXONOMY] = without_taxonomy
        title, url_name = title_of(root.element), root.element.get("url_name", "")
        for order, piece in enumerate(pieces_of(root.element, title, url_name, json.dumps(tagged))):
            is_first = order == 0
            with measured(piece.name), transaction.atomic():
                content = contents.objects.create(
                    user=user,
                    purpose=purpose,
                    status="ready",
                    block_type=root.element.tag,
                    olx=piece.olx,
                    display_name=title,
                    suggested_url_name=url_name,
                    tags=tagged if is_first else {},
                )
                insert(
                    file_model,
                    ("for_content", "filename", "data_file", "source_key_str", "md5_hash"),
                    [
                        (content.id, name, stored.name, source_keys.of(name), stored.md5)
                        for name, stored in files.items()
                    ],
                )
            yield StagedRoot(
                staged_content_id=content.id,
                usage_key=root.usage_key,
                title=title,
                olx=piece.olx,
                names=gathered.names,
                problems=root.problems,
                warnings={key: tuple(warnings) for key, warnings in root.warnings.items()},
                notices=root.notices if is_first else {},
                continues=piece.continues,
            )


def remove_files(purpose: str) -> None:
    """Remove what was copied for a purpose, also what no row tells of: the process ended before there was one."""
    FileStore(purpose).remove_all()


def content_model() -> Any:
    """The model of what is staged, by its label."""
    return apps.get_model("content_staging", "StagedContent")


def _file_model() -> Any:
    return content_model()._meta.get_field("files").related_model


class _Tags:
    """The tags of an export, root by root, each block's once."""

    def __init__(self, export: Export) -> None:
        self._usage_key = UsageKeys(export.key)
        self._left = dict(export.tags.of_blocks)
        self._known = known_taxonomies({export_id for tags in self._left.values() for export_id in tags})

    def below(self, root: etree._Element) -> tuple[dict[str, dict[str, list[str]]], int]:
        """What to stage of a root's tags, by usage key; and how many blocks have some without a taxonomy here."""
        found: dict[str, dict[str, list[str]]] = {}
        without = 0
        for block in walk(root) if self._left else ():
            tags = self._left.pop((block.block_type, block.block_id), None)
            if tags:
                found[self._usage_key(block.block_type, block.block_id)] = as_staged(tags)
                without += not self._known.keys() >= tags.keys()
        return found, without


@dataclass(frozen=True)
class _Stored:
    """A file in the staging storage."""

    name: str
    md5: str


class FileStore:
    """
    Puts the files that are staged for one purpose into the storage, each content once.

    Purposes share nothing, and each has a folder: what one import removes, another never needs, and what it has left
    is found without a look at those of all others.
    """

    def __init__(self, purpose: str) -> None:
        field: Any = _file_model()._meta.get_field("data_file")
        self._storage = field.storage
        self._folder = f"{field.upload_to}{purpose.rpartition(':')[2]}"
        self._stored: dict[Path, _Stored | None] = {}

    def put(self, path: Path) -> _Stored | None:
        """Copy a file in pieces, unless its content is there; ``None`` for one that cannot be read."""
        if path not in self._stored:
            try:
                md5 = md5_of(path)
            except OSError:
                self._stored[path] = None
                return None
            suffix = path.suffix.lower()[:16]
            name = f"{self._folder}/{md5}{suffix if suffix.isascii() else ''}"
            if self._storage.exists(name) and self._storage.size(name) != path.stat().st_size:
                self._storage.delete(name)  # A copy that was broken off.
            if not self._storage.exists(name):
                with path.open("rb") as file:
                    name = self._storage.save(name, File(file, name=name))
            self._stored[path] = _Stored(name, md5)
        return self._stored[path]

    def put_made(self, name: str, data: bytes) -> _Stored:
        """Store what was made here, rather than copied."""
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        path = f"{self._folder}/{md5}{PurePath(name).suffix.lower()[:16]}"
        if self._storage.exists(path):
            self._storage.delete(path)
        return _Stored(self._storage.save(path, ContentFile(data)), md5)

    def put_staged(self, stored: str, md5: str) -> str:
        """
        Put what is staged for another purpose, under its name, in here as well; returns the name of its own.

        It is read, to see that it is what it was, and not copied where the storage is a folder: both names are of one
        file then, which goes with the last of them. Nothing writes to a file that is staged.

        Raises ``OSError`` where it is gone, or is not what it was.
        """
        name = f"{self._folder}/{md5}{PurePath(stored).suffix}"
        digest = hashlib.md5(usedforsecurity=False)
        with self._storage.open(stored, "rb") as file:
            for chunk in file.chunks():
                digest.update(chunk)
            if digest.hexdigest() != md5:
                raise OSError(f"{stored} is not what it was.")
            if self._storage.exists(name):
                self._storage.delete(name)  # A copy that was broken off.
            if not self._linked(stored, name):
                file.seek(0)
                name = self._storage.save(name, File(file, name=name))
        return name

    def _linked(self, stored: str, name: str) -> bool:
        with suppress(NotImplementedError, OSError):  # It is no folder, or of a kind that knows no links.
            linked = Path(self._storage.path(name))
            mode = getattr(self._storage, "directory_permissions_mode", None) or 0o777
            linked.parent.mkdir(mode=mode, parents=True, exist_ok=True)
            linked.hardlink_to(self._storage.path(stored))
            return True
        return False

    def remove_all(self) -> None:
        """
        Also those of which no row tells: the disk was full, or the process ended, before there was one. They stay where
        the storage cannot list what it has.
        """
        with suppress(FileNotFoundError, NotImplementedError):
            for name in self._storage.listdir(self._folder)[1]:
                self._storage.delete(f"{self._folder}/{name}")
        with suppress(NotImplementedError, OSError):  # It is none, or is being filled again.
            Path(self._storage.path(self._folder)).rmdir()


class _AssetKeys:
    """The keys of a source's assets, as texts, each made once."""

    def __init__(self, source_key: Any) -> None:
        self._source_key = source_key
        self._known: dict[str, str] = {}

    def of(self, name: str) -> str:
        """That of the asset with this name; empty where the column cannot hold it."""
        if name not in self._known:
            key = str(self._source_key.make_asset_key("asset", asset_name(name)))
            self._known[name] = key if len(key) <= _MAX_KEY else ""
        return self._known[name]
