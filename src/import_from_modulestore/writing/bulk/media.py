"""Media of components: each content is stored once, and each file is hashed once, in pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.apps import apps
from django.core.files.base import File
from openedx_content.models_api import ComponentType, LearningPackage, Media, MediaType
from openedx_django_lib.fields import create_hash_digest

from ...packets import measured
from ...rows import Row, insert, stored
from ...staging.files import file_changed, file_gone, opened
from ..job import WriteJob
from ..lost_files import is_stored, write_again
from ..names import NAMESPACE, file_media_type, olx_media_type

_LARGE_TEXT = 100_000
"""Characters from which on a text goes in a statement of its own: it may be more than the database takes."""

_LOOKED_UP = 5_000
"""Contents that are looked up at once."""

type _Key = tuple[int, str]
"""Media type and hash: what a content is known by in a library."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A content that a component is to have, and what is to be stored where the library does not hold it."""

    key: _Key
    name: str
    text: str | None = None
    size: int = 0
    file: Mapping[str, Any] | None = None


class BulkMedia:
    """Makes the media of components, many at once."""

    def __init__(self, job: WriteJob, package: LearningPackage) -> None:
        self._job = job
        self._package = package
        self._created = stored(Media, "created", job.now)
        self._ids: dict[_Key, int] = {}
        self._types = {
            (each.type, each.sub_type, each.suffix): each.id for each in MediaType.objects.order_by("-pk").iterator()
        }
        self._by_name: dict[str, int] = {}
        components = [item for item in job.changes if not item.kind.is_container]
        block_types = dict.fromkeys(item.local_key.type for item in components if item.local_key is not None)
        self._component_types = self._known_component_types()
        if missing := [name for name in block_types if name not in self._component_types]:
            ComponentType.objects.bulk_create(
                [ComponentType(namespace=NAMESPACE, name=name) for name in missing], ignore_conflicts=True
            )
            self._component_types = self._known_component_types()

    def component_type(self, block_type: str) -> int:
        """The component type of an XBlock type."""
        return self._component_types[block_type]

    @staticmethod
    def _known_component_types() -> dict[str, int]:
        known = ComponentType.objects.filter(namespace=NAMESPACE).order_by("pk")
        return dict(known.values_list("name", "pk"))

    def olx(self, block_type: str, text: str, name: str) -> Wanted:
        """The content of ``block.xml``; ``name`` is what the component is called."""
        data = text.encode()
        key = self._media_type(olx_media_type(block_type)), create_hash_digest(data)
        return Wanted(key, name, text=text, size=len(data))

    def file(self, file: Mapping[str, Any]) -> Wanted | int:
        """The content of a file, as :attr:`.models.StagedBlock.files` has it; or the library's own."""
        if "media" in file:
            return file["media"]
        return Wanted((self._media_type(file_media_type(file["name"])), file["digest"]), file["name"], file=file)

    def ids_of(self, wanted: Iterable[Wanted]) -> Mapping[_Key, int]:
        """The IDs of these contents; those that the library does not hold are stored. Three statements, and files."""
        missing = {each.key: each for each in wanted if each.key not in self._ids}
        self._look_up(missing)
        missing = {key: each for key, each in missing.items() if key not in self._ids}
        if missing:
            self._store(list(missing.values()))
            self._look_up(missing)
        return self._ids

    def _look_up(self, keys: Collection[_Key]) -> None:
        types = {
            media_type for media_type, _digest in keys
        }  # Without these, all media of the library are gone through.
        for digests in batched({digest for _type, digest in keys}, _LOOKED_UP):
            found = Media.objects.filter(
                learning_package_id=self._package.id, media_type__in=types, hash_digest__in=digests
            )
            for media_type, digest, pk in found.select_related(None).values_list("media_type_id", "hash_digest", "pk"):
                self._ids[media_type, digest] = pk

    def _store(self, wanted: Sequence[Wanted]) -> None:
        staged = apps.get_model("content_staging", "StagedContentFile")._default_manager.in_bulk(
            [each.file["staged_file"] for each in wanted if each.file is not None]
        )
        rows: list[tuple[Row, str]] = []
        large: list[tuple[Row, str]] = []
        for each in wanted:
            size = each.size if each.file is None else self._store_file(each, staged)
            if size > Media.MAX_FILE_SIZE:
                self._media(each, size).full_clean()  # Refuses it, in the words of the library.
            row = (
                self._package.id,
                each.key[0],
                size,
                each.key[1],
                each.file is not None,
                each.text,
                self._created,
            )
            (large if len(each.text or "") > _LARGE_TEXT else rows).append((row, each.name))
        insert(Media, _MEDIA, [row for row, _name in rows])
        for row, name in large:
            with measured(name):
                insert(Media, _MEDIA, [row])

    def _store_file(self, wanted: Wanted, staged: Mapping[int, Any]) -> int:
        """Put a file into the library's storage, unless that is not what was staged; returns its size."""
        assert wanted.file is not None
        self._job.tell_again()
        row = staged.get(wanted.file["staged_file"])
        if row is None:
            raise file_gone(wanted.name)
        with opened(row) as file:
            digest, size = hashlib.blake2b(digest_size=20), 0  # As create_hash_digest, in pieces.
            for piece in file.chunks():
                digest.update(piece)
                size += len(piece)
            if digest.hexdigest() != wanted.file["digest"]:
                raise file_changed(wanted.name)
            if size <= Media.MAX_FILE_SIZE:
                self._write(self._media(wanted, size), file)
        return size

    def _write(self, media: Media, file: File[bytes]) -> None:
        file.seek(0)
        media.write_file(file)
        if not is_stored(media):
            file.seek(0)
            write_again(media, file)

    def _media(self, wanted: Wanted, size: int) -> Media:
        return Media(
            learning_package=self._package,
            media_type_id=wanted.key[0],
            hash_digest=wanted.key[1],
            has_file=wanted.file is not None,
            text=wanted.text,
            size=size,
            created=self._job.now,
        )

    def _media_type(self, mime_type: str) -> int:
        if mime_type not in self._by_name:
            base, suffix = mime_type.split("+") if "+" in mime_type else (mime_type, "")
            main, sub = base.split("/")
            known = self._types.get((main, sub, suffix))
            self._by_name[mime_type] = known or _made(MediaType, type=main, sub_type=sub, suffix=suffix)
        return self._by_name[mime_type]


def _made(model: type[Any], **values: str) -> int:
    """The row of these values, which is made where nobody has made it meanwhile. Two statements."""
    model.objects.bulk_create([model(**values)], ignore_conflicts=True)
    return model.objects.get(**values).pk


_MEDIA = ("learning_package", "media_type", "size", "hash_digest", "has_file", "text", "created")
