"""
OLX as Studio's serializer writes it, brought to the form that exports are read into.

Studio (platform: ``openedx/core/lib/xblock_serializer/block_serializer.py``) names the block that an element was made
from in ``copied_from_block``, at every depth. A block that has nothing to say of itself, since its type is not
installed or its data is empty, becomes an element ``<root>`` without content.

A serializer that leaves these names out, as that of August 2025 did, and as its ``write_copied_from`` can have it, is
noticed (:func:`is_named`): the host then stages one component after another, each with its name (:func:`give_name`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import zip_longest

from django.utils.translation import gettext as _
from lxml import etree
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import UsageKey

from ..texts import xml_text
from .blocks import drop_asides, is_component
from .parsing import MAX_COMPONENT_DEPTH, is_too_deep, set_cdata

_COPIED_FROM = ("copied_from_block", "copied_from_version")
_EMPTY = "root"
_END, _ESCAPED_END = "]]>", "]]&gt;"


def mend(
    root: etree._Element, is_installed: Callable[[str], bool], title_of: Callable[[UsageKey], str | None]
) -> dict[str, str]:
    """
    Give every block element below ``root`` the type and name of its block, and take Studio's marks off.

    Returns why blocks cannot be imported, by usage key. ``is_installed`` tells whether a block type is; it makes the
    difference in what is said of a block without content. ``title_of`` gives such a block its title.
    """
    problems: dict[str, str] = {}
    drop_asides(root)
    for element in list(root.iter(etree.Element)):
        key = _take_off_marks(element)
        if key is None:
            continue
        element.set("url_name", key.block_id)
        if element.tag == _EMPTY:
            element.tag = key.block_type
            _set_title(element, title_of(key))
            problems[str(key)] = _why_empty(key.block_type, is_installed)
        elif is_component(key.block_type) and is_too_deep(element):
            problems[str(key)] = _("Its XML is more than {limit} levels deep. Make it simpler.").format(
                limit=MAX_COMPONENT_DEPTH
            )
            for child in list(element):
                element.remove(child)
    return problems


def is_named(root: etree._Element, key: UsageKey) -> bool:
    """
    Whether the serializer has written of the block, and so of all below it, which one it is.

    Without that, an element may have the mark of another block: ``copied_from_block`` is also a field of what was
    pasted (platform: ``cms/lib/xblock/authoring_mixin.py``).
    """
    return root.get(_COPIED_FROM[0]) == str(key)


def give_name(component: etree._Element, key: UsageKey) -> None:
    """Write of a component which one it is, and take off what marks there are."""
    for element in component.iter(etree.Element):
        _take_off_marks(element)
    component.set(_COPIED_FROM[0], str(key))


def stub(key: UsageKey, title: str | None) -> etree._Element:
    """An element that stands for a block and holds nothing: a container to be filled, or one that cannot be read."""
    element = etree.Element(key.block_type, url_name=key.block_id)
    _set_title(element, title)
    return element


def restore_cdata_ends(root: etree._Element, text_of: Callable[[str], str]) -> None:
    """
    Put the end of CDATA back into texts: the serializer writes ``]]&gt;`` for it, which in a script is an error.

    ``text_of`` gives a block of text as Studio has it, by its name. It is asked where one may hold such an end.
    """
    for element in root.iter("html"):
        first, *rest = (element.text or "").split(_ESCAPED_END)
        if rest:
            ends = re.findall(f"{_END}|{_ESCAPED_END}", text_of(element.get("url_name", "")))
            pairs = zip_longest(ends[: len(rest)], rest, fillvalue=_ESCAPED_END)
            set_cdata(element, first + "".join(end + text for end, text in pairs))


def _set_title(element: etree._Element, title: str | None) -> None:
    if title:
        element.set("display_name", xml_text(title))


def _take_off_marks(element: etree._Element) -> UsageKey | None:
    copied_from = element.get(_COPIED_FROM[0])
    for name in _COPIED_FROM:
        element.attrib.pop(name, None)
    try:
        return UsageKey.from_string(copied_from) if copied_from else None
    except InvalidKeyError:
        return None


def _why_empty(block_type: str, is_installed: Callable[[str], bool]) -> str:
    if is_installed(block_type):
        return _("It is empty. Give it content in the course, or leave it out.")
    return _("Its type, {type}, is not installed in this Studio, so it cannot be read.").format(type=block_type)
