"""Review: what is staged as a person sees it, beside what the library holds, and the changes that a reviewer makes."""

from .blocks import block_page, matching_nums, planned_import, with_edited
from .changes import NotedChange, last_change, take_back
from .choices import apply_choices, choose_as_last_time, chosen_blocks
from .details import block_details
from .edits import (
    check_edit,
    choose_contents,
    decide,
    edit,
    find_block,
    places_matching,
    places_of,
    revert_edit,
    select,
)
from .gone import gone_page, remove_gone
from .pieces import choose_pieces
from .rendered import file_of, rendered_block
from .summary import summary_of
from .tree import conflict_place, review_tree

__all__ = [
    "NotedChange",
    "apply_choices",
    "block_details",
    "block_page",
    "check_edit",
    "choose_as_last_time",
    "choose_contents",
    "choose_pieces",
    "chosen_blocks",
    "conflict_place",
    "decide",
    "edit",
    "file_of",
    "find_block",
    "gone_page",
    "last_change",
    "matching_nums",
    "places_matching",
    "places_of",
    "planned_import",
    "remove_gone",
    "rendered_block",
    "revert_edit",
    "review_tree",
    "select",
    "summary_of",
    "take_back",
    "with_edited",
]
