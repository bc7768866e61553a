"""Links of a course's blocks to the items that they became: what can be linked, and doing so."""

from .links import course_is_there, link, links_at, links_of, plan_links, revert_links, to_be_changed, tree_of, unlink

__all__ = [
    "course_is_there",
    "link",
    "links_at",
    "links_of",
    "plan_links",
    "revert_links",
    "to_be_changed",
    "tree_of",
    "unlink",
]
