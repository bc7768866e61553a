"""Opaque keys: parsed where they come in, built for what goes out."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import (
    BlockUsageLocator,
    CourseLocator,
    LibraryContainerLocator,
    LibraryLocator,
    LibraryLocatorV2,
    LibraryUsageLocatorV2,
)

from .data import BlockKind, LocalKey
from .errors import InvalidKey
from .quoting import shortened

_MAX_KEY_LENGTH = 255
"""Characters of a key in the platform's and our columns (the platform's ``UsageKeyField``)."""

_PLAIN_NAME = re.compile(r"[\w.~-]+", re.ASCII)
"""What types and IDs of blocks nearly always are; less than what keys can hold."""

_PLAIN_ITEM = re.compile(r"[\w.-]+", re.ASCII)
"""The same of a library's items."""


def parse_source_key(text: str) -> CourseLocator | LibraryLocator:
    """
    The key of a course (``course-v1:Org+Course+Run``) or legacy library (``library-v1:Org+Library``).

    Raises :class:`InvalidKey` for anything else.
    """
    try:
        key = CourseKey.from_string(text)
    except InvalidKeyError:
        key = None
    if isinstance(key, CourseLocator | LibraryLocator) and not key.deprecated and len(text) <= _MAX_KEY_LENGTH:
        return key
    raise InvalidKey(
        _(
            "{text!r} is not the key of a course (course-v1:Org+Course+Run) "
            "or a legacy library (library-v1:Org+Library)."
        ).format(text=shortened(text))
    )


def parse_library_key(text: str) -> LibraryLocatorV2:
    """The key of a content library (``lib:Org:slug``). Raises :class:`InvalidKey` for anything else."""
    try:
        key = LibraryLocatorV2.from_string(text)
    except InvalidKeyError:
        key = None
    if key is None or len(text) > _MAX_KEY_LENGTH:
        raise InvalidKey(_("{text!r} is not the key of a content library (lib:Org:slug).").format(text=shortened(text)))
    return key


def library_key_for(source_key: CourseLocator | LibraryLocator) -> LibraryLocatorV2:
    """
    The key of a library for a source where nobody has named one: ``lib:Org:Course-Run``, or ``lib:Org:Library``.

    Keys of sources may have characters that keys of libraries may not (opaque_keys: ``CourseLocator``,
    ``LibraryLocatorV2``); ``_`` stands in their place.
    """
    slug = source_key.library if isinstance(source_key, LibraryLocator) else f"{source_key.course}-{source_key.run}"
    return LibraryLocatorV2(*(re.sub(r"[^A-Za-z0-9_.-]", "_", str(name)) for name in (source_key.org, slug)))


def library_item_key(library_key: LibraryLocatorV2, kind: BlockKind, item: LocalKey) -> str:
    """
    The opaque key of an item: ``lb:Org:slug:type:id`` for a component, ``lct:Org:slug:type:id`` for a container.

    That of plain names is put together, as with :class:`UsageKeys`.
    """
    if _PLAIN_ITEM.fullmatch(item.type) and _PLAIN_ITEM.fullmatch(item.code):
        namespace = "lct" if kind.is_container else "lb"
        return f"{namespace}:{library_key.org}:{library_key.slug}:{item.type}:{item.code}"
    if kind.is_container:
        return str(LibraryContainerLocator(library_key, container_type=item.type, container_id=item.code))
    return str(LibraryUsageLocatorV2(library_key, item.type, item.code))  # type: ignore[abstract]


def is_component_type(block_type: str) -> bool:
    """Whether the key of a library's component can hold the block type: ASCII letters, digits, ``_``, ``-``, ``.``."""
    library_key = LibraryLocatorV2("any", "any")
    try:
        LibraryUsageLocatorV2(library_key, block_type, "any")  # type: ignore[abstract]
    except ValueError:
        return False
    return True


def parse_item_key(text: str) -> LibraryUsageLocatorV2 | LibraryContainerLocator:
    """The key of an item of a content library. Raises :class:`InvalidKey` for anything else."""
    for kind in (LibraryUsageLocatorV2, LibraryContainerLocator):
        try:
            return kind.from_string(text)
        except InvalidKeyError:
            continue
    raise InvalidKey(
        _("{text!r} is not the key of a library item (lb:Org:slug:type:id or lct:Org:slug:type:id).").format(
            text=shortened(text)
        )
    )


class UsageKeys:
    """
    The usage keys of a source's blocks, as texts.

    Those of plain names are put together: a key of *opaque_keys* takes 20 times as long, and each block is asked for
    several times. All start with :attr:`beginning`.
    """

    def __init__(self, source_key: Any) -> None:
        self._source_key = source_key
        self.beginning = str(source_key.make_usage_key("x", "x")).removesuffix("x+block@x")
        self._beginnings: dict[str, str] = {}
        """Of plain types, all that comes before the ID."""

    def __call__(self, block_type: str, block_id: str) -> str:
        """The usage key of a block. Raises ``InvalidKeyError`` where no key can hold the names."""
        beginning = self._beginnings.get(block_type)
        if beginning is None and _PLAIN_NAME.fullmatch(block_type):
            beginning = self._beginnings[block_type] = f"{self.beginning}{block_type}+block@"
        if beginning is not None and _PLAIN_NAME.fullmatch(block_id):
            return beginning + block_id
        return str(self._source_key.make_usage_key(block_type, block_id))

    def fitting_id(self, block_type: str, block_id: str) -> str:
        """The block ID, cut where the block's usage key would be longer than a key may be; then it ends in its hash."""
        over = len(self(block_type, block_id)) - _MAX_KEY_LENGTH
        if over <= 0:
            return block_id
        digest = hashlib.sha1(block_id.encode(), usedforsecurity=False).hexdigest()[:12]
        return f"{block_id[: max(1, len(block_id) - over - len(digest) - 1)]}_{digest}"


def parse_usage_key(text: str) -> UsageKey:
    """The usage key of a block of a course or legacy library. Raises :class:`InvalidKey` for anything else."""
    try:
        key = UsageKey.from_string(text)
    except InvalidKeyError:
        key = None
    if not isinstance(key, BlockUsageLocator) or key.deprecated:
        raise InvalidKey(
            _(
                "{text!r} is not the key of a block of a course or legacy library (block-v1:… or lib-block-v1:…)."
            ).format(text=shortened(text))
        )
    return key
