"""The vocabulary of OLX: which tag is which kind of block, and what a block is called when it has no name."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from html import unescape

from django.utils.translation import gettext_noop
from lxml import etree

from ..data import BlockKind
from ..texts import MAX_TITLE_LENGTH, clean_title, on_one_line, xml_text

CONTAINER_KINDS: dict[str, BlockKind] = {
    "chapter": BlockKind.SECTION,
    "sequential": BlockKind.SUBSECTION,
    # Other names of the same class (platform, until 2023: setup.py, `xmodule.seq_module:SequenceBlock`).
    "problemset": BlockKind.SUBSECTION,
    "videosequence": BlockKind.SUBSECTION,
    "vertical": BlockKind.UNIT,
}

ROOT_TAGS = frozenset(("course", "library"))
"""Tags of whole sources. They are never blocks of their own here: only what they hold is imported."""

NOT_CONTENT_TAGS = frozenset(
    (
        "wiki",
        "textbook",
        "about",
        "course_info",
        "static_tab",
        "custom_tag_template",
        "grading_policy",
        "transcript",
        "progress",
        "xblock_asides",
    )
)
"""What a course element holds besides content: settings and pages, which are never imported."""

PARENT_TYPES = frozenset(
    (
        "adaptive_numeric_input",
        "conditional",
        "gp-v2-mentoring",
        "itembank",
        "library_content",
        "library_sourced",
        "mentoring",
        "mentoring-dataexport",
        "pb-step",
        "problem-builder",
        "randomize",
        "sb-step",
        "split_test",
        "step-builder",
        "wrapper",
        "adaptive-library",
    )
)
"""Component types that have child blocks by nature, even where they happen to hold none."""

_LEAF_TYPES = frozenset(("html", "problem", "video", "annotatable", "openassessment", "poll_question", "word_cloud"))
"""Types whose inner XML is their own and never child blocks."""

_OF_PARENTS_OWN = {"conditional": "show"}
"""Elements of a component with child blocks that are its own (platform: ``xmodule/conditional_block.py``)."""

ASIDE = "xblock_asides.v1"
"""What the ``xblock-family`` of an aside says (XBlock: ``XBlockAside.entry_point``)."""

_ASIDES = etree.XPath(f"descendant::*[@xblock-family='{ASIDE}']")

_DEFAULT_TITLES = {
    "annotatable": gettext_noop("Annotation"),
    "discussion": gettext_noop("Discussion"),
    "done": gettext_noop("Completion"),
    "drag-and-drop-v2": gettext_noop("Drag and Drop"),
    "edx_sga": gettext_noop("Staff Graded Assignment"),
    "google-calendar": gettext_noop("Google Calendar"),
    "google-document": gettext_noop("Google Document"),
    "html": gettext_noop("Text"),
    "itembank": gettext_noop("Problem Bank"),
    "library_content": gettext_noop("Randomized Content Block"),
    "lti": gettext_noop("LTI"),
    "lti_consumer": gettext_noop("LTI Consumer"),
    "openassessment": gettext_noop("Open Response Assessment"),
    "pdf": gettext_noop("PDF"),
    "poll": gettext_noop("Poll"),
    "problem": gettext_noop("Blank Problem"),
    "split_test": gettext_noop("Content Experiment"),
    "staffgradedxblock": gettext_noop("Staff Graded Points"),
    "survey": gettext_noop("Survey"),
    "video": gettext_noop("Video"),
    "videoalpha": gettext_noop("Video"),
    "word_cloud": gettext_noop("Word cloud"),
}
"""
The defaults of the field ``display_name`` of the block types that come with the platform.

In the platform they are in ``xmodule/*_block.py`` and ``xmodule/video_block/video_xfields.py``, of late in
*xblocks-contrib*, and in the packages of its ``requirements/edx/base.txt``. Containers have none; Studio calls new ones
by their kind.
"""

_SNIPPET_LENGTH = 60
"""Characters of its text by which a block without a title is told."""

_SEARCHED_LENGTH = 20_000
"""Characters of a block in which its text is looked for."""

_CODE_TAGS = frozenset(("script", "style"))

_CODE = re.compile(rf"<({'|'.join(sorted(_CODE_TAGS))})\b.*?(</\1\s*>|$)", re.IGNORECASE | re.DOTALL)

_MARKUP = re.compile(r"<[^<>]*>")


def kind_of(tag: str) -> BlockKind:
    """What a block of this OLX tag becomes in a library."""
    return CONTAINER_KINDS.get(tag, BlockKind.COMPONENT)


def is_component(tag: str) -> bool:
    """Whether a block of this OLX tag holds content of its own, rather than being what holds others together."""
    return tag not in CONTAINER_KINDS and tag not in ROOT_TAGS


def is_content(element: etree._Element) -> bool:
    """Whether a child of a course element is content, rather than a setting or a page."""
    return element.tag not in NOT_CONTENT_TAGS


def has_children(element: etree._Element) -> bool:
    """
    Whether this component is made of other blocks, which a library's components cannot be.

    Known parent types are, and so is any other that holds elements with a ``url_name`` (staged OLX gives one to every
    block and to nothing else).
    """
    if element.tag in PARENT_TYPES:
        return True
    if element.tag in _LEAF_TYPES:
        return False
    return any(child.get("url_name") for child in element.iterchildren(tag=etree.Element))


def holds_block(element: etree._Element, child: etree._Element) -> bool:
    """Whether a child of a component of one of the :data:`PARENT_TYPES` is a block, named or not."""
    return element.tag in PARENT_TYPES and child.tag != _OF_PARENTS_OWN.get(element.tag)


def drop_asides(root: etree._Element) -> None:
    """
    Remove what asides have written into blocks, tags of Studio's first kind, say: an aside is no block.

    As the platform does when it reads a block (``xmodule/x_module.py``, ``parse_asides``).
    """
    asides = _ASIDES(root) if len(root) else ()
    for aside in asides:
        aside.tag = ASIDE  # So that they can be taken out by their tag, and the text after them stays.
    if asides:
        etree.strip_elements(root, ASIDE, with_tail=False)


def inner_blocks(element: etree._Element) -> list[etree._Element]:
    """The blocks that a component holds directly, in order; none where it is not made of other blocks."""
    if not has_children(element):
        return []
    found: list[etree._Element] = []
    for child in element.iterchildren(tag=etree.Element):
        if child.get("url_name"):
            found.append(child)
        elif child.tag not in _LEAF_TYPES:
            found += inner_blocks(child)
    return found


def name_for_people(element: etree._Element) -> str:
    """
    What people call a block: its title, or where it has none, the beginning of its text, or else what the platform
    calls it.

    Studio has no better name for such a block than that of its type, and so no library gets another; but of six
    questions that are all called “Blank Problem”, nobody knows which is which.

    >>> name_for_people(etree.fromstring("<html>&lt;p>The moon pulls.&lt;/p></html>"))
    '“The moon pulls.”'
    """
    return title_and_name(element)[1]


def title_and_name(element: etree._Element) -> tuple[str, str]:
    """:func:`title_of` and :func:`name_for_people` of a block."""
    if title := clean_title(element.get("display_name") or ""):
        return title, title
    title = title_of(element)
    if element.tag in CONTAINER_KINDS or has_children(element):
        return title, title
    words = unescape(_MARKUP.sub(" ", _CODE.sub(" ", _text_of(element))))
    text = " ".join(on_one_line(words).split())
    cut = text if len(text) <= _SNIPPET_LENGTH else f"{text[:_SNIPPET_LENGTH].rsplit(' ', 1)[0]} …"
    return title, f"“{cut}”" if cut else title


def _text_of(element: etree._Element) -> str:
    """The first of what is written in the element, programs left aside."""
    texts: list[str] = []
    length = 0
    for node in element.iter():
        if isinstance(node.tag, str) and node.tag not in _CODE_TAGS:
            texts.append(node.text or "")
        if node is not element:
            texts.append(node.tail or "")
        length += sum(map(len, texts[-2:]))
        if length > _SEARCHED_LENGTH:
            break
    return " ".join(texts)[:_SEARCHED_LENGTH]


def title_of(element: etree._Element) -> str:
    """The block's display name, or the one that the platform gives to untitled ones, cut to what a library takes."""
    return clean_title(element.get("display_name") or "") or default_title(element.tag)[:MAX_TITLE_LENGTH]


def read_display_name(element: etree._Element) -> None:
    """
    Make the ``display_name`` of an export what it says: old exports write strings as JSON, and ``null`` for none.

    As the platform does with blocks of its own kind, and not with other XBlocks, which say so (platform:
    ``xmodule/xml_block.py``, ``deserialize_field``; XBlock: ``String.from_string``). In a library, no XBlock does.
    """
    written = element.get("display_name")
    if written is None or written.lstrip(" \t\n\r")[:1] not in ('"', "n"):
        return
    if element.get("xblock-family") is not None:
        return
    try:
        title = json.loads(written)
    except (ValueError, RecursionError):
        return
    if title is None:
        del element.attrib["display_name"]
    elif isinstance(title, str):
        element.set("display_name", xml_text(title))


@lru_cache(maxsize=1_000)
def default_title(block_type: str) -> str:
    """
    What the platform calls a block that has no display name; one of a type that we do not know, by its type.

    >>> default_title("problem"), default_title("made-up_type"), default_title("vertical")
    ('Blank Problem', 'Made Up Type', 'Unit')
    """
    if block_type in CONTAINER_KINDS:
        return CONTAINER_KINDS[block_type].value.capitalize()
    words = block_type.replace("_", " ").replace("-", " ").strip().title()
    return _DEFAULT_TITLES.get(block_type) or words or block_type
