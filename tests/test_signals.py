"""Signals for other apps: sent after the commit, once, whatever receivers make of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from import_from_modulestore import api, signals
from import_from_modulestore.data import ImportState
from import_from_modulestore.models import Import

from .builders import KEY, TARGET, small_course, write_course

NAMES = ("import_staged", "import_completed", "import_undone", "import_redone")


@contextmanager
def received(receive) -> Iterator[None]:
    """Have a function receive all signals: ``receive(name, step)``."""
    receivers = {name: lambda step, name=name, **kwargs: receive(name, step) for name in NAMES}
    for name, receiver in receivers.items():
        getattr(signals, name).connect(receiver, weak=False)
    try:
        yield
    finally:
        for name, receiver in receivers.items():
            getattr(signals, name).disconnect(receiver)


@pytest.fixture
def told() -> Iterator[list]:
    """What is told, as pairs of a signal's name and its step."""
    heard: list = []
    with received(lambda name, step: heard.append((name, step))):
        yield heard


@pytest.fixture
def created(courses, user, library):
    write_course(courses / "c1", *small_course(), title="Tides")
    return api.create_import(user=user, source_key=KEY, library_key=TARGET)


STEPS = (api.stage_import, api.complete_import, api.undo_import, api.redo_import)


def test_each_step_that_is_done_is_told_once(created, user, editor, told, worked):
    for step in STEPS:
        with worked():
            step(user=editor, import_id=created.id)
    assert [name for name, _step in told] == list(NAMES)
    assert [step.state for _name, step in told] == ["staged", "imported", "undone", "imported"]
    assert [dict(step.counts) for _name, step in told] == [{}, {"created": 12}, {"removed": 12}, {"restored": 12}]
    assert all((step.seconds > 0, step.block_count) == (True, 12) for _name, step in told)
    step = told[1][1]
    assert (step.import_id, step.user_id, step.forced) == (created.id, editor.pk, False)
    assert (step.source_key, step.source_title, step.library_key, step.library_title) == (
        KEY,
        "Tides",
        TARGET,
        "Target",
    )


def test_so_are_those_that_workers_do(created, user, told, worked):
    for start in (api.start_staging, api.start_completion, api.start_undo, api.start_redo):
        with worked():
            start(user=user, import_id=created.id)
    assert [name for name, _step in told] == list(NAMES)
    assert api.run_step(import_id=created.id) is False, "the message comes once more"
    assert len(told) == 4


def test_what_is_told_is_frozen_and_plain(created, user, told, worked):
    with worked():
        api.stage_import(user=user, import_id=created.id)
    [(_name, step)] = told
    with pytest.raises(dataclasses.FrozenInstanceError):
        step.import_id = ""
    assert json.loads(json.dumps(dataclasses.asdict(step), cls=DjangoJSONEncoder))["state"] == "staged"


def test_that_it_was_forced_is_told(created, user, told, worked):
    api.stage_import(user=user, import_id=created.id)
    api.complete_import(user=user, import_id=created.id)
    with worked():
        api.undo_import(user=user, import_id=created.id, force=True)
    assert told[-1][1].forced


def test_nothing_is_told_of_what_fails_is_canceled_or_only_previewed(created, user, told, worked):
    with worked():
        api.preview_import(user=user, source_key=KEY, library_key=TARGET)
        api.stage_import(user=user, import_id=created.id)
    assert [step.import_id for _name, step in told] == [created.id]
    Import.objects.update(learning_package=None)
    with worked(), pytest.raises(api.NotFound):
        api.complete_import(user=user, import_id=created.id)
    with worked():
        api.cancel_import(user=user, import_id=created.id)
    assert len(told) == 1


def test_steps_that_stop_are_told_of_by_a_signal_of_their_own(created, user, editor, worked):
    stopped: list = []

    def hear(steps, **kwargs) -> None:
        stopped.extend(steps)

    signals.steps_stopped.connect(hear)
    with worked():
        api.stage_import(user=user, import_id=created.id)
        package = Import.objects.values_list("learning_package", flat=True).get()
        Import.objects.update(learning_package=None)
    with worked(), pytest.raises(api.NotFound):
        api.complete_import(user=user, import_id=created.id)
    Import.objects.update(learning_package=package, state=ImportState.UNDOING)
    with worked():
        api.cancel_import(user=editor, import_id=created.id)
    failed, canceled = stopped
    assert (failed.import_id, failed.action, failed.is_canceled, failed.user_id) == (
        created.id,
        "complete",
        False,
        user.pk,
    )
    assert failed.reason == f"The library {TARGET} is gone."
    assert (canceled.action, canceled.is_canceled, canceled.user_id, canceled.reason) == ("undo", True, editor.pk, "")
    assert json.loads(json.dumps(dataclasses.asdict(failed), cls=DjangoJSONEncoder))["action"] == "complete"


def test_a_receiver_that_raises_harms_nobody(created, user, told, worked, caplog):
    def fail(**kwargs) -> None:
        raise RuntimeError("the other app is broken")

    signals.import_staged.connect(fail)
    signals.import_staged.receivers.reverse()  # It is the first to be told.
    try:
        with worked():
            staged = api.stage_import(user=user, import_id=created.id)
    finally:
        signals.import_staged.disconnect(fail)
    assert (staged.state, len(told)) == (ImportState.STAGED, 1)
    assert "the other app is broken" in caplog.text


class TestCommit:
    """Real transactions."""

    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture
    def staged(self, created, user) -> str:
        return api.stage_import(user=user, import_id=created.id).id

    def test_comes_before_the_signal(self, user, staged):
        found = []

        def look(name, step) -> None:
            found.append((name, connection.in_atomic_block, api.get_import(user=user, import_id=staged).state))

        with received(look):
            api.complete_import(user=user, import_id=staged)
            with pytest.raises(RuntimeError), transaction.atomic():
                api.undo_import(user=user, import_id=staged)
                raise RuntimeError
        assert found == [("import_completed", False, "imported")]

    def test_and_death_right_after_it_leaves_the_signal_out_for_good(self, user, staged, told):
        """At most once: the step is done, and nothing does it, or tells of it, again."""

        def die() -> None:
            raise KeyboardInterrupt

        def fall_ill(phase, done, total, title="") -> None:
            if phase == "planning":
                transaction.on_commit(die)  # Before what tells others.

        with pytest.raises(KeyboardInterrupt):
            api.complete_import(user=user, import_id=staged, progress=fall_ill)
        assert api.get_import(user=user, import_id=staged).state is ImportState.IMPORTED
        assert api.run_step(import_id=staged) is False
        assert api.recover_imports() == 0
        assert told == []
