"""The whole way of an import, and what has to hold on it whatever the source is."""

from __future__ import annotations

import logging
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import psutil

from import_from_modulestore import api
from import_from_modulestore.data import Action, ImportOptions, ImportState, Plan, SourceData

from ..builders import TARGET
from ..command_line.calls import command
from ..library_state import library_state
from ..records import assert_as_planned
from ..rest_api.conftest import Client

SECONDS = 20
MEGABYTES = 500

_SHOWN = 20
"""How many blocks of an import are looked at one by one."""


class Hangs(BaseException):
    """Something takes too long; no ``except Exception`` holds it up."""


@contextmanager
def bounds() -> Iterator[None]:
    """Have what is done take so many seconds of the processor and so much more memory, at the most."""

    def stop(*_args: Any) -> None:
        raise Hangs(f"not done within {SECONDS} seconds")

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + MEGABYTES * 1_000_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class _Unforeseen(logging.Handler):
    """Raises the errors that the app did not foresee: it logs these with where they come from."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            self.errors.append(record.exc_info[1])


@contextmanager
def nothing_unforeseen() -> Iterator[None]:
    """Have no error come up in here but those that the app raises on purpose, and none be hidden in one of these."""
    handler = _Unforeseen()
    loggers = [logging.getLogger(name) for name in ("import_from_modulestore", "import_from_modulestore_standalone")]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
    if handler.errors:
        raise handler.errors[0]


def travel(user: Any, options: ImportOptions, *, undo: bool = True) -> list[str]:
    """
    List what lies on the shelf, and import all of it, look at it, and take it back, unless it is to stay.

    Returns what became of each.
    """
    with bounds(), nothing_unforeseen():
        sources = api.list_sources(user=user).items
    return [f"{source.location}: {_import(user, source, options, undo)}" for source in sources]


def _import(user: Any, source: SourceData, options: ImportOptions, undo: bool) -> str:
    if source.problem:
        return source.problem
    before = library_state(TARGET)
    with bounds(), nothing_unforeseen():
        try:
            looked_at = api.get_source(user=user, source_key=source.key, export=source.export)
            assert (looked_at.counts, looked_at.types) == (source.counts, source.types)
            run = api.create_import(
                user=user, source_key=source.key, library_key=TARGET, options=options, export=source.export
            )
        except api.ImportFromModulestoreError as error:
            return str(error)
        try:
            api.stage_import(user=user, import_id=run.id)
            planned = _look_at(user, run.id)
            api.complete_import(user=user, import_id=run.id)
        except api.ImportFromModulestoreError as error:
            _give_up(user, run.id)
            assert library_state(TARGET) == before
            return str(error)
        assert_as_planned(planned, api.get_records(user=user, import_id=run.id))
        api.preview_undo(user=user, import_id=run.id)
        if undo:
            assert api.undo_import(user=user, import_id=run.id).state is ImportState.UNDONE
            assert library_state(TARGET) == before
    return "imported"


def _look_at(user: Any, import_id: str) -> Plan:
    for block in api.list_blocks(user=user, import_id=import_id, limit=1000).items[:_SHOWN]:
        api.get_block(user=user, import_id=import_id, usage_key=block.usage_key)
    planned = api.plan_import(user=user, import_id=import_id)
    client = Client(lambda execute: nullcontext(), user)
    for path in ("sources/", f"imports/{import_id}/", f"imports/{import_id}/blocks/", f"imports/{import_id}/plan/"):
        client.get(path)
    assert command("review", import_id)
    return planned


def _give_up(user: Any, import_id: str) -> None:
    """Try the import again, in vain or not, and cancel it."""
    if Action.RETRY in api.get_import(user=user, import_id=import_id).actions:
        with suppress(api.ImportFromModulestoreError):
            api.retry_import(user=user, import_id=import_id)
    assert Action.CANCEL in api.get_import(user=user, import_id=import_id).actions
    api.cancel_import(user=user, import_id=import_id)
