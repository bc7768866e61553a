"""The files of a course, and of what is staged of it."""

from __future__ import annotations

import hashlib
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files import File
from opaque_keys.edx.keys import LearningContextKey

from ...olx.files.references import MAX_READ_BYTES

_MAX_FILENAME = 255
_IN_MEMORY = 5_000_000
"""Bytes of a file that are held in memory while it is copied; the rest goes to disk."""


class Assets:
    """The files of a course in the contentstore; each name is looked up once."""

    def __init__(self, source_key: LearningContextKey) -> None:
        self._source_key = source_key
        self._known: dict[str, Any] = {}

    def find(self, name: str) -> Any:
        """The key of the asset that has this name; ``None`` where there is none."""
        from xmodule.contentstore.content import StaticContent

        if len(name) > _MAX_FILENAME:
            return None
        if name not in self._known:
            asset_key = StaticContent.compute_location(self._source_key, name)
            with self.open(asset_key) as found:
                self._known[name] = asset_key if found is not None else None
        return self._known[name]

    @contextmanager
    def open(self, asset_key: Any) -> Iterator[Any]:
        """A stream of the asset; ``None`` where it is not there."""
        from xmodule.contentstore.django import contentstore

        found = contentstore().find(asset_key, throw_on_not_found=False, as_stream=True)
        try:
            yield found
        finally:
            if found is not None:
                found.close()


class Files:
    """
    The files that a root may name: those that ``content_staging`` has staged with it, and the assets of the course.

    Transcripts that a site keeps elsewhere are only among the former, files of more than 10 MB only among the latter.
    """

    def __init__(self, content: Any, assets: Assets) -> None:
        self._content = content
        self._assets = assets
        self._rows = {row.filename: row for row in content.files.all()}

    def find(self, name: str) -> Any:
        """A row of a staged file, or the key of an asset."""
        row = self._rows.get(name)
        return row if row is not None and row.data_file else self._assets.find(name)

    def alike(self, name: str) -> Any:
        """An asset under the composed name or the decomposed one, where there is only one of the two."""
        forms = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
        found = {asset for form in forms if form != name and (asset := self._assets.find(form)) is not None}
        return found.pop() if len(found) == 1 else None

    def read(self, file: Any) -> bytes | None:
        """The content, unless it is too large to be looked into."""
        with self._open(file) as pieces:
            data = b""
            for piece in pieces:
                data += piece
                if len(data) > MAX_READ_BYTES:
                    return None
        return data

    def stage(self, name: str, file: Any) -> None:
        """Stage a file under this name, in pieces, where it is not staged yet."""
        row = self._rows.get(name)
        if row is None or not row.data_file:
            with self._open(file) as pieces:
                self._add(name, pieces, getattr(file, "source_key_str", str(file)))

    def stage_made(self, name: str, data: bytes) -> None:
        """Stage what was made here, rather than copied."""
        self._add(name, [data], "")

    @contextmanager
    def _open(self, file: Any) -> Iterator[Iterable[bytes]]:
        if hasattr(file, "data_file"):
            with file.data_file.open("rb") as opened:
                yield opened.chunks()
        else:
            with self._assets.open(file) as found:
                yield found.stream_data() if found is not None else ()

    def _add(self, name: str, pieces: Iterable[bytes], source_key: str) -> None:
        row = self._rows.get(name) or self._content.files.model(for_content=self._content, filename=name)
        md5 = hashlib.md5(usedforsecurity=False)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            for piece in pieces:
                md5.update(piece)
                file.write(piece)
            file.seek(0)
            row.md5_hash = md5.hexdigest()
            row.source_key_str = source_key[:255]
            row.data_file.save(name.rpartition("/")[2][-80:], File(file))
        self._rows[name] = row
