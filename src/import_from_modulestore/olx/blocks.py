"""The vocabulary of OLX: which tag is which kind of block, and what a block is called when it has no name."""

from __future__ import annotations

import re

from lxml import etree

from ..data import BlockKind

CONTAINER_KINDS: dict[str, BlockKind] = {
    "chapter": BlockKind.SECTION,
    "sequential": BlockKind.SUBSECTION,
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
        "problemset",
        "randomize",
        "sb-step",
        "split_test",
        "step-builder",
        "videosequence",
        "wrapper",
        "adaptive-library",
    )
)
"""Component types that have child blocks by nature, even where they happen to hold none."""

_LEAF_TYPES = frozenset(("html", "problem", "video", "annotatable", "openassessment", "poll_question", "word_cloud"))
"""Types whose inner XML is their own and never child blocks."""

_DEFAULT_TITLES = {
    "html": "Text",
    "drag-and-drop-v2": "Drag and Drop",
    "lti": "LTI",
    "lti_consumer": "LTI Consumer",
    "openassessment": "Open Response Assessment",
}

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Characters that tell a terminal or a page to do something, rather than show something."""

MAX_TITLE_LENGTH = 500
"""Characters of a title in a library (``PublishableEntityVersion.title``)."""


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


def leaf_blocks(element: etree._Element) -> list[etree._Element]:
    """The innermost blocks below a component that has children, in order."""
    return [
        node
        for node in element.iterdescendants(tag=etree.Element)
        if node.get("url_name") and not any(child.get("url_name") for child in node.iterchildren(tag=etree.Element))
    ]


def title_of(element: etree._Element) -> str:
    """The block's display name, or the name of its type, cut to what a library takes."""
    return clean_title(element.get("display_name") or "") or default_title(element.tag)[:MAX_TITLE_LENGTH]


def clean_title(title: str) -> str:
    """The title on one line, without control characters, cut to what a library takes; empty where nothing is left."""
    return " ".join(_CONTROLS.sub(" ", title).split())[:MAX_TITLE_LENGTH].strip()


def default_title(block_type: str) -> str:
    """
    What to call a block that has no display name.

    >>> default_title("html"), default_title("word_cloud"), default_title("vertical")
    ('Text', 'Word Cloud', 'Unit')
    """
    if block_type in CONTAINER_KINDS:
        return CONTAINER_KINDS[block_type].value.capitalize()
    words = block_type.replace("_", " ").replace("-", " ").strip().title()
    return _DEFAULT_TITLES.get(block_type) or words or block_type
