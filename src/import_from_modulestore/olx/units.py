"""
Units for components that stand in none.

Courses that were written by hand put components straight into a subsection or section, where a library has no place for
them. Each run of them becomes a unit, named after its first component: in the course, the run is one page as well
(platform: ``xmodule/seq_block.py`` shows each child of a subsection, unit or not, as a page of its own).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from itertools import groupby

from lxml import etree
from opaque_keys.edx.keys import LearningContextKey

from ..data import BlockKind
from ..keys import UsageKeys
from .blocks import CONTAINER_KINDS, PARENT_TYPES, is_component, title_of
from .parsing import child_elements

UNIT_TAG = "vertical"

_PLACES = [tag for tag, kind in CONTAINER_KINDS.items() if kind in (BlockKind.SECTION, BlockKind.SUBSECTION)]


def holds_units(tag: str) -> bool:
    """Whether a block of this tag holds units, or what holds them, and has no place for components."""
    return tag in _PLACES


def runs[T](children: Iterable[T], tag_of: Callable[[T], str]) -> list[list[T]]:
    """
    The runs of components among the children of a section or subsection, but for those of which a library takes none.

    >>> runs(["html", "problem", "vertical", "video", "vertical", "conditional"], str)
    [['html', 'problem'], ['video']]
    """
    found = [list(run) for loose, run in groupby(children, lambda child: is_component(tag_of(child))) if loose]
    return [run for run in found if any(tag_of(child) not in PARENT_TYPES for child in run)]


class UnitMaker:
    """
    Makes the units of one source, root by root.

    The name of a unit comes from its first component, so that it is the same when the source is read again. ``claim``
    tells whether no other unit of the source has the name, and keeps it from being given to one.
    """

    def __init__(self, source_key: LearningContextKey, claim: Callable[[str], bool]) -> None:
        self._usage_keys = UsageKeys(source_key)
        self._claim = claim
        self._made: dict[str, tuple[str, ...]] = {}

    def make(self, root: etree._Element) -> int:
        """Put each run of components below ``root`` that stands in no unit into one; returns how many it made."""
        made = 0
        for place in list(root.iter(*_PLACES)):
            if any(is_component(above.tag) for above in place.iterancestors()):
                continue
            for run in runs(child_elements(place), lambda child: child.tag):
                holdable = [component for component in run if component.tag not in PARENT_TYPES]
                unit = etree.Element(UNIT_TAG, url_name=self._name(run, holdable), display_name=title_of(holdable[0]))
                place.insert(place.index(run[0]), unit)
                unit.extend(run)
                made += 1
        return made

    def _name(self, run: list[etree._Element], holdable: list[etree._Element]) -> str:
        """The name of the first component that no other unit is named after; of two equal runs, the same."""
        members = tuple(f"{component.tag}/{component.get('url_name')}" for component in run)
        names = [f"{component.get('url_name')}~unit" for component in holdable]
        digest = hashlib.sha1("\n".join(members).encode(), usedforsecurity=False).hexdigest()[:12]
        for name in (self._usage_keys.fitting_id(UNIT_TAG, name) for name in (*names, f"{digest}~unit")):
            if self._made.get(name) == members:
                return name
            if name not in self._made and self._claim(name):
                break
        self._made[name] = members
        return name
