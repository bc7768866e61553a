r"""
The addresses of a course's own files, in every form in which the platform writes them.

Each becomes ``/static/name``, which a course and a library resolve alike. Where there are two ways to write a name, the
rest of the address stays as it is: which file it means is for :mod:`.references` to say.

=====================================================  ================================================================
form                                                   written by
=====================================================  ================================================================
``/static/name``                                       Studio's editors; ``StaticContent.get_static_path_from_location``
``/asset-v1:O+C+R+type@asset+block@name``              Studio's "Files & Uploads"; ``serialize_asset_key_with_slash``
``/asset-v1:O+C+R+type@asset+block/name``              the LMS (``static_replace.replace_static_urls``)
``asset-v1:O+C+R+type@asset+block@name``               a bare key, as the platform's importer looks for
``/asset-v1%3AO%2BC%2BR%2Btype%40asset…``              whatever encodes addresses: editors, query parameters
``/c4x/O/C/asset/name``                                Studio before 2015; ``StaticContent.ASSET_URL_RE``
``/assets/courseware/v1/<md5>/`` + key or ``c4x``       ``StaticContent.add_version_to_asset_path``; without ``v1`` too
                                                       (``VERSIONED_ASSETS_PATTERN``)
``https://host`` or ``//host`` before any of these     a CDN (``get_canonicalized_asset_path``), or a copied address;
                                                       content staging rewrites it (``rewrite_absolute_static_urls`` in
                                                       ``openedx/core/lib/xblock_serializer/utils.py``)
any of these with ``\/`` for ``/``                     JSON in attributes
=====================================================  ================================================================

The first of them are in the platform's ``xmodule/contentstore/content.py``. That ``c4x`` and keys of the course become
``/static/`` is what its importer does (``rewrite_nonportable_content_links`` in
``xmodule/modulestore/store_utilities.py``). ``c4x`` tells no run. An address of which any other part differs, the path
before it included, is somebody else's, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import UsageKey

from ...texts import holds_any

STATIC = "/static/"

_HINTS = ("asset-v1", "c4x")
_LINK_HINTS = ("/jump_to", "/course")
_MAX_NAME_LENGTH = 1000
_SLASH = r"\\?/"
_PART = r"[^\s\"'<>()\\/+%&?#]{1,255}"
_ADDRESS = re.compile(
    rf"""
    (?<![\w./%+@:\\-])                                                  # it begins here: nothing of a longer path
    (?: (?:(?:https?:)? {_SLASH}{_SLASH} [^\s"'<>()\\/?\#]{{1,255}} )?  # a host
        (?: {_SLASH} assets {_SLASH} courseware {_SLASH} (?: v\d {_SLASH} )? [0-9a-f]{{32}} )?
        {_SLASH}
    )?
    (?: asset-v1 (?: : | %3A )
        (?P<org>{_PART}) (?: \+ | %2B ) (?P<course>{_PART}) (?: \+ | %2B ) (?P<run>{_PART})
        (?: (?: \+ | %2B ) (?: branch | version ) (?: @ | %40 ) {_PART} ){{0,2}}
        (?: \+ | %2B ) type (?: @ | %40 ) asset (?: \+ | %2B ) block (?: @ | %40 | {_SLASH} )
      | c4x {_SLASH} (?P<old_org>{_PART}) {_SLASH} (?P<old_course>{_PART}) {_SLASH} asset {_SLASH}
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NAME = re.compile(r"[^\s\"'`<>()\[\]{}|\\,;?#&]*")
_LINK = re.compile(
    r"""
    (?: /jump_to_id/ (?P<id>[^?\#/]+)
      | (?:https?://[^\s/]+)? /courses/ (?P<course>[^?\#]+?) /jump_to (?P<by_id>_id)? / (?P<key>[^?\#]+)
      | /course/ .
      | /courses/ .
    ) .*
    """,
    re.VERBOSE,
)


class CourseName(NamedTuple):
    """What an address says of the course that it belongs to; ``c4x`` tells no run."""

    org: str
    course: str
    run: str = ""

    @classmethod
    def of_key(cls, key: str) -> CourseName | None:
        """The course that a course's key names, or the address of an asset."""
        if match := _ADDRESS.match(key):
            return _course_of(match)
        parts = key.removeprefix("course-v1:").split("+")
        return cls(*parts) if key.startswith("course-v1:") and len(parts) == 3 else None

    def __str__(self) -> str:
        return f"course-v1:{self.org}+{self.course}+{self.run}" if self.run else f"{self.org}/{self.course}"


@dataclass(frozen=True)
class ForeignFile:
    """An address of a file of another course, or of another run."""

    address: str
    course: CourseName
    name: str


@dataclass(frozen=True)
class CourseLink:
    """
    A link to a place in a course.

    ``block_id`` is that of the block that it leads to, where it says; where the link names its course, ``course`` is
    organization and course of that, whatever the run.
    """

    address: str
    block_id: str
    course: tuple[str, ...] = ()

    def may_lead_into(self, course: CourseName | None) -> bool:
        """Whether it leads into a run of this course, as far as it says."""
        return not self.course or (course is not None and self.course == (course.org, course.course))


class OwnAddresses:
    """
    Knows a course's own files by their addresses.

    ``courses`` are the course itself, and earlier runs of it whose files it has taken over. A library has no files of
    its own in the modulestore, and so no addresses.
    """

    def __init__(self, *courses: CourseName | None) -> None:
        runs = [course for course in courses if course is not None]
        self._own = frozenset([*runs, *(CourseName(run.org, run.course) for run in runs)])

    def rewrite(self, text: str) -> str:
        """The text with ``/static/name`` for every address of the course's own files."""
        if not self._own or not may_hold_address(text):
            return text
        return _ADDRESS.sub(lambda match: STATIC if _course_of(match) in self._own else match[0], text)

    def rewrite_all(self, element: etree._Element, *, text: bool = True) -> None:
        """Do so in all attributes and texts of an element; not in its own text where ``text`` is false."""
        for node in element.iter(etree.Element):
            for name, value in node.attrib.items():
                if may_hold_address(value):
                    node.set(name, self.rewrite(value))
            if node.text and may_hold_address(node.text) and (text or node is not element):
                node.text = self.rewrite(node.text)
            if node is not element and node.tail and may_hold_address(node.tail):
                node.tail = self.rewrite(node.tail)


def foreign_files(texts: Iterable[str]) -> list[ForeignFile]:
    """Files of other courses in texts in which the course's own addresses are rewritten already, each once."""
    found: dict[str, ForeignFile] = {}
    for text in texts:
        if may_hold_address(text):
            for match in _ADDRESS.finditer(text):
                name = _NAME.match(text, match.end(), match.end() + _MAX_NAME_LENGTH)[0]  # type: ignore[index]
                address = (match[0] + name).replace("\\/", "/")
                found.setdefault(address, ForeignFile(address, _course_of(match), unquote(name)))
    return list(found.values())


def course_links(texts: Iterable[str]) -> list[CourseLink]:
    """
    Links into a course, each once: what a library cannot lead to.

    The forms are those that ``common/djangoapps/static_replace/__init__.py`` makes addresses of (``/jump_to_id/``,
    ``/course/``), and these addresses themselves. ``texts`` are whole addresses.
    """
    found = {}
    for text in texts:
        if any(hint in text for hint in _LINK_HINTS) and (match := _LINK.fullmatch(text.strip())):
            found[match[0]] = CourseLink(match[0], _block_id(match), _course_linked(match))
    return list(found.values())


def _course_linked(match: re.Match[str]) -> tuple[str, ...]:
    key = unquote(match["course"] or "").removeprefix("course-v1:")
    return tuple(re.split(r"[+/]", key)[:2]) if key else ()


def _block_id(match: re.Match[str]) -> str:
    if match["id"]:
        return unquote(match["id"])
    key = unquote(match["key"] or "").rstrip("/")
    if match["by_id"] or not key:
        return key
    try:
        return UsageKey.from_string(key).block_id
    except InvalidKeyError:
        return key.rpartition("/")[2]


def may_hold_address(text: str) -> bool:
    """Whether there may be addresses of courses' files in a text, or in XML with this text; most hold none."""
    return holds_any(text, _HINTS)


def _course_of(match: re.Match[str]) -> CourseName:
    if match["org"]:
        return CourseName(match["org"], match["course"], match["run"])
    return CourseName(match["old_org"], match["old_course"])
