"""
The steps of an import.

Each step can be done here and now (``stage_import``, ``complete_import``, ``undo_import``, ``redo_import``), or asked
for, to be done by a worker (``start_…``). Both check the same rights and go through the same states; a worker checks
the rights again, of the user who asked, when it takes the step up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from time import sleep
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.utils import Error
from django.utils import timezone
from django.utils.translation import gettext as _
from user_tasks.models import UserTaskStatus

from .. import linking, signals
from ..completion import plan_of, undecided, with_forwarding, write
from ..data import (
    Action,
    Branch,
    CollectionChoice,
    Decision,
    Forward,
    ImportData,
    ImportOptions,
    ImportState,
    LibraryData,
    Progress,
    ReversalKind,
    ReversalPlan,
    SourceData,
    no_progress,
)
from ..errors import ImportFromModulestoreError, InvalidOption, NotFound, NotPermitted, StepFailed
from ..history.reversal import plan_reversal, revert
from ..hosts import Host, get_host
from ..imports import find_import, new_import, options_of
from ..keys import parse_library_key, parse_source_key
from ..models import Batch, DoneMark, IdempotentRequest, Import, LinkChange, Reversal
from ..running import lifecycle, queue, recovery
from ..running.ending import running
from ..running.lifecycle import Step
from ..running.logs import ImportLog
from ..running.progress import Reporter, ask_to_stop
from ..running.user_tasks import close_tasks, is_about, settle, task_id_of
from ..staging import discard, stage
from ..texts import clean_title
from ..trouble import Trouble, is_clash, trouble_of
from ..waiting import at_most
from ..writing import all_or_nothing
from ..writing.collection import find_collection
from . import access
from .records import get_import

log = logging.getLogger(__name__)

_CANCEL_TRIES, _CANCEL_WAITS = 5, 1
"""How often a cancel asks for the import's row, and how many seconds it waits for it each time."""

_AFTER_CLASHES = (0.1, 0.5, 2)
"""Seconds after which a step begins again that the database has rolled back for somebody else's work."""

KINDS = {Step.UNDO: ReversalKind.UNDO, Step.REDO: ReversalKind.REDO}


def create_import(
    *,
    user: Any,
    source_key: str,
    library_key: str,
    options: ImportOptions | None = None,
    new_library_title: str | None = None,
    origin: str = "",
    export: str = "",
) -> ImportData:
    """
    Ask for an import; nothing is read or written yet.

    Where the source is to be had from several origins, ``origin`` names one (:attr:`.data.SourceData.origin`); where
    several exports hold it, ``export`` names the one to read (:attr:`.data.SourceData.export`). Else it is the first
    origin that has it, and of exports the newest. The import keeps to that from then on.

    The library has to be there, unless ``new_library_title`` is given: then it is made when the import is written, in
    the same transaction. An empty title means the source's.

    Raises ``InvalidKey``, ``NotPermitted``, ``NotFound``, ``SourceError``, in a web request ``SourceBeingRead``, and
    ``InvalidOption`` for a collection of a code that the library does not have.
    """
    run, _source = new_run(user, source_key, library_key, options, new_library_title, origin, export)
    return get_import(user=user, import_id=str(run.uuid))


def stage_import(*, user: Any, import_id: str, progress: Progress = no_progress) -> ImportData:
    """
    Read the source into the staging area and index its blocks.

    Until the import is completed it can be done anew: after a failure, where the source has changed, or where what was
    staged is gone. What the review has chosen and edited stands again then, by usage key.

    Cost: statements by root and by batch, not by block; memory of the largest section.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``SourceError``, ``StepFailed``, ``StepCanceled``, and
    ``InvalidOption`` where a selected block is not in the source; of one that has gone since, a warning tells.
    """
    return do(Step.STAGE, user, import_id, progress)


def start_staging(*, user: Any, import_id: str) -> ImportData:
    """:func:`stage_import`, by a worker. Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``StepFailed``."""
    return _start(Step.STAGE, user, import_id)


def complete_import(*, user: Any, import_id: str, progress: Progress = no_progress) -> ImportData:
    """
    Write the staged import into the library: everything or nothing, in one transaction and one change log.

    The plan is made anew under a lock on the library, from the library as it then is, and recorded block by block. What
    was staged stays for a while; see :func:`remove_old_staged_content`.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``PlanBlocked``, ``StepFailed``, ``StepCanceled``.
    """
    return do(Step.COMPLETE, user, import_id, progress)


def start_completion(*, user: Any, import_id: str) -> ImportData:
    """:func:`complete_import`, by a worker. Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``StepFailed``."""
    return _start(Step.COMPLETE, user, import_id)


def retry_import(*, user: Any, import_id: str, progress: Progress = no_progress) -> ImportData:
    """
    Retry the step that failed, and no other: after ``staging_failed`` the import waits for its review.

    Raises what :func:`stage_import` and :func:`complete_import` do, ``WrongState`` also where nothing failed: an import
    that was left between two steps goes on with one of these two, an undo or redo that failed with another.
    """
    return do(_failed_step(user, import_id), user, import_id, progress)


def start_retry(*, user: Any, import_id: str) -> ImportData:
    """:func:`retry_import`, by a worker. Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``StepFailed``."""
    return _start(_failed_step(user, import_id), user, import_id)


def cancel_import(*, user: Any, import_id: str) -> ImportData:
    """
    Give an import up, at any point before it is written. A step that runs is stopped, and rolled back.

    Of an import that is being undone or redone, that is stopped alone, and the import stays as it was.

    Needs edit access on the library, or that what is given up is the user's own. Raises ``NotFound``, ``NotPermitted``,
    ``WrongState``. Who holds the import is waited for a few seconds, and an error of the database raised then.
    """
    run = access.visible_import(user, import_id)
    require_cancel(user, run)
    cancel(run, user)
    return get_import(user=user, import_id=import_id)


def cancel(run: Import, user: Any) -> None:
    """Give an import up, or stop its undo or redo: :func:`cancel_import`, once rights are checked."""
    state = ImportState(run.state)
    if state not in lifecycle.CANCELED_TO:
        raise lifecycle.wrong_state(run)
    waiting = [task_id_of(run, lifecycle.STEP_OF[state])] if run.queued else []
    with going_on(run):
        _cancel(run, state, user)
    if waiting and run.batch_id is not None:  # Else the message tells of it, which is on its way.
        close_tasks(waiting, UserTaskStatus.CANCELED)
        settle(run.batch_id)


def _cancel(run: Import, state: ImportState, user: Any) -> None:
    to = lifecycle.CANCELED_TO[state]
    if to is ImportState.CANCELED:
        allowed = tuple(before for before, after in lifecycle.CANCELED_TO.items() if after is to)
    else:
        allowed = (state, to)  # It may have stopped already, since it was asked to.
    for tries_left in reversed(range(_CANCEL_TRIES)):
        ask_to_stop(run)  # First: on SQLite, a step that writes lets nobody else write.
        try:
            with at_most(_CANCEL_WAITS), transaction.atomic():
                # What it is at now: its step may have come to an end since somebody looked.
                run.state = Import.objects.select_for_update().values_list("state", flat=True).get(pk=run.pk)
                step = lifecycle.STEP_OF.get(ImportState(run.state))
                is_under_way = step is not None or to is not ImportState.CANCELED
                lifecycle.transition(run, allowed, to, **lifecycle.canceling(to, actor=user, is_under_way=is_under_way))
                if step:
                    signals.tell_stopped([run], step.value)
            break
        except Error as error:
            if not tries_left or trouble_of(error) is not Trouble.BUSY:
                raise
            run.refresh_from_db(fields=["state", "worker"])  # A worker may have taken it up meanwhile.


def preview_undo(*, user: Any, import_id: str, force: bool = False) -> ReversalPlan:
    """
    What :func:`undo_import` would do now, item by item. No side effects; a fixed number of queries.

    Raises ``NotFound``, ``WrongState``.
    """
    return _preview(Step.UNDO, user, import_id, force)


def undo_import(*, user: Any, import_id: str, force: bool = False, progress: Progress = no_progress) -> ImportData:
    """
    Take an import back: all that :func:`preview_undo` says, in one transaction.

    Items that were edited since, and items that containers outside the import have come to use, are kept and named,
    unless ``force``.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``StepFailed``; the import then stays ``imported``.
    """
    return do(Step.UNDO, user, import_id, progress, force=force)


def start_undo(*, user: Any, import_id: str, force: bool = False) -> ImportData:
    """:func:`undo_import`, by a worker. Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``StepFailed``."""
    return _start(Step.UNDO, user, import_id, force=force)


def preview_redo(*, user: Any, import_id: str, force: bool = False) -> ReversalPlan:
    """What :func:`redo_import` would do now. As :func:`preview_undo`."""
    return _preview(Step.REDO, user, import_id, force)


def redo_import(*, user: Any, import_id: str, force: bool = False, progress: Progress = no_progress) -> ImportData:
    """
    Put back what the last undo took away: the versions that the import had written.

    Items that were changed since the undo are kept and named, unless ``force``.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``StepFailed``; the import then stays ``undone``.
    """
    return do(Step.REDO, user, import_id, progress, force=force)


def start_redo(*, user: Any, import_id: str, force: bool = False) -> ImportData:
    """:func:`redo_import`, by a worker. Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``StepFailed``."""
    return _start(Step.REDO, user, import_id, force=force)


def run_step(*, import_id: str, message_id: str | None = None) -> bool:
    """
    For tasks: do what was asked for of an import, on behalf of the user who asked.

    Returns whether it is done. ``message_id`` is that of the task: a message about an earlier step, which comes late,
    does nothing.

    Does nothing where another process is at it, or it is done already: the same message may arrive twice. Where it
    fails, the import says why, and the error is raised; except where the database was busy or could not be reached:
    then it is put off, and asked for again, up to 3 times.
    """
    run = find_import(import_id)
    is_late = message_id is not None and not is_about(message_id, run)
    step = None if is_late else lifecycle.claim(run)
    with going_on(run):
        if step is None:
            ImportLog(log, run).info("it is %s, and asks for nothing", run.state)
            return False
        with running(run, step):
            user = get_user_model()._default_manager.in_bulk([run.actor_id]).get(run.actor_id)
            if user is None:
                raise NotPermitted(
                    _("The account of the user who asked for this is gone. Somebody else may ask again.")
                )
            require_rights(step, user, run, force=run.force)
            _carry_out(step, run, user, no_progress)
            return True
    return False


@contextmanager
def going_on(run: Import) -> Iterator[None]:
    """After this, however it ends, the batch of the import goes on with the next one, where it is one of a batch."""
    try:
        yield
    finally:
        if run.batch_id is not None:
            with suppress(Error):
                transaction.on_commit(partial(_go_on, run.batch_id))


def _go_on(batch_id: UUID) -> None:
    with suppress(Error, StepFailed):  # Whoever looks at the batch, or keeps house, has it go on.
        queue.go_on(batch_id)


def recover_imports(*, send_again_after: timedelta = queue.SEND_AGAIN_AFTER) -> int:
    """
    Make imports whose attempt is dead ready to be tried again; returns how many. See :mod:`..running.recovery`.

    Previews whose attempt is dead are removed. The message about a step that has waited for a worker for
    ``send_again_after`` is sent again.
    """
    recovered = recovery.recover()
    for run in Import.objects.filter(is_preview=True):
        if not recovery.may_be_running(run):
            recovery.apart(run, partial(remove_import, run))
    for run in recovery.waiting_for(send_again_after):
        try:
            queue.send(run, lifecycle.STEP_OF[ImportState(run.state)])
        except StepFailed:
            ImportLog(log, run).warning("it waits for a worker, and none can be told")
    for batch_id in Batch.objects.filter(has_queue=True).values_list("uuid", flat=True):
        with suppress(StepFailed):  # The imports say so.
            queue.go_on(batch_id, again_after=send_again_after)
    return recovered


def remove_old_staged_content(*, days: int | None = None) -> int:
    """
    Remove what imports staged that were completed or canceled more than ``days`` ago; returns how many imports.

    The default is ``IMPORT_FROM_MODULESTORE_KEEP_STAGED_DAYS``, or 14. Records and history stay.

    Also brings the history up to date with its accounts: the names of those that were renamed, as Open edX does to
    retire them, and the links to those that are gone; and removes what uploads left whose process was killed.

    Raises ``InvalidOption`` for a negative number.
    """
    if days is None:
        days = getattr(settings, "IMPORT_FROM_MODULESTORE_KEEP_STAGED_DAYS", 14)
    if days < 0:
        raise InvalidOption(_("Give 0 or more days."), field="days")
    _let_go_of_accounts()
    _update_names()
    ended = (*lifecycle.WRITTEN, ImportState.CANCELED)
    limit = timezone.now() - timedelta(days=days)
    removed = 0
    for run in Import.objects.filter(state__in=ended, finished__lte=limit, staged_removed=None):
        discard(run)
        Import.objects.filter(pk=run.pk).update(staged_removed=timezone.now())
        removed += 1
    for origin in get_host().sources:
        origin.remove_left_over()
    return removed


def _let_go_of_accounts() -> None:
    """
    Take links to accounts off that were deleted where this app is not known; see :func:`.models.account`.

    A query for each kind of link, and one statement where there is something to change.
    """
    accounts = get_user_model()._default_manager.all()
    links: tuple[tuple[QuerySet[Any], str], ...] = (
        (Import.objects.order_by(), "user"),
        (Import.objects.order_by(), "actor"),
        (Batch.objects.order_by(), "user"),
        (Reversal.objects.order_by(), "user"),
        (DoneMark.objects.order_by(), "user"),
        (LinkChange.objects.order_by(), "user"),
        (IdempotentRequest.objects.order_by(), "user"),
    )
    for rows, link in links:
        linked = rows.filter(**{f"{link}__isnull": False})
        gone = linked.exclude(Exists(accounts.filter(pk=OuterRef(f"{link}_id")))).values_list(f"{link}_id", flat=True)
        if pks := set(gone.distinct()):
            of_them = rows.filter(**{f"{link}_id__in": pks})
            if rows.model is IdempotentRequest:
                of_them.delete()
            else:
                of_them.update(**{link: None})


def _update_names() -> None:
    """
    Give imports, batches, undos, redos, marks and links the names that their users have now. Who is gone keeps theirs.

    A query for each of these models, and one update where there is something to change: no row is locked in vain.
    """
    name_now = Subquery(get_user_model()._default_manager.filter(pk=OuterRef("user")).values("username"))
    histories: tuple[QuerySet[Any], ...] = (
        Import.objects.order_by(),
        Batch.objects.order_by(),
        Reversal.objects.order_by(),
        DoneMark.objects.order_by(),
        LinkChange.objects.order_by(),
    )
    for history in histories:
        names = history.exclude(user=None).values_list("user", "username", "user__username").distinct()
        # Compared here, since the two tables may differ in collation.
        if renamed := {user for user, kept, now in names if kept != now}:
            history.filter(user__in=renamed).update(username=name_now)


def new_run(
    user: Any,
    source_key: str,
    library_key: str,
    options: ImportOptions | None,
    new_library_title: str | None,
    origin: str,
    export: str,
    *,
    is_preview: bool = False,
) -> tuple[Import, SourceData]:
    """The row of a new import, after all checks."""
    key = parse_source_key(source_key)
    sources = access.readable_sources(user, key, origin=origin, export=export)
    options, library = checked(user, library_key, options or ImportOptions(), new_library_title)
    access.require_forwarding(user, key, options.forward)
    source = sources.get(key, options.branch, export, user, to_import=True)
    if not library.package_id:
        library = replace(library, title=clean_title(library.title) or clean_title(source.title) or library.key)
    run = new_import(user, source, library, with_collection(options, source), is_preview=is_preview)
    run.save(force_insert=True)
    return run, source


def remove_import(run: Import) -> None:
    """Remove an import that is no history, with what it has staged."""
    discard(run)
    run.delete()


def do(
    step: Step, user: Any, import_id: str, progress: Progress, *, force: bool = False, if_decided: bool = False
) -> ImportData:
    """A step, here and now, once rights are checked. Raises what the step does."""
    run = access.visible_import(user, import_id)
    require_rights(step, user, run, force=force)
    lifecycle.begin(run, step, actor=user, force=force, if_decided=if_decided)
    with going_on(run), running(run, step):
        _carry_out(step, run, user, progress)
    return get_import(user=user, import_id=str(run.uuid))


def _start(step: Step, user: Any, import_id: str, *, force: bool = False) -> ImportData:
    run = access.visible_import(user, import_id)
    require_rights(step, user, run, force=force)
    queue.request(run, step, actor=user, force=force)
    return get_import(user=user, import_id=str(run.uuid))


def _failed_step(user: Any, import_id: str) -> Step:
    run = access.visible_import(user, import_id)
    access.require_rights(user, run)
    return lifecycle.failed_step(run)


def _preview(step: Step, user: Any, import_id: str, force: bool) -> ReversalPlan:
    run = access.visible_import(user, import_id)
    allowed = lifecycle.STATES[step].allowed
    if run.state not in allowed:
        raise lifecycle.wrong_state(run)
    return plan_reversal(run, KINDS[step], force=force)[0]


def get_permitted_actions(*, user: Any, import_id: str) -> tuple[Action, ...]:
    """
    What the user may do with an import now: those of :attr:`.data.ImportData.actions` that they have the rights for.

    For doors that show no button which would be refused; the actions themselves check again. A fixed number of queries,
    whatever was imported. Raises ``NotFound``.
    """
    run = access.visible_import(user, import_id)
    state = ImportState(run.state)
    return tuple(action for action in lifecycle.actions_in(state) if _may(action, user, run, state))


def _may(action: Action, user: Any, run: Import, state: ImportState) -> bool:
    try:
        if action is Action.REVIEW:
            access.require_reading(user, run)
        elif action is Action.CANCEL:
            require_cancel(user, run)
        else:
            step = lifecycle.RETRY_STEPS[state] if action is Action.RETRY else Step(action.value)
            require_rights(step, user, run, force=False)
    except (NotPermitted, NotFound):
        return False
    return True


def require_cancel(user: Any, run: Import) -> None:
    """What a cancel needs: the right to change the library, or that what is given up is the user's own."""
    owner = run.actor_id if lifecycle.STEP_OF.get(ImportState(run.state)) in KINDS else run.user_id
    if owner != user.pk:
        access.require_library(user, run)


def require_rights(step: Step, user: Any, run: Import, *, force: bool) -> None:
    """That the user may do the step. Raises ``NotPermitted``, or ``NotFound`` for a library that is to be made."""
    for _right, require in rights_of(step, run, force=force):
        require(user)


def changes_links(run: Import, kind: ReversalKind) -> bool:
    """Whether an undo or redo of the import may change links of blocks. One query."""
    return bool(linking.changing_links([run], kind))


def rights_of(
    step: Step, run: Import, *, force: bool, changes_links: Callable[[Import, ReversalKind], bool] = changes_links
) -> Iterator[tuple[Hashable, Callable[[Any], None]]]:
    """
    What the step takes: rights, each with what requires it of a user; those that are equal need but one look.

    ``changes_links`` is for who asks about several imports, and knows it of all at once.

    An undo or redo that is forced may take from learners what somebody else has published since.
    """
    library_key = parse_library_key(run.library_key)
    if step not in KINDS:
        yield (run.source_key, run.source_origin, run.source_export), partial(access.require_reading, run=run)
    yield (library_key, run.makes_library, run.learning_package_id), partial(access.require_library, run=run)
    if step in KINDS:
        yield (
            ("links", run.pk),
            partial(_require_changing_links, run=run, kind=KINDS[step], changes_links=changes_links),
        )
    if step is Step.COMPLETE:
        forward = Forward(run.forward) if run.forward else None
        source_key = parse_source_key(run.source_key)
        yield (
            ("forward", source_key, forward),
            partial(access.require_right_to_forward, source_key=source_key, forward=forward),
        )
    if (run.publish and step is not Step.STAGE) or force:
        yield "publish", partial(access.require_publishing, library_key=library_key)


def _require_changing_links(
    user: Any, run: Import, kind: ReversalKind, changes_links: Callable[[Import, ReversalKind], bool]
) -> None:
    """An undo unlinks blocks of the course that follow the import's items, and a redo links them again."""
    links, source_key = linking.links_at(run, get_host()), parse_source_key(run.source_key)
    if links is None or not changes_links(run, kind):
        return
    if not links.can_edit(user, source_key) and linking.course_is_there(run, links):
        raise NotPermitted(
            _(
                "Blocks of the course follow items of this import, and would be unlinked or linked again: you may not "
                "change {key}. Ask somebody of its team to do this, or to unlink them first."
            ).format(key=source_key)
        )


def _carry_out(step: Step, run: Import, user: Any, progress: Progress) -> None:
    """
    Do a step whose import is in its running state, and move the import on; from the beginning where the database has
    rolled it back for the sake of somebody else's work, of which it then knows.
    """
    name, reporter = run.worker, Reporter(run, progress)
    try:
        for pause in (*_AFTER_CLASHES, None):
            try:
                return _do(step, run, user, reporter)
            except Error as error:
                if pause is None or not is_clash(error) or connection.in_atomic_block:
                    raise
                ImportLog(log, run).info("%s begins again: %s", step.value, error)
                sleep(pause)
                run.refresh_from_db()
                if run.worker != name:  # It was canceled, or another attempt is at it.
                    raise
    finally:
        reporter.clear()


def _do(step: Step, run: Import, user: Any, progress: Progress) -> None:
    host = get_host()
    match step:
        case Step.STAGE:
            source_key = parse_source_key(run.source_key)
            stage(
                run,
                host=host,
                user=user,
                source_key=source_key,
                read=partial(host.sources.read, run.source_origin, source_key, Branch(run.branch), run.source_export),
                options=options_of(run),
                progress=progress,
            )
            if run.batch_id is not None:
                _count_undecided(run, host, user)
        case Step.COMPLETE:
            with all_or_nothing():
                write(run, library_key=parse_library_key(run.library_key), host=host, user=user, progress=progress)
        case Step.UNDO | Step.REDO:
            with all_or_nothing():
                revert(
                    run,
                    KINDS[step],
                    library_key=parse_library_key(run.library_key),
                    force=run.force,
                    host=host,
                    user=user,
                    progress=progress,
                )


def _count_undecided(run: Import, host: Host, user: Any) -> None:
    """Note how many conflicts an import that is staged leaves to decide, for its batch; not that, if it cannot be."""
    try:
        count = undecided(run, with_forwarding(plan_of(run, host=host), run, host=host, user=user))
        Import.objects.filter(pk=run.pk, revision=run.revision, staged=run.staged).update(to_decide=count)
    except (ImportFromModulestoreError, Error) as error:
        ImportLog(log, run).info("how much there is to decide cannot be said: %s", error)


def checked(
    user: Any, library_key: str, options: ImportOptions, new_library_title: str | None
) -> tuple[ImportOptions, LibraryData]:
    """The options as they are kept, and the library, or the one to make, after all checks that ask for no source."""
    if options.unmerged is Decision.MERGE:
        raise InvalidOption(_("What cannot be merged cannot be merged: give another decision."), field="unmerged")
    of_library = parse_library_key(library_key)
    library = access.library_or_one_to_make(user, of_library, new_library_title)
    if options.publish:
        access.require_publishing(user, of_library, field="publish")
    if options.collection:
        title = clean_title(options.collection.title)
        options = replace(options, collection=replace(options.collection, title=title))
        _check_collection(library, options.collection)
    return options, library


def with_collection(options: ImportOptions, source: SourceData) -> ImportOptions:
    """The options with the collection named: without a code or a title, it has the source's."""
    collection = options.collection
    if collection is None or collection.code or collection.title:
        return options
    return replace(options, collection=CollectionChoice(title=clean_title(source.title) or source.key))


def _check_collection(library: LibraryData, collection: CollectionChoice | None) -> None:
    if collection is None or not collection.code:
        return
    if not library.package_id:
        raise InvalidOption(
            _("A new library has no collections yet; give a title, and one is made."), field="collection"
        )
    find_collection(library.package_id, collection)
