"""Links of a course's blocks to the items that they became: what can be linked, and doing so."""

from .links import (
    changing_links,
    course_is_there,
    link,
    links_at,
    links_of,
    of_others,
    plan_links,
    revert_links,
    to_be_changed,
    tree_of,
    unlink,
)

__all__ = [
    "changing_links",
    "course_is_there",
    "link",
    "links_at",
    "links_of",
    "of_others",
    "plan_links",
    "revert_links",
    "to_be_changed",
    "tree_of",
    "unlink",
]
