"""
The Python API, and the only way to the steps of an import.

Command line, tasks, REST and pages call these functions and nothing below them, so that all of them check the same
permissions and behave alike. Arguments and results are plain data (:mod:`.data`); keys are strings. Every function
takes the acting ``user``, but those that keep house and do nothing on anybody's behalf: :func:`run_step`,
:func:`recover_imports`, :func:`remove_old_staged_content`. All raise :class:`.errors.ImportFromModulestoreError` or one
of its kinds, with a message for people: ``DatabaseUnavailable`` too, which is not said of each.

In order:

1. :func:`create_import`, :func:`stage_import`
2. :func:`list_blocks`, :func:`get_tree`, :func:`find_conflict`, :func:`get_block`, :func:`render_block`;
   :func:`select_blocks`, :func:`decide_blocks`, :func:`edit_block`, :func:`check_edit`, :func:`revert_block`;
   :func:`choose_contents`, :func:`choose_as_last_time`, :func:`export_choices`, :func:`apply_choices`;
   :func:`list_gone`, :func:`remove_gone`; :func:`get_last_change` or :class:`NotedChange`, :func:`take_back`;
   :func:`get_forwarding`, :func:`choose_forward`; :func:`plan_import`, :func:`get_summary`;
   :func:`open_file`, :func:`sign_file`, :func:`open_signed_file`
3. :func:`complete_import`; :func:`cancel_import` before, :func:`retry_import` after a failure
4. :func:`get_import`, :func:`get_permitted_actions`, :func:`get_imports`, :func:`get_records`;
   :func:`where_from`, :func:`where_to`; :func:`get_item_history`, :func:`get_library_history`;
   :func:`get_report`; :func:`list_work`, :func:`mark_done`
5. :func:`may_link`, :func:`preview_links`, :func:`link_back`, :func:`unlink`
6. :func:`preview_undo`, :func:`undo_import`; :func:`preview_redo`, :func:`redo_import`
7. :func:`create_batch`, :func:`get_batch`, :func:`list_batches`: several sources at once; :func:`do_batch_step` does
   one of these steps with all imports of a batch, :func:`preview_batch_step` tells of an undo or redo of them

The functions that do the work of a step return when it is done; each has a twin called ``start_…`` that hands it to a
Celery worker, and returns at once.
"""

from inspect import isfunction

from .actions.batches import (
    create_batch,
    do_batch_step,
    get_batch,
    list_batches,
    preview_batch_step,
    start_batch_step,
)
from .actions.history import get_item_history, get_library_history
from .actions.links import link_back, may_link, preview_links, unlink
from .actions.records import (
    get_import,
    get_imports,
    get_last_reversal_items,
    get_records,
    get_report,
    get_reversals,
    list_imports,
    list_records,
    where_from,
    where_to,
)
from .actions.rendered import open_file, open_signed_file, render_block, sign_file
from .actions.review import (
    apply_choices,
    check_edit,
    choose_as_last_time,
    choose_contents,
    choose_forward,
    choose_pieces,
    decide_blocks,
    edit_block,
    export_choices,
    find_conflict,
    get_block,
    get_forwarding,
    get_last_change,
    get_summary,
    get_tree,
    list_blocks,
    list_gone,
    plan_import,
    preview_import,
    remove_gone,
    revert_block,
    select_blocks,
    take_back,
)
from .actions.sources import (
    backup_library,
    create_library,
    get_library,
    get_source,
    list_libraries,
    list_sources,
    may_create_libraries,
    may_forward,
    passing_export,
    remove_export,
    upload_export,
    upload_limit,
)
from .actions.steps import (
    cancel_import,
    complete_import,
    create_import,
    get_permitted_actions,
    preview_redo,
    preview_undo,
    recover_imports,
    redo_import,
    remove_old_staged_content,
    retry_import,
    run_step,
    stage_import,
    start_completion,
    start_redo,
    start_retry,
    start_staging,
    start_undo,
    undo_import,
)
from .actions.work import list_work, mark_done
from .data import Action
from .errors import (
    AlreadyExists,
    DatabaseUnavailable,
    ImportFromModulestoreError,
    InvalidEdit,
    InvalidKey,
    InvalidOption,
    NotFound,
    NotPermitted,
    PlanBlocked,
    SourceBeingRead,
    SourceError,
    StagedContentGone,
    StepCanceled,
    StepFailed,
    Undecided,
    WrongState,
)
from .review import NotedChange
from .texts import with_clean_arguments
from .trouble import recognized

__all__ = [
    "AlreadyExists",
    "DatabaseUnavailable",
    "ImportFromModulestoreError",
    "InvalidEdit",
    "InvalidKey",
    "InvalidOption",
    "NotFound",
    "NotPermitted",
    "NotedChange",
    "PlanBlocked",
    "SourceBeingRead",
    "SourceError",
    "StagedContentGone",
    "StepCanceled",
    "StepFailed",
    "Undecided",
    "WrongState",
    "apply_choices",
    "backup_library",
    "cancel_import",
    "check_edit",
    "choose_as_last_time",
    "choose_contents",
    "choose_forward",
    "choose_pieces",
    "complete_import",
    "create_batch",
    "create_import",
    "create_library",
    "decide_blocks",
    "do_batch_step",
    "edit_block",
    "export_choices",
    "find_conflict",
    "get_batch",
    "get_block",
    "get_forwarding",
    "get_import",
    "get_imports",
    "get_item_history",
    "get_last_change",
    "get_last_reversal_items",
    "get_library",
    "get_library_history",
    "get_permitted_actions",
    "get_records",
    "get_report",
    "get_reversals",
    "get_source",
    "get_summary",
    "get_tree",
    "link_back",
    "list_batches",
    "list_blocks",
    "list_gone",
    "list_imports",
    "list_libraries",
    "list_records",
    "list_sources",
    "list_work",
    "mark_done",
    "may_create_libraries",
    "may_forward",
    "may_link",
    "open_file",
    "open_signed_file",
    "passing_export",
    "plan_import",
    "preview_batch_step",
    "preview_import",
    "preview_links",
    "preview_redo",
    "preview_undo",
    "recover_imports",
    "redo_import",
    "remove_export",
    "remove_gone",
    "remove_old_staged_content",
    "render_block",
    "retry_import",
    "revert_block",
    "run_step",
    "select_blocks",
    "sign_file",
    "stage_import",
    "start_batch_step",
    "start_completion",
    "start_redo",
    "start_retry",
    "start_staging",
    "start_undo",
    "take_back",
    "undo_import",
    "unlink",
    "upload_export",
    "upload_limit",
    "where_from",
    "where_to",
]

globals().update(
    {name: recognized()(with_clean_arguments(thing)) for name in __all__ if isfunction(thing := globals()[name])}
)

STARTS = {
    Action.STAGE: start_staging,
    Action.COMPLETE: start_completion,
    Action.RETRY: start_retry,
    Action.CANCEL: cancel_import,
    Action.UNDO: start_undo,
    Action.REDO: start_redo,
}
"""What asks for each action, by a worker but for cancel; all but review, which is many."""

PREVIEWS = {Action.UNDO: preview_undo, Action.REDO: preview_redo}
"""What tells beforehand; these two take ``force`` as well."""
