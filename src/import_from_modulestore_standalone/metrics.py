"""
What the site does, in numbers, as Prometheus reads them.

They are of the whole site, whichever process is asked: several do the work, on several hosts, and end and begin anew.
So nothing is counted in their memory. What stands waiting and running is asked of the imports when somebody comes for
it; how many steps were done, have failed or were canceled, and how long they took, is added up in the database
(:class:`.models.StepTime`) by the process that has seen it. Only ``process_…`` is of the process that answers.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import accumulate
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, F, Min, Q, When
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from import_from_modulestore import signals
from import_from_modulestore.data import FinishedStep, ImportState, StoppedStep
from import_from_modulestore.models import Import
from import_from_modulestore.running.lifecycle import STEP_OF, Step
from import_from_modulestore.trouble import recognized
from import_from_modulestore.waiting import as_a_request, at_most

from .models import StepTime

PREFIX = "import_from_modulestore"

UP_TO = (0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600)
"""Seconds at which the durations of steps are told apart."""

DONE, FAILED, CANCELED = OUTCOMES = ("done", "failed", "canceled")
"""How a step can end."""

_BEYOND = 2**31 - 1
_PATIENCE = 10
"""Seconds for which a process that has done a step waits to count it; the step itself is done."""

_STEPS = {
    signals.import_staged: Step.STAGE,
    signals.import_completed: Step.COMPLETE,
    signals.import_undone: Step.UNDO,
    signals.import_redone: Step.REDO,
}


def told(request: HttpRequest) -> HttpResponse | None:
    """
    ``/metrics``, for who sends the token in ``METRICS_TOKEN``; ``None`` where that is not set.

    Cost: three statements, whatever the number of imports.
    """
    if not settings.METRICS_TOKEN:
        return None
    sent = request.headers.get("Authorization", "")
    if not hmac.compare_digest(sent.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    from prometheus_client import CollectorRegistry, ProcessCollector
    from prometheus_client.exposition import choose_encoder

    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    registry = CollectorRegistry()
    registry.register(Site())
    ProcessCollector(registry=registry)
    with as_a_request(), recognized():
        return HttpResponse(encode(registry), content_type=content_type, headers={"Cache-Control": "no-store"})


class Site:
    """A collector of the client library: what the database says."""

    def describe(self) -> list[Any]:
        """Nothing is asked of the database when this is registered."""
        return []

    def collect(self) -> Iterator[Any]:
        """All families, in three statements."""
        yield from _imports()
        yield from _queue()
        yield from _steps()


def _imports() -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily

    imports = Import.objects.filter(is_preview=False).order_by().values_list("state").annotate(Count("pk"))
    counts = dict(imports)
    family = GaugeMetricFamily(f"{PREFIX}_imports", "Imports there are, by state.", labels=["state"])
    for state in ImportState:
        family.add_metric([state.value], counts.get(state.value, 0))
    yield family


def _queue() -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily

    # Those of a batch have their turn one after another: such a one waits for a worker since that was told of it.
    since = Case(When(batch=None, then=F("queued")), default=F("heartbeat"))
    is_waiting = Q(worker="")
    under_way = Import.objects.filter(state__in=STEP_OF).order_by().values("state")
    counts = {
        row["state"]: row
        for row in under_way.annotate(
            waiting=Count("pk", filter=is_waiting),
            running=Count("pk", filter=~is_waiting),
            oldest=Min(since, filter=is_waiting),
        )
    }
    waiting = GaugeMetricFamily(f"{PREFIX}_steps_waiting", "Steps that were asked for and not begun.", labels=["step"])
    running = GaugeMetricFamily(f"{PREFIX}_steps_running", "Steps that a process is at.", labels=["step"])
    for state, step in STEP_OF.items():
        row = counts.get(state.value, {"waiting": 0, "running": 0})
        waiting.add_metric([step.value], row["waiting"])
        running.add_metric([step.value], row["running"])
    oldest = min((row["oldest"] for row in counts.values() if row["oldest"]), default=None)
    age = max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0
    yield from (waiting, running)
    yield GaugeMetricFamily(
        f"{PREFIX}_queue_age_seconds", "How long the step has waited for a worker that has waited longest.", value=age
    )


def _steps() -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

    rows: dict[str, dict[int, StepTime]] = {step.value: {} for step in Step}
    ended = Counter({(step.value, outcome): 0 for step in Step for outcome in OUTCOMES})
    for row in StepTime.objects.all():
        ended[row.step, row.outcome] += row.count
        if row.outcome == DONE:
            rows.setdefault(row.step, {})[row.up_to] = row
    durations = HistogramMetricFamily(
        f"{PREFIX}_step_seconds",
        "How long the attempts took that have done a step.",
        labels=["step"],
    )
    blocks = CounterMetricFamily(f"{PREFIX}_step_blocks", "Blocks of imports, for each step done.", labels=["step"])
    for step, found in rows.items():
        counts = accumulate(found[each].count if each in found else 0 for each in (*map(_key, UP_TO), _BEYOND))
        buckets = list(zip([*map(str, map(float, UP_TO)), "+Inf"], counts, strict=True))
        durations.add_metric([step], buckets, sum_value=sum(row.seconds for row in found.values()))
        blocks.add_metric([step], sum(row.blocks for row in found.values()))
    steps = CounterMetricFamily(
        f"{PREFIX}_steps", "Steps that were done, have failed or were canceled.", labels=["step", "outcome"]
    )
    for labels, count in ended.items():
        steps.add_metric(labels, count)
    yield from (durations, blocks, steps)


def count_done(step: FinishedStep, signal: Any, **kwargs: Any) -> None:
    """Add a step that is done to the numbers. One statement, three the first time."""
    up_to = next((_key(seconds) for seconds in UP_TO if step.seconds <= seconds), _BEYOND)
    _add(_STEPS[signal], DONE, up_to, count=1, seconds=step.seconds, blocks=step.block_count)


def count_stopped(steps: Collection[StoppedStep], **kwargs: Any) -> None:
    """Add steps that have failed, or were canceled, all at once; as many statements, mostly, whatever their number."""
    ended = Counter((step.action, CANCELED if step.is_canceled else FAILED) for step in steps)
    for (action, outcome), number in ended.items():
        _add(Step(action.value), outcome, 0, count=number)


def _add(step: Step, outcome: str, up_to: int, **more: float) -> None:
    row = {"step": step.value, "outcome": outcome, "up_to": up_to}
    added = {name: F(name) + value for name, value in more.items()}
    with suppress(Error), at_most(_PATIENCE):
        if not StepTime.objects.filter(**row).update(**added):
            StepTime.objects.bulk_create([StepTime(**row)], ignore_conflicts=True)
            StepTime.objects.filter(**row).update(**added)


def listen() -> None:
    """Hear of all steps that end."""
    for signal in _STEPS:
        signal.connect(count_done, dispatch_uid="metrics")
    signals.steps_stopped.connect(count_stopped, dispatch_uid="metrics")


def listen_no_more() -> None:
    """The opposite, for tests."""
    for signal in _STEPS:
        signal.disconnect(count_done, dispatch_uid="metrics")
    signals.steps_stopped.disconnect(count_stopped, dispatch_uid="metrics")


def _key(seconds: float) -> int:
    return round(seconds * 1000)
