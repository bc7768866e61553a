"""
What has to hold once a site is left in peace, whatever was done to it: each judge is a function that yields faults.

Those of the database run within the site: ``python -m tests.hostile.judges`` prints what they find, as JSON, and how
many steps they have done again; ``states`` as an argument prints how imports stand, and no more.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

type Faults = Iterator[str]

OWN = "import_from_modulestore.errors."
"""Where the exceptions come from that the app raises on purpose."""

GROWTH = 40
"""Megabytes that a process may have grown from when it was warm to the end."""

# Within the site


def nothing_runs() -> Faults:
    """No import is in a running state, and each that is not done with has a way out."""
    from import_from_modulestore.data import ImportState
    from import_from_modulestore.models import Import
    from import_from_modulestore.running.lifecycle import actions_in

    for run in Import.objects.all():
        state = ImportState(run.state)
        if state.is_running or run.worker:
            yield f"{_named(run)} runs still: {run.worker or 'nobody is at it'}, queued {run.queued}"
        elif state is not ImportState.CANCELED and not actions_in(state):
            yield f"{_named(run)} has no way out"
        if run.is_preview:
            yield f"{_named(run)} is a preview, and still there"


def history_is_whole() -> Faults:
    """What is written has records and counts, what is not has none; what failed says why."""
    from import_from_modulestore.data import ImportState
    from import_from_modulestore.models import Import

    written = (ImportState.IMPORTED, ImportState.UNDONE)
    for run in Import.objects.all():
        outcomes = Counter(run.records.values_list("outcome", flat=True))
        if run.state not in written:
            if outcomes or run.reversals.exists():
                yield f"{_named(run)} was not written, and has records"
            if run.state in (ImportState.STAGING_FAILED, ImportState.IMPORT_FAILED) and not run.error:
                yield f"{_named(run)} does not say why"
            continue
        if dict(outcomes) != run.counts:
            yield f"{_named(run)} counts {run.counts}, and its records are {dict(outcomes)}"
        kinds = list(run.reversals.values_list("kind", flat=True))
        if kinds != ["undo", "redo"] * (len(kinds) // 2) + ["undo"] * (len(kinds) % 2):
            yield f"{_named(run)} was taken back and forth as {kinds}"
        if (len(kinds) % 2 == 1) != (run.state == ImportState.UNDONE):
            yield f"{_named(run)} is no such thing after {kinds}"


def staged_whole() -> Faults:
    """What is staged belongs to an import, all of an import's is there, and every file that a row names."""
    from django.apps import apps

    from import_from_modulestore.data import ImportState
    from import_from_modulestore.models import Import, StagedBlock

    content_model: Any = apps.get_model("content_staging", "StagedContent")
    file_model = content_model._meta.get_field("files").related_model
    known = {f"import_from_modulestore:{uuid.hex}" for uuid in Import.objects.values_list("uuid", flat=True)}
    for purpose in set(content_model.objects.values_list("purpose", flat=True)) - known:
        yield f"content is staged of an import that is not there: {purpose}"
    storage = file_model._meta.get_field("data_file").storage
    named = set(file_model.objects.exclude(data_file="").values_list("data_file", flat=True))
    folder = Path(storage.path("staged-content-temp"))
    there = {f"staged-content-temp/{path.relative_to(folder)}" for path in folder.glob("*/*")}
    for name in sorted(named - there):
        yield f"a staged file is gone: {name}"
    # What a process that was killed has left goes with its import.
    here = {purpose.rpartition(":")[2] for purpose in known}
    if orphans := sorted(name for name in there - named if Path(name).parent.name not in here):
        yield f"{len(orphans)} staged files belong to nothing: {', '.join(orphans[:3])}"
    for run in Import.objects.filter(state__in=(ImportState.STAGED, ImportState.IMPORT_FAILED)):
        rows = StagedBlock.objects.filter(import_run=run)
        if not (rows.count() == run.block_count > 0) or run.roots.filter(staged_content=None).exists():
            yield f"{_named(run)} should have {run.block_count} blocks, and has {rows.count()}"
    for run in Import.objects.filter(state=ImportState.CREATED):
        if StagedBlock.objects.filter(import_run=run).exists():
            yield f"{_named(run)} has something staged"


def libraries_equal_their_history(counts: Counter[str]) -> Faults:
    """
    Each library is what comes of doing all of its imports, undos and redos once more, one after another, into an empty
    one. What nobody else came in between is also exactly undone.
    """
    from openedx_content.models_api import LearningPackage

    from import_from_modulestore.data import ImportState
    from import_from_modulestore.models import Import, Reversal

    written = (ImportState.IMPORTED, ImportState.UNDONE)
    by_library: dict[str, list[tuple[Any, int, Any]]] = defaultdict(list)
    for run in Import.objects.filter(state__in=written):
        by_library[run.library_key].append((run.finished, run.pk, run))
    for reversal in Reversal.objects.select_related("import_run"):
        by_library[reversal.import_run.library_key].append((reversal.finished, reversal.pk, reversal))
    packages = list(LearningPackage.objects.filter(package_ref__startswith="lib:").order_by("package_ref"))
    for number, package in enumerate(packages):
        events = [event for *_when, event in sorted(by_library[package.package_ref], key=lambda each: each[:2])]
        try:
            yield from _again(package.package_ref, f"lib:Again:A{number}", events, counts)
        except Exception as error:
            yield f"{package.package_ref}: its history cannot be done again: {type(error).__name__}: {error}"


def _again(library_key: str, again: str, events: list[Any], counts: Counter[str]) -> Faults:
    from import_from_modulestore import api
    from import_from_modulestore.models import Import
    from tests.library_state import library_state

    user = _superuser()
    api.create_library(user=user, library_key=again, title="Again")
    made: dict[int, str] = {}
    before: dict[int, Any] = {}
    last = 0
    for event in events:
        if isinstance(event, Import):
            before[event.pk] = library_state(again)
            made[event.pk] = _import_again(user, event, again)
            last = event.pk
            counts["imports done again"] += 1
            continue
        run = event.import_run
        if run.pk not in made:
            yield f"{_named(run)} was taken back before it was written"
            return
        do = api.undo_import if event.kind == "undo" else api.redo_import
        do(user=user, import_id=made[run.pk], force=event.forced)
        counts[f"{event.kind}s done again"] += 1
        if event.kind == "undo" and last == run.pk and library_state(again) != before[run.pk]:
            yield f"{_named(run)} left a trace after its undo"
        last = run.pk if last == run.pk else 0
    found, wanted = library_state(library_key), library_state(again)
    for part in wanted:
        if found[part] != wanted[part]:
            yield f"{library_key} is not what its history says: {part}: {_difference(found[part], wanted[part])}"


def _import_again(user: Any, run: Any, library_key: str) -> str:
    from openedx_content.models_api import PublishableEntity

    from import_from_modulestore import api
    from import_from_modulestore.data import CollectionChoice
    from import_from_modulestore.imports import options_of
    from import_from_modulestore.models import Import, Removal, StagedBlock

    options = replace(options_of(run), as_last_time=False)  # What it began with is among what it came to.
    if options.collection:  # Its code is the one that it got when it was made.
        options = replace(options, collection=CollectionChoice(title=options.collection.title))
    asked: dict[str, Any] = {"source_key": run.source_key, "export": run.source_export, "options": options}
    again = api.create_import(user=user, library_key=library_key, **asked).id
    api.stage_import(user=user, import_id=again)
    rows = StagedBlock.objects.filter(import_run__uuid=again)
    for block in run.blocks.all():
        chosen = {name: getattr(block, name) for name in ("selected", "decision", "contents", "merge_choices")}
        rows.filter(num=block.num).update(**chosen)
        if block.edited_title or block.edited_olx:
            edit = {"olx": block.edited_olx} if block.edited_olx else {"title": block.edited_title}
            api.edit_block(user=user, import_id=again, usage_key=block.usage_key, **edit)
    entities = PublishableEntity.objects.filter(learning_package__package_ref=library_key)
    for removal in run.removals.select_related("entity"):
        Removal.objects.create(
            import_run=Import.objects.get(uuid=again),
            entity=entities.get(entity_ref=removal.entity.entity_ref),
            insisted=removal.insisted,
        )
    done = api.complete_import(user=user, import_id=again)
    assert done.counts == run.counts, f"{_named(run)} had {run.counts}, and has {done.counts} when it is done again"
    return again


def _difference(found: Any, wanted: Any) -> str:
    if isinstance(wanted, dict):
        keys = sorted(key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key))
        return "; ".join(f"{key} is {found.get(key)!s:.300}, not {wanted.get(key)!s:.300}" for key in keys[:3])
    return f"too many {sorted(found - wanted)[:5]}, too few {sorted(wanted - found)[:5]}"


def stored_files_are_there() -> Faults:
    """Every file that a library's version names can be read."""
    from openedx_content.models_api import Media

    for media in Media.objects.filter(has_file=True):
        try:
            with media.read_file() as file:
                file.read(1)
        except OSError as error:
            yield f"a stored file is gone: {error}"


def steps_go_on() -> Faults:
    """Whatever failed can be tried again, and ends well."""
    from import_from_modulestore import api
    from import_from_modulestore.data import ImportState
    from import_from_modulestore.models import Import

    user = _superuser()
    for run in Import.objects.filter(state__in=(ImportState.STAGING_FAILED, ImportState.IMPORT_FAILED)):
        import_id = str(run.uuid)
        try:
            api.retry_import(user=user, import_id=import_id)
            if run.state == ImportState.STAGING_FAILED:
                api.complete_import(user=user, import_id=import_id)
        except api.PlanBlocked:
            api.cancel_import(user=user, import_id=import_id)
        except api.ImportFromModulestoreError as error:
            yield f"{_named(run)} failed once more: {error}"


def _superuser() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model()._default_manager.get(username="ada")


def _named(run: Any) -> str:
    return f"import {run.uuid} ({run.source_export} → {run.library_key}, {run.state})"


# From outside

_RECORD = re.compile(r"^(?=20\d\d-\d\d-\d\d \d\d:\d\d:\d\d )", re.MULTILINE)
_ERROR = re.compile(r"^Traceback \(most recent call last\):\n(?:(?: .*)?\n)*(?P<error>\S.*)$", re.MULTILINE)

ASKED_FOR = ("jwt.exceptions.", "django.core.exceptions.DisallowedHost", "KeyboardInterrupt")
"""
What Django and Open edX's library write down of requests that are refused, on purpose; and what Python says of a
command that is interrupted before it has begun.
"""

FOREIGN = re.compile(
    r"""
    \[edx-drf-extensions\]\ User\ retrieval\ failed\ .*  # by a database that is away, which the answer says
    | Signal\ handler\ <function\ \w*task\w*\ .*  # django-user-tasks, which cannot tell a user's list of the step now
    | consumer:\ .* | Couldn't\ ack\ .*  # Celery's workers have lost their broker,
    | Error\ on\ \w+ing\ .* | Unrecoverable\ error:\ .*  # and may end by it,
    | Failed\ to\ retry\ task\ .*\ after\ worker\ was\ lost:\ .*  # or a process that works was killed,
    | Task\ handler\ raised\ error:\ WorkerLostError.*  # and nobody can be told of it on a full disk,
    | (?:Message\ Error|Scheduler|beat):\ .* | Removing\ corrupted\ schedule\ file\ .*  # and so has its clock
    """,
    re.VERBOSE,
)
"""What libraries, above all those that carry steps, write down when what they need is gone, with where it is from."""


def told_in(logs: Path) -> Counter[str]:
    """What the app has said of imports in the logs, without what differs from one to the next."""
    told: Counter[str] = Counter()
    for log in logs.glob("*.log"):
        for line in re.findall(r"Import [0-9a-f-]{36}: (.*)", log.read_text(errors="replace")):
            told[_like(line)[:90]] += 1
    return told


def only_own_exceptions(logs: Path) -> Faults:
    """
    No log has an exception but those that the app raises on purpose.

    What counts is the last one of a record: those before it are its causes.
    """
    found: Counter[str] = Counter()
    for log in sorted(logs.glob("*.log")):
        for record in _RECORD.split(log.read_text(errors="replace")):
            errors = [match["error"] for match in _ERROR.finditer(record)]
            said = re.sub(r"^\S+ \S+ [A-Z]+ ", "", record.partition("\n")[0])
            is_own = bool(errors) and errors[-1].startswith((OWN, *ASKED_FOR))
            if not errors or is_own or FOREIGN.match(said) or ("celery.beat" in record and log.stem == "beat"):
                continue
            places = re.findall(r'File ".*?/([^/"]+/[^/"]+)", line \d+, in (\S+)', record)
            own = [f"{file}:{function}" for file, function in places][-5:]
            found[f"{log.name}: {_like(said)}: {_like(errors[-1])} ({' › '.join(own)})"] += 1
    for told, times in found.most_common():
        yield f"{times} × {told}"


def _like(text: str) -> str:
    return re.sub(r"[0-9a-f-]{36}|\d+", "…", text)[:160]


def memory_is_flat(samples: dict[tuple[str, int], list[int]]) -> Faults:
    """No process that lived long has grown since it was warm."""
    for (name, pid), megabytes in samples.items():
        if len(megabytes) < 20:
            continue
        warm, end = _warm_and_end(megabytes)
        if end > warm + GROWTH:
            yield f"process {pid} of {name} has grown from {warm:.0f} to {end:.0f} MB"


def memory_of_the_oldest(samples: dict[tuple[str, int], list[int]]) -> Iterator[tuple[str, int]]:
    """Of each service, how much the process that lived longest had when it was warm, and at its end."""
    for name in sorted({name for name, _pid in samples}):
        megabytes = max((found for (of, _pid), found in samples.items() if of == name), key=len)
        if len(megabytes) >= 4:
            warm, end = _warm_and_end(megabytes)
            yield from ((f"{name}, warm", round(warm)), (f"{name}, at its end", round(end)))


def _warm_and_end(megabytes: list[int]) -> tuple[float, float]:
    part = len(megabytes) // 4
    return median(megabytes[part : 2 * part]), median(megabytes[-part:])


_WITHIN: tuple[Callable[[], Faults], ...] = (nothing_runs, history_is_whole, staged_whole, stored_files_are_there)


def _states() -> dict[str, Any]:
    from import_from_modulestore.data import ImportState
    from import_from_modulestore.models import Import, Reversal

    states = Counter(Import.objects.values_list("state", flat=True))
    errors = Counter(error[:90] for error in Import.objects.exclude(error="").values_list("error", flat=True))
    reversals = Counter(Reversal.objects.values_list("kind", flat=True))
    running = sum(count for state, count in states.items() if ImportState(state).is_running)
    return {
        "running": running,
        "counts": {"imports": states, "undos and redos": reversals, "what imports say": errors},
    }


def _judge() -> None:
    import django

    django.setup()
    if "states" in sys.argv:
        sys.stdout.write(json.dumps(_states()))
        return
    counts: Counter[str] = Counter()
    faults = [fault for judge in _WITHIN for fault in judge()]
    faults += libraries_equal_their_history(counts)
    faults += steps_go_on()
    sys.stdout.write(json.dumps({"faults": faults, "counts": counts}))


if __name__ == "__main__":
    _judge()
