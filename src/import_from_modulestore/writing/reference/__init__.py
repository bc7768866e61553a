"""Writing through the public API of ``openedx_content``, item by item: what this leaves is right."""

from .drafts import ReferenceWriter
from .setting import ReferenceSetter

__all__ = ["ReferenceSetter", "ReferenceWriter"]
