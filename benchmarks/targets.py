"""What is asked of an import's cost, each figure beside what it is measured by, in the same run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from tables import rest

COMPARED, REIMPORTED = 1000, 10_000
"""Components of the import that is looked at closely, and of the one that is done again."""

CURVES = ("stage", "plan", "review", "complete", "preview undo", "undo", "redo", "stage again", "complete again")
"""The steps that may not cost more an item, the larger the import is."""

GROWTH = 1.25

FIXED = 5
"""Statements more, whatever the size, that count as the same."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured: how much it is, beside what, and how much it may be."""

    what: str
    value: float
    most: float | None = None
    least: float | None = None
    unit: str = "×"
    beside: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is as it is to be."""
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)


def targets_table(figures: dict[str, Any]) -> Table:
    """Everything that is asked for and was measured."""
    table = Table(title="What it has to show", title_justify="left")
    table.add_column("measure")
    table.add_column("figure", justify="right", style="bold", no_wrap=True)
    table.add_column("target", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("which is")
    for figure in targets(figures):
        target = f"≤ {figure.most:,g}" if figure.most is not None else f"≥ {figure.least:,g}"
        shown = f"{figure.value:,.0f}" if figure.value >= 100 or figure.unit == "SQL" else f"{figure.value:.2f}"
        table.add_row(
            figure.what,
            f"{shown} {figure.unit}",
            f"{target} {figure.unit}",
            "✓" if figure.holds else "✗",
            figure.beside,
        )
    return table


def targets(figures: dict[str, Any]) -> Iterator[Figure]:
    """All figures of the table, as far as they were measured."""
    runs = {run["components"]: run for run in figures["imports"]}
    if COMPARED in runs and runs[COMPARED]["reference"]:
        yield from _one_import(runs[COMPARED])
    if REIMPORTED in runs:
        yield from _again(runs[REIMPORTED])
    yield from _growth(list(runs.values()))
    for components, most in ((4000, 120), (64_000, 600)):
        if components in runs:
            steps = runs[components]["steps"]
            step = max(steps, key=lambda name: steps[name]["memory"])
            yield Figure(
                f"memory, {components:,} components",
                steps[step]["memory"] / 1e6,
                most,
                unit="MB",
                beside=f"of {step!r}",
            )
    if "crowd" in figures:
        yield from _crowd(figures["crowd"])
    if "server" in figures:
        yield from _server(figures["server"], runs.get(COMPARED))
    if "start" in figures:
        start = figures["start"]
        floor = f"{start['django']:.2f} s of it are Django with the same apps"
        yield Figure("import_from_modulestore history", start["history"], 1, unit="s", beside=floor)
    if "demo" in figures:
        yield Figure("sample course, export to published library", figures["demo"]["cpu_seconds"], 2.5, unit="s")


def _one_import(run: dict[str, Any]) -> Iterator[Figure]:
    steps, floors, slow = run["steps"], run["floors"], run["reference"]
    done, of = steps["complete"], f"{run['components']:,} components"
    cpu, drafts = done["cpu_seconds"], done["write_seconds"] - done["publish_seconds"]
    floor = floors["complete"]["cpu_seconds"]
    yield Figure(f"complete ÷ its floor, {of}", cpu / floor, 10, beside=_ratio(cpu, floor))
    yield Figure(
        "writing, item by item ÷ in bulk",
        slow["write_seconds"] / done["write_seconds"],
        least=20,
        beside=_ratio(slow["write_seconds"], done["write_seconds"]),
    )
    yield Figure(
        "complete, item by item ÷ in bulk",
        slow["cpu_seconds"] / cpu,
        least=12,
        beside=_ratio(slow["cpu_seconds"], cpu),
    )
    yield Figure("its statements", done["statements"], 130, unit="SQL", beside=f"{slow['statements']:,} item by item")
    yield Figure(
        "publishing ÷ the rest of the write",
        done["publish_seconds"] / drafts,
        0.5,
        beside=_ratio(done["publish_seconds"], drafts),
    )
    for name, most in (("undo", 0.5), ("redo", 1)):
        yield Figure(
            f"{name} ÷ complete", steps[name]["cpu_seconds"] / cpu, most, beside=_ratio(steps[name]["cpu_seconds"], cpu)
        )
        yield Figure("its statements ÷ those of complete", steps[name]["statements"] / done["statements"], 1)
    floor = floors["stage"]["cpu_seconds"]
    cpu = steps["stage"]["cpu_seconds"]
    yield Figure(f"staging ÷ its floor, {of}", cpu / floor, 4, beside=_ratio(cpu, floor))


def _again(run: dict[str, Any]) -> Iterator[Figure]:
    steps, of = run["steps"], f"{run['components']:,} components"
    yield Figure(f"statements of complete, {of}", steps["complete"]["statements"], 700, unit="SQL")
    again, first = (sum(steps[name + last]["cpu_seconds"] for name in ("stage", "complete")) for last in (" again", ""))
    yield Figure(f"import again ÷ the first time, {of}", again / first, 0.15, beside=_ratio(again, first))


def _growth(runs: list[dict[str, Any]]) -> Iterator[Figure]:
    """Time an item at any size, beside that of the smallest."""
    smallest, *larger = sorted(runs, key=lambda run: run["components"])
    for step in CURVES if larger else ():
        worst = max(larger, key=lambda run: an_item(run, step))
        yield Figure(
            f"an item, {worst['components']:,} ÷ {smallest['components']:,} components: {step}",
            an_item(worst, step) / an_item(smallest, step),
            GROWTH,
            beside=f"{an_item(worst, step):.3f} ms ÷ {an_item(smallest, step):.3f} ms",
        )


def an_item(run: dict[str, Any], step: str) -> float:
    """Milliseconds of processor time that a step takes for a block."""
    return run["steps"][step]["cpu_seconds"] * 1000 / run["blocks"]


def _crowd(crowd: dict[str, Any]) -> Iterator[Figure]:
    for step, small in crowd["empty"].items():
        large = crowd["full"][step]
        beside = f"{_ratio(rest(large), rest(small))}, and {large['load_seconds']:.2f} s of loading"
        if "insert_seconds" in small:
            beside += f"; inserting alone, {_ratio(large['insert_seconds'], small['insert_seconds'])}"
        yield Figure(
            f"{step} in a library of {crowd['items']:,} items ÷ in an empty one",
            rest(large) / rest(small),
            GROWTH,
            beside=beside,
        )
        more = large["statements"] - small["statements"]
        yield Figure("its statements more than those", more, FIXED, unit="SQL", beside="an empty library is asked less")
    slowest = max(crowd["lists"], key=lambda name: crowd["lists"][name]["cpu_seconds"])
    yield Figure(
        f"slowest list or page among {crowd['records']:,} records, CPU",
        crowd["lists"][slowest]["cpu_seconds"] * 1000,
        200,
        unit="ms",
        beside=slowest,
    )


def _server(server: dict[str, Any], there: dict[str, Any] | None) -> Iterator[Figure]:
    bulk, slow, later = (server[name]["complete"] for name in ("bulk", "reference", "later"))
    yield Figure(
        "MariaDB or MySQL: complete, item by item ÷ in bulk, by the clock",
        slow["seconds"] / bulk["seconds"],
        least=20,
        beside=_ratio(slow["seconds"], bulk["seconds"]),
    )
    if there is not None:
        for step, figures in server["bulk"].items():
            at_home = there["steps"][step]["statements"]
            yield Figure(
                f"its statements of {step} more than on SQLite",
                figures["statements"] - at_home,
                FIXED,
                unit="SQL",
                beside=f"{figures['statements']:,} - {at_home:,}, in {figures['round_trips']:,} round trips",
            )
    yield Figure(
        "complete with 0.5 ms more a round trip ÷ without, by the clock",
        later["seconds"] / bulk["seconds"],
        2,
        beside=_ratio(later["seconds"], bulk["seconds"]),
    )


def _ratio(one: float, other: float) -> str:
    return f"{one:.3f} s ÷ {other:.3f} s"
