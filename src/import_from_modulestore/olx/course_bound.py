"""
What a block says that only its course, or its site, knows.

A library's item is used in many courses, and none of them is the one that it came from. So

============================================= ======================================================= =================
what the OLX says                             whose it is                                             what becomes of it
============================================= ======================================================= =================
``url_name``, ``slug``                        the block's name in the course                          off; keys say it
``parent_url``, ``parent_sequential_url``,    a draft's place in an export (platform:                 off
``index_in_children_list``                    ``xmodule/modulestore/xml_exporter.py``)
``copied_from_block``, ``…_version``,         where staged content was taken from (platform:          off
``top_level_downstream_parent_key``           ``openedx/core/lib/xblock_serializer/``)
``upstream…``, ``downstream…``                a link to another library (``UpstreamSyncMixin``)       off
``group_access``, ``user_partition_id``       groups of the course (platform:                         off, and named
                                              ``lms/djangoapps/lms_xblock/mixin.py``,
                                              ``xmodule/split_test_block.py``)
``user_partitions``                           which groups there are: a setting of the course         off
``lti_id``                                    a passport of the course (platform:                     kept, and named
                                              ``xmodule/lti_block.py``)
``config_type="database"``, ``"external"``    settings of an LTI tool that lie in the database        kept, and named
                                              (``xblock-lti-consumer``: ``lti_xblock.py``)
``selected_teamset_id``                       a team set of the course (``edx-ora2``)                 kept, and named
``package_meta``, ``scorm_package_path``,     a package in the site's storage, beside the course      kept, and named
``scorm_file``, ``h5p_content_json_path``     (``openedx-scorm-xblock``, ``edx_xblock_scorm``,
                                              ``h5pxblock``)
============================================= ======================================================= =================

Groups are taken off because a learner who is in none of them sees nothing of the block, and learners of other courses
are in none. Everything else may well be right where the item is used, and waits there for its other half. A package
that is named as ``/static/…`` is a file of the course like any other, and goes along.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from ..quoting import joined, shortened
from .blocks import has_children
from .tree import walk

_PLACE = frozenset(
    (
        "url_name",
        "slug",
        "parent_url",
        "parent_sequential_url",
        "index_in_children_list",
        "copied_from_block",
        "copied_from_version",
        "top_level_downstream_parent_key",
    )
)
_LINKS_TO_LIBRARIES = ("upstream", "downstream")
"""How attributes begin that tie a course's block to the library item it was made from."""

_GROUPS = frozenset(("group_access", "user_partition_id", "user_partitions"))

_COURSE_ONLY = _PLACE | _GROUPS

_names_groups = etree.XPath(f"boolean(descendant-or-self::*[{' or '.join(f'@{name}' for name in sorted(_GROUPS))}])")
"""Whether anything in an element names any: most courses have none."""

_PACKAGES = {
    "scorm_package_path": "",
    "package_meta": "name",
    "scorm_file": "",
    "h5p_content_json_path": "",
}
"""Attributes that name a package, by themselves or in a field of the JSON that they hold; the first one counts."""

_NOTED = frozenset(("config_type", "lti_id", "selected_teamset_id", *_PACKAGES))
"""Without one of these there is nothing to say."""

_MAX_SHOWN = 100
_MAX_JSON = 10_000
"""Characters of a value that are shown, and up to which it is looked into."""


def is_place(attribute: str) -> bool:
    """Whether the attribute places a block in its course: a library has keys and links of its own."""
    return attribute in _PLACE or attribute.startswith(_LINKS_TO_LIBRARIES)


def is_course_only(attribute: str) -> bool:
    """Whether no library has the attribute: it places the block in its course, or names groups of it."""
    return attribute in _COURSE_ONLY or attribute.startswith(_LINKS_TO_LIBRARIES)


def drop_places(element: etree._Element) -> None:
    """Remove what :func:`is_place` from a block's element."""
    _drop(element, _PLACE)


def drop_course_only_attributes(element: etree._Element) -> None:
    """Remove what :func:`is_course_only` from a block's element."""
    _drop(element, _COURSE_ONLY)


def _drop(element: etree._Element, names: frozenset[str]) -> None:
    given = element.keys()
    for name in given:
        if name in names or name.startswith(_LINKS_TO_LIBRARIES):
            del element.attrib[name]


def take_off_groups(root: etree._Element, source_key: Any) -> Iterator[tuple[str, str]]:
    """
    Take the groups of the course off every block of a root that is being staged; for hosts.

    Yields what to say, by usage key, of those that were limited to some.
    """
    for block in walk(root) if _names_groups(root) else ():
        names = _GROUPS.intersection(block.element.keys())
        if not names:
            continue
        groups = _groups_of(block.element)
        for name in names:
            del block.element.attrib[name]
        if groups and not (block.kind.rank == 0 and has_children(block.element)):
            yield (
                str(source_key.make_usage_key(block.block_type, block.block_id)),
                _(
                    "Only some groups of the course see it ({groups}). A library does not know them: the copy is for "
                    "everyone. Limit it in the courses that use it."
                ).format(groups=_shown(groups)),
            )


def notes_on(element: etree._Element) -> list[str]:
    """What to say of a component that is kept as it is, and needs something that does not go along."""
    if _NOTED.isdisjoint(element.keys()):
        return []
    notes = [_note_on_lti(element), _note_on_teams(element), _note_on_package(element)]
    return [note for note in notes if note]


def _groups_of(element: etree._Element) -> str:
    """The groups that a block is limited to, in words; no groups of a configuration are all of them."""
    found = []
    if access := element.get("group_access"):
        by_configuration = _json_of(access)
        if isinstance(by_configuration, dict):
            found += [
                _("group configuration {number}: {groups}").format(
                    number=number, groups=joined(map(str, groups)) if isinstance(groups, list) else groups
                )
                for number, groups in by_configuration.items()
                if groups
            ]
        elif access.strip() != "null":
            found.append(access)
    if number := element.get("user_partition_id"):
        found.append(_("group configuration {number}").format(number=number))
    return "; ".join(found)


def _note_on_lti(element: etree._Element) -> str:
    config_type = element.get("config_type")
    if config_type == "database":
        return _(
            "Its LTI settings lie in the platform's database, for the block in the course alone. Have them made again "
            "where the copy is used."
        )
    if config_type == "external":
        return _(
            "It uses the LTI configuration “{name}” of the platform, and works where there is one of that name."
        ).format(name=_shown(element.get("external_config") or ""))
    if passport := (element.get("lti_id") or "").strip():
        return _(
            "It uses the LTI passport “{name}” of the course, which does not go along. A course that uses the copy "
            "needs one of that name, among its advanced settings."
        ).format(name=_shown(passport))
    return ""


def _note_on_teams(element: etree._Element) -> str:
    team_set = (element.get("selected_teamset_id") or "").strip()
    if not team_set or (element.get("teams_enabled") or "").lower() != "true":
        return ""
    return _(
        "It is answered in teams of the team set “{name}” of the course, which does not go along. A course that uses "
        "the copy needs one of that name."
    ).format(name=_shown(team_set))


def _note_on_package(element: etree._Element) -> str:
    for attribute, field in _PACKAGES.items():
        value = element.get(attribute)
        if value and field:
            meta = _json_of(value)
            value = meta.get(field) if isinstance(meta, dict) else ""
        if isinstance(value, str) and value.strip() and not value.startswith("/static/"):
            return _(
                "Its package, {name} ({attribute}), lies in the platform's storage and not in the course, and does not "
                "go along. If the copy does not play, upload the package to it."
            ).format(name=_shown(value), attribute=attribute)
    return ""


def _json_of(text: str) -> Any:
    if len(text) > _MAX_JSON:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _shown(text: str) -> str:
    return shortened(text, _MAX_SHOWN)
