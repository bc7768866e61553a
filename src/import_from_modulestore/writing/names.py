"""What components and their media are called in the library, whoever writes them."""

from __future__ import annotations

import mimetypes

NAMESPACE = "xblock.v1"
"""Namespace of component types that are XBlocks."""


def olx_media_type(block_type: str) -> str:
    """The media type of a component's OLX."""
    return f"application/vnd.openedx.xblock.v1.{block_type}+xml"


def file_media_type(name: str) -> str:
    """The media type of a file of this name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
