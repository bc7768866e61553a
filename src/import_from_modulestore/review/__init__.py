"""Review: what is staged as a person sees it, beside what the library holds, and the changes that a reviewer makes."""

from .blocks import block_page, planned_import, with_edited
from .details import block_details
from .edits import check_edit, choose_contents, decide, edit, find_block, revert_edit, select
from .gone import gone_page, remove_gone
from .pieces import choose_pieces
from .rendered import file_of, rendered_block

__all__ = [
    "block_details",
    "block_page",
    "check_edit",
    "choose_contents",
    "choose_pieces",
    "decide",
    "edit",
    "file_of",
    "find_block",
    "gone_page",
    "planned_import",
    "remove_gone",
    "rendered_block",
    "revert_edit",
    "select",
    "with_edited",
]
