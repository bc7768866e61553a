"""Platform: xmodule/contentstore/django.py, xmodule/contentstore/mongo.py."""

from dataclasses import dataclass, field
from typing import Any

from .content import StaticContentStream


@dataclass
class ContentStore:
    files: dict[str, bytes] = field(default_factory=dict)
    """For the tests: contents by asset key."""

    def find(self, location: Any, throw_on_not_found: bool = True, as_stream: bool = False) -> Any:
        data = self.files.get(str(location))
        if data is None:
            if throw_on_not_found:
                raise LookupError(location)
            return None
        assert as_stream, "The double knows streams only."
        return StaticContentStream(data)


_store = ContentStore()


def contentstore() -> ContentStore:
    return _store
