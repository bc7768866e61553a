"""Platform: xmodule/contentstore/content.py."""

from collections.abc import Iterator
from typing import Any

from opaque_keys.edx.locator import AssetLocator


class StaticContent:
    @staticmethod
    def compute_location(course_key: Any, path: str, revision: Any = None, is_thumbnail: bool = False) -> Any:
        return course_key.make_asset_key("asset", AssetLocator.clean_keeping_underscores(path.replace("/", "_")))


class StaticContentStream:
    """A file that is read in pieces."""

    CHUNK = 65_536

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.closed = False

    def stream_data(self) -> Iterator[bytes]:
        for start in range(0, len(self._data), self.CHUNK):
            yield self._data[start : start + self.CHUNK]

    def close(self) -> None:
        self.closed = True
