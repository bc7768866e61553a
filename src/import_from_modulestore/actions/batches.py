"""
Batches: several sources that are imported into one library.

A batch does nothing itself. Each of its imports goes through the steps of any other, at the same doors; here they are
made together, and asked for what they have in common. What one of them cannot do stops none of the others.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef
from django.db.utils import Error
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from user_tasks.models import UserTaskStatus

from .. import linking, signals
from ..data import (
    Action,
    BatchData,
    BatchDetails,
    BatchReversal,
    BatchStep,
    Forward,
    ImportOptions,
    ImportState,
    LeftImport,
    Page,
    Progress,
    ReversalKind,
    SourceData,
    SourceReference,
    no_progress,
)
from ..errors import (
    ImportFromModulestoreError,
    InvalidOption,
    NotFound,
    NotPermitted,
    SourceBeingRead,
    SourceError,
    StepFailed,
    WrongState,
)
from ..history.reversal import plan_reversal
from ..hosts import get_host
from ..hosts.sources import to_read
from ..imports import ids_beginning_with, import_data, new_import
from ..keys import parse_library_key, parse_source_key
from ..models import Batch, Import
from ..quoting import listed
from ..running import lifecycle, queue
from ..running.lifecycle import Step
from ..running.recovery import recover_if_dead
from ..running.user_tasks import close_tasks, open_task, settle, task_id_of
from ..texts import clean_title
from ..waiting import at_most
from . import access, steps
from .records import page_of

MAX_SOURCES = 50
"""How many sources a batch may have."""

_STATES = {
    **lifecycle.ALLOWED,
    Action.STAGE: (ImportState.CREATED,),
    Action.COMPLETE: (ImportState.STAGED,),
}
"""Which imports of a batch an action is about, where none are named: who says “stage” means what is not yet."""

ACTIONS = tuple(action for action in Action if action is not Action.REVIEW)
"""What can be done with all imports of a batch."""

_REVERSALS = {Action(step.value): kind for step, kind in steps.KINDS.items()}

_NAMES = {
    Action.STAGE: gettext_lazy("Stage {count} sources for {library}"),
    Action.COMPLETE: gettext_lazy("Import {count} sources into {library}"),
    Action.RETRY: gettext_lazy("Retry {count} imports into {library}"),
    Action.UNDO: gettext_lazy("Undo {count} imports into {library}"),
    Action.REDO: gettext_lazy("Redo {count} imports into {library}"),
}


def create_batch(
    *,
    user: Any,
    sources: Sequence[SourceReference],
    library_key: str,
    options: ImportOptions | None = None,
    new_library_title: str | None = None,
) -> BatchDetails:
    """
    Ask for an import of each of several sources into one library; nothing is read or written yet. All of them, or none.

    ``options`` are those of every import; a collection without code and title is one for each source, of its title. The
    library is made by the first of them that is written, where ``new_library_title`` is given; empty, it is the title
    of the first source. Each import is of its source as a whole: ``selection`` is not for a batch.

    A fixed number of queries, and what the host needs to say whether a source may be imported. Raises what
    :func:`.create_import` does, and ``InvalidOption`` for no source, more than :data:`.MAX_SOURCES`, or one twice.
    """
    options = options or ImportOptions()
    sources = [SourceReference(*source) for source in sources]
    _check(sources, options)
    library_key = str(parse_library_key(library_key))
    found = _found(user, sources, options.forward)
    options, library = steps.checked(user, library_key, options, new_library_title)
    if not library.package_id:
        title = clean_title(library.title) or clean_title(found[0].title) or library.key
        library = replace(library, title=title)
    with transaction.atomic():
        batch = Batch.objects.create(
            library_key=library.key, library_title=library.title, user=user, username=user.get_username()
        )
        Import.objects.bulk_create(
            new_import(user, source, library, steps.with_collection(options, source), batch=batch) for source in found
        )
    return _as_it_is(user, batch)


def get_batch(*, user: Any, batch_id: str) -> BatchDetails:
    """
    One batch with its imports, by its ID or the first characters of it.

    Where its queue has stopped, since a worker died or a message was lost, it goes on. A fixed number of queries, and
    what the host needs to say which sources may be read. Raises ``NotFound`` also where the user may not see it.
    """
    batch, runs = _visible_batch(user, batch_id)
    _resume(batch, runs)
    return _details(user, batch, runs)


def list_batches(
    *, user: Any, library_key: str = "", running: bool | None = None, offset: int = 0, limit: int = 100
) -> Page[BatchData]:
    """
    Batches of imports that the user may see, newest first; ``running`` leaves those of which something is, or nothing.

    A fixed number of queries. Raises ``InvalidKey``, ``InvalidOption``.
    """
    found = access.visible_batches(user)
    if library_key:
        found = found.filter(library_key=str(parse_library_key(library_key)))
    if running is not None:
        under_way = Exists(Import.objects.filter(batch=OuterRef("uuid"), state__in=lifecycle.STEP_OF))
        found = found.filter(under_way if running else ~under_way)
    rows, total = page_of(found.order_by("-id"), offset, limit)
    states = _states(rows)
    return Page(items=tuple(_batch_data(batch, states) for batch in rows), total=total, offset=offset, limit=limit)


def start_batch_step(
    *,
    user: Any,
    batch_id: str,
    action: Action,
    import_ids: Collection[str] = (),
    force: bool = False,
    undecided: bool = False,
) -> BatchStep:
    """
    Ask for an action with the imports of a batch: all that it is possible with, or some. Workers do it, one import
    after another: in the order of the sources, an undo in the opposite order.

    ``complete`` is about those that are staged. One in which the review leaves a conflict to decide is not written, and
    waits for its review, unless the ``undecided`` are to be written as the import's ``on_conflict`` says. ``force`` is
    for undo and redo. ``cancel`` is done when this returns.

    A fixed number of statements. Raises ``NotFound``, ``InvalidOption`` for an import that is none of the batch's,
    ``WrongState`` where there is none that it is possible with, ``NotPermitted`` where the user may do it with none,
    and ``StepFailed`` where no worker can be asked.
    """
    batch, runs = _visible_batch(user, batch_id)
    action = Action(action)
    chosen, left = _chosen(user, runs, action, import_ids, force=force)
    if action is Action.CANCEL:
        missed = _cancel_all(batch, chosen, user)
        asked = tuple(str(run.uuid) for run in chosen if str(run.uuid) not in {each.import_id for each in missed})
        left += missed
    else:
        with transaction.atomic():
            asked = _request_all(batch, chosen, action, user, force=force, undecided=undecided)
            queue.open_queue(batch.uuid)
    return BatchStep(batch=_as_it_is(user, batch), asked=asked, left=left)


def do_batch_step(
    *,
    user: Any,
    batch_id: str,
    action: Action,
    import_ids: Collection[str] = (),
    force: bool = False,
    undecided: bool = False,
    progress: Progress = no_progress,
) -> BatchStep:
    """
    :func:`start_batch_step`, here and now: one import after another. What cannot be done with one is said of it, and
    the next one follows.
    """
    batch, runs = _visible_batch(user, batch_id)
    action = Action(action)
    chosen, refused = _chosen(user, runs, action, import_ids, force=force)
    asked, left = [], list(refused)
    for run in chosen:
        how = {"if_decided": _if_decided(run, action, undecided=undecided)}
        try:
            if action is Action.CANCEL:
                steps.cancel(run, user)
            else:
                steps.do(_step_of(run, action), user, str(run.uuid), progress, force=force, **how)
        except ImportFromModulestoreError as error:
            left.append(LeftImport(import_id=str(run.uuid), reason=str(error)))
        else:
            asked.append(str(run.uuid))
    return BatchStep(batch=_as_it_is(user, batch), asked=tuple(asked), left=tuple(left))


def preview_batch_step(
    *, user: Any, batch_id: str, action: Action, import_ids: Collection[str] = (), force: bool = False
) -> list[BatchReversal]:
    """
    What an undo or redo of a batch would do now, import by import, in the order in which it is done: each as it will be
    once those before it are. No side effects; a fixed number of queries for each import.

    Raises ``NotFound``, ``InvalidOption``, and ``WrongState`` where there is none that it is possible with.
    """
    action = Action(action)
    if action not in _REVERSALS:
        raise _not_of_a_batch()
    _batch, runs = _visible_batch(user, batch_id)
    before: dict[int, Any] = {}
    told = []
    for run in _in_order(_possible(runs, action, import_ids), action):
        try:
            if run.state not in lifecycle.ALLOWED[action]:
                raise lifecycle.wrong_state(run)
            plan, after = plan_reversal(run, _REVERSALS[action], force=force, before=before)
        except (NotFound, WrongState) as error:
            told.append(BatchReversal(run=import_data(run), plan=None, refusal=str(error)))
            continue
        before.update(after)
        told.append(BatchReversal(run=import_data(run), plan=plan))
    if not told:
        raise _nothing_possible()
    return told


def _check(sources: Sequence[SourceReference], options: ImportOptions) -> None:
    if not 1 <= len(sources) <= MAX_SOURCES:
        raise InvalidOption(_("A batch has 1 to {max} sources.").format(max=MAX_SOURCES), field="sources")
    if options.selection:
        raise InvalidOption(
            _("A batch imports its sources as they are. Import blocks of one of them by itself."), field="selection"
        )


def _found(user: Any, references: Sequence[SourceReference], forward: Forward | None) -> list[SourceData]:
    """What is to be read of each source, as ``create_import`` finds it. Raises what that does of one."""
    all_sources = get_host().sources
    keys = [parse_source_key(reference.key) for reference in references]
    for key in dict.fromkeys(keys):
        access.require_forwarding(user, key, forward)
    for reference in references:
        if reference.origin:
            all_sources.of(reference.origin)
    exports = {reference.export for reference in references}
    listed_sources = list(all_sources.find(user, set(map(str, keys)), () if "" in exports else exports))
    found, missing = [], []
    for key, reference in zip(keys, references, strict=True):
        of_it = [each for each in listed_sources if each.key == str(key) and _is_meant(user, each, reference)]
        if of_it:
            found.append(_usable(of_it))
        else:
            missing.append(str(key))
    if missing:
        if any(each.is_being_read for each in listed_sources):
            raise SourceBeingRead(_("Some of the exports are being read for the first time. Try again soon."))
        told = ngettext(
            "{keys} is not there, or you may not read it.",
            "{keys} are not there, or you may not read them.",
            len(missing),
        )
        raise NotFound(told.format(keys=listed(missing)), field="sources")
    meant = [source.reference for source in found]  # However they were named.
    if twice := [reference.key for reference in meant if meant.count(reference) > 1]:
        raise InvalidOption(
            _("Named more than once: {keys}.").format(keys=listed(list(dict.fromkeys(twice)))), field="sources"
        )
    return found


def _is_meant(user: Any, source: SourceData, reference: SourceReference) -> bool:
    """What others have uploaded is meant only where it is named, also for those who may read it."""
    if reference.origin not in ("", source.origin):
        return False
    if reference.export:
        return reference.export == source.export
    return source.uploaded is None or source.uploaded_by == user.get_username()


def _usable(sources: Sequence[SourceData]) -> SourceData:
    """
    Of what has one key, what is to be read, as ``create_import`` has it.

    Raises ``NotPermitted`` where nothing may be imported from there, and ``SourceError`` where it cannot be read; what
    was not read yet is found out when it is staged.
    """
    all_sources, key = get_host().sources, parse_source_key(sources[0].key)
    refused = ""
    usable = []
    for source in sources:
        if refusal := all_sources.of(source.origin).refusal_of(key):
            refused = refusal
        elif not source.problem or source.is_being_read:
            usable.append(source)
    if not usable:
        if refused:
            raise NotPermitted(refused, field="sources")
        raise SourceError(sources[0].problem, field="sources")
    if len(usable) > 1 and all_sources.of(usable[0].origin).has_exports:  # How old each is, not every list says.
        usable = [each for each in all_sources.describe(usable) if not each.problem or each.is_being_read] or usable
    return to_read(usable)


def _visible_batch(user: Any, batch_id: str) -> tuple[Batch, list[Import]]:
    found = ids_beginning_with(batch_id, partial(access.visible_batches, user))
    if len(found) > 1:
        raise NotFound(_("Several batches have an ID that begins with {id}. Give more of it.").format(id=batch_id))
    batch = Batch.objects.filter(uuid__in=found).first()
    runs = access.visible_imports(user, batch.imports.order_by("id")) if batch else []
    if batch is None or not runs:
        raise NotFound(_("There is no batch {id}, or none that you may see.").format(id=batch_id))
    return batch, runs


def _resume(batch: Batch, runs: Sequence[Import]) -> None:
    """Recover what is dead, and have the queue go on where nobody does; no query where all is well."""
    with at_most(0):  # Whoever looks waits for nobody who writes.
        for run in runs:
            recover_if_dead(run)
        if batch.has_queue and queue.is_stalled(runs):
            with suppress(StepFailed, Error):  # The imports say so.
                queue.go_on(batch.uuid, again_after=queue.SEND_AGAIN_AFTER)


def _as_it_is(user: Any, batch: Batch) -> BatchDetails:
    """The batch after something was done with it; what was asked for goes on once that is committed."""
    return _details(user, batch, access.visible_imports(user, batch.imports.order_by("id")))


def _details(user: Any, batch: Batch, runs: Sequence[Import]) -> BatchDetails:
    rights = _Rights(user, runs)
    permitted: dict[Action, tuple[str, ...]] = {}
    for action in ACTIONS:
        possible = _possible(runs, action, ())
        may = [str(run.uuid) for run in possible if not rights.refusal(action, run, force=False)]
        if may:
            permitted[action] = tuple(may)
    states: dict[str, int] = {}
    for run in runs:
        states[run.state] = states.get(run.state, 0) + 1
    data = _batch_data(batch, {batch.uuid: states}, is_made=any(run.learning_package_id for run in runs))
    return BatchDetails(**vars(data), imports=tuple(map(import_data, runs)), permitted=permitted)


def _batch_data(batch: Batch, states: Mapping[Any, Mapping[str, int]], *, is_made: bool = True) -> BatchData:
    return BatchData(
        id=str(batch.uuid),
        library_key=batch.library_key,
        library_title=batch.library_title,
        library_url=get_host().library_url(parse_library_key(batch.library_key)) if is_made else "",
        username=batch.username,
        created=batch.created,
        states=states.get(batch.uuid, {}),
    )


def _states(batches: Sequence[Batch]) -> dict[Any, dict[str, int]]:
    """The imports of these batches by state, by batch. One query."""
    found: dict[Any, dict[str, int]] = {}
    rows = Import.objects.filter(batch__in=[batch.uuid for batch in batches]).order_by()
    for batch_id, state, count in rows.values_list("batch", "state").annotate(count=Count("pk")):
        found.setdefault(batch_id, {})[state] = count
    return found


class _Rights:
    """What a user may do with the imports of a batch; what several of them take is looked at once."""

    def __init__(self, user: Any, runs: Collection[Import]) -> None:
        self._user = user
        self._runs = runs
        self._known: dict[Hashable, str] = {}
        self._changing_links: dict[ReversalKind, set[int]] = {}

    def refusal(self, action: Action, run: Import, *, force: bool) -> str:
        """Why the user may not; empty where they may."""
        for right, require in self._rights_of(action, run, force=force):
            if right not in self._known:
                try:
                    require(self._user)
                    self._known[right] = ""
                except (NotPermitted, NotFound) as error:
                    self._known[right] = str(error)
            if self._known[right]:
                return self._known[right]
        return ""

    def _rights_of(self, action: Action, run: Import, *, force: bool) -> Iterator[tuple[Hashable, Any]]:
        if action is Action.CANCEL:
            reversal = run.state in (ImportState.UNDOING, ImportState.REDOING)
            owner = run.actor_id if reversal else run.user_id
            yield (
                ("cancel", owner, run.makes_library, run.learning_package_id),
                partial(steps.require_cancel, run=run),
            )
        else:
            yield from steps.rights_of(_step_of(run, action), run, force=force, changes_links=self._changes_links)

    def _changes_links(self, run: Import, kind: ReversalKind) -> bool:
        if kind not in self._changing_links:
            self._changing_links[kind] = linking.changing_links(self._runs, kind)
        return run.pk in self._changing_links[kind]


def _step_of(run: Import, action: Action) -> Step:
    return lifecycle.failed_step(run) if action is Action.RETRY else Step(action.value)


def _if_decided(run: Import, action: Action, *, undecided: bool) -> bool:
    """Whether conflicts keep the import from being written; a retry does as the step did that failed."""
    return run.if_decided if action is Action.RETRY else action is Action.COMPLETE and not undecided


def _possible(runs: Iterable[Import], action: Action, import_ids: Collection[str]) -> list[Import]:
    """The imports that an action is about: of those that are named, whatever their state is."""
    if not import_ids:
        return [run for run in runs if run.state in _STATES[action]]
    named = {str(run.uuid): run for run in runs}
    if unknown := [import_id for import_id in import_ids if import_id not in named]:
        raise InvalidOption(
            _("Not in this batch: {ids}. Give whole IDs of its imports.").format(ids=listed(unknown)),
            field="import_ids",
        )
    return [named[import_id] for import_id in dict.fromkeys(import_ids)]


def _in_order(runs: Iterable[Import], action: Action) -> list[Import]:
    return sorted(runs, key=lambda run: -run.pk if action is Action.UNDO else run.pk)


def _chosen(
    user: Any, runs: Sequence[Import], action: Action, import_ids: Collection[str], *, force: bool
) -> tuple[list[Import], tuple[LeftImport, ...]]:
    """The imports to do it with, in order, and those that are left, each with the reason."""
    if action not in ACTIONS:
        raise _not_of_a_batch()
    rights, chosen, left, refusals = _Rights(user, runs), [], [], []
    for run in _in_order(_possible(runs, action, import_ids), action):
        if run.state not in lifecycle.ALLOWED[action]:
            reason = str(lifecycle.wrong_state(run))
        elif reason := rights.refusal(action, run, force=force):
            refusals.append(reason)
        else:
            chosen.append(run)
            continue
        left.append(LeftImport(import_id=str(run.uuid), reason=reason))
    if not chosen and refusals:
        raise NotPermitted(refusals[0])
    if not chosen:
        raise _nothing_possible()
    return chosen, tuple(left)


def _not_of_a_batch() -> InvalidOption:
    return InvalidOption(_("That is not done with a batch, but with each import."), field="action")


def _nothing_possible() -> WrongState:
    return WrongState(_("There is no import in this batch of which that is possible now."))


def _request_all(
    batch: Batch, chosen: Sequence[Import], action: Action, user: Any, *, force: bool, undecided: bool
) -> tuple[str, ...]:
    """Ask for the step of all of these; the IDs of those whose state still allows it. Two statements for each step."""
    groups: dict[tuple[Step, bool], list[Import]] = {}
    for run in chosen:
        how = _step_of(run, action), _if_decided(run, action, undecided=undecided)
        groups.setdefault(how, []).append(run)
    queued: list[tuple[Import, Step]] = []
    for (step, if_decided), runs in groups.items():
        queued += [
            (run, step) for run in lifecycle.request_all(runs, step, actor=user, force=force, if_decided=if_decided)
        ]
    name = str(_NAMES[action]).format(count=len(queued), library=batch.library_title or batch.library_key)
    open_task(batch, name, queued, user.pk)
    asked = {run.pk for run, _step in queued}
    return tuple(str(run.uuid) for run in chosen if run.pk in asked)


def _cancel_all(batch: Batch, chosen: Sequence[Import], user: Any) -> tuple[LeftImport, ...]:
    """
    Cancel these: what is at work one by one, what waits or rests all at once. Four statements at most for that.

    Returns those that have come to their end meanwhile.
    """
    at_rest = [run for run in chosen if not run.worker]
    tasks = [task_id_of(run, lifecycle.STEP_OF[ImportState(run.state)]) for run in at_rest if run.queued]
    lifecycle.cancel_all(at_rest, actor=user)
    if tasks:
        close_tasks(tasks, UserTaskStatus.CANCELED)
    now = Import.objects.in_bulk([run.pk for run in chosen])
    canceled = [run for run in at_rest if now[run.pk].state == lifecycle.CANCELED_TO[ImportState(run.state)]]
    for state, step in lifecycle.STEP_OF.items():
        waited = [run for run in canceled if run.state == state]
        for run in waited:
            run.actor = user
        signals.tell_stopped(waited, step.value)
    missed = []
    for run in (now[run.pk] for run in chosen if run not in canceled):  # A worker may have taken it up meanwhile.
        try:
            steps.cancel(run, user)
        except WrongState as error:
            missed.append(LeftImport(import_id=str(run.uuid), reason=str(error)))
    settle(batch.uuid)
    queue.open_queue(batch.uuid)
    return tuple(missed)
