"""
Measure an import, step by step, at several sizes: ``.venv/bin/python benchmarks/run.py`` (see README.md beside this).

Everything happens in a temporary folder with a database of its own. This process stays small: it imports neither Django
nor the app, since a child's peak memory cannot be told from a larger one that it inherits.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from generate import CourseSpec, generate
from rich.console import Console
from rich.table import Table

SIZES = (250, 1000, 4000)
QUICK_SIZES = (60, 240)
PEERS_PER_ITEM = (58, 65)
"""SQL statements per component or container that the two importers of the platform take; see README.md."""
STEPS = (
    "list source",
    "stage",
    "plan",
    "review",
    "another page",
    "all subtrees, twice",
    "complete, item by item",
    "complete",
    "preview undo",
    "undo",
    "redo",
    "stage again",
    "complete again",
    "plan, three in ten changed",
    "plan, these merged",
    "plan again, these merged",
)
PLAN_CASES = ("all new", "same IDs", "own titles", "one title")

_HERE = Path(__file__).resolve().parent


class Bench:
    """A folder of its own with a course, a database and all else that the project writes."""

    def __init__(self, folder: Path, spec: CourseSpec, template: Path | None = None) -> None:
        self._var = folder / "var"
        self.database = self._var / "db.sqlite3"
        self._var.mkdir(parents=True)
        self.counts = generate(folder / "courses" / "course", spec)
        self._environment = {
            **os.environ,
            "VAR_DIR": str(self._var),
            "COURSES_DIR": str(folder / "courses"),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "SECRET_KEY": "benchmarks",
            "DJANGO_SETTINGS_MODULE": "import_from_modulestore_standalone.settings",
            "PYTHONDONTWRITEBYTECODE": "",  # What is compiled once is not measured again.
        }
        if template is None:
            self.step("prepare")
        else:
            copy_database(template, self.database)

    def step(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Run one step in a process of its own and return its figures."""
        return run_step(name, self._environment, **arguments)

    def aside(self, name: str, environment: dict[str, str], **arguments: Any) -> dict[str, Any]:
        """Run one step in another environment, on a copy of all that was written so far, of which nothing stays."""
        copy = self._var.with_name("aside")
        shutil.copytree(self._var, copy, ignore=shutil.ignore_patterns("db.sqlite3*"))
        copy_database(self.database, copy / "db.sqlite3")
        own = {"VAR_DIR": str(copy), "DATABASE_URL": f"sqlite:///{copy / 'db.sqlite3'}"}
        try:
            return run_step(name, {**self._environment, **own, **environment}, **arguments)
        finally:
            shutil.rmtree(copy)

    def start(self) -> dict[str, float]:
        """What a command costs that only lists, and what Django does with the same apps: the floor of it."""
        setup = "import django; django.setup()"
        return {
            "history": self._cpu_seconds(str(_HERE.parent / "manage.py"), "import_from_modulestore", "history"),
            "django": self._cpu_seconds("-c", setup),
            "python": self._cpu_seconds("-c", "pass"),
        }

    def _cpu_seconds(self, *words: str) -> float:
        """Of Python with these words, once that has loaded and compiled all that it needs."""
        for _ in range(2):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *words], env=self._environment, stdout=subprocess.DEVNULL, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run_step(name: str, environment: dict[str, str], **arguments: Any) -> dict[str, Any]:
    """Run ``steps.py`` and return what it prints."""
    command = [sys.executable, str(_HERE / "steps.py"), name, json.dumps(arguments)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The step {name!r} failed; its error stands above.")
    return json.loads(done.stdout.splitlines()[-1])


def copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database, whatever is still in its log."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)


def measure_import(folder: Path, components: int, template: Path | None) -> tuple[dict[str, Any], Path]:
    """All steps at one size, and the insert floor of the write."""
    empty = folder / "empty.sqlite3"
    bench = Bench(folder, CourseSpec(components=components), template)
    copy_database(bench.database, empty)
    steps = {"list source": bench.step("list_source"), "stage": bench.step("stage")}
    unstaged, staged, course = folder / "unstaged.sqlite3", folder / "staged.sqlite3", folder / "courses" / "course"
    copy_database(empty, unstaged)
    copy_database(bench.database, staged)
    staging_floor = bench.step("staging_floor", folder=str(course), before=str(unstaged), after=str(staged))
    steps["plan"] = bench.step("plan", import_id=steps["stage"]["import_id"])
    import_id = steps["stage"]["import_id"]
    steps["review"] = bench.step("review", import_id=import_id)
    steps["another page"] = bench.step("review_page", import_id=import_id)
    pages = bench.step("pages", import_id=import_id)["pages"]
    steps["all subtrees, twice"] = bench.step("change_subtrees", import_id=import_id)
    before = folder / "before.sqlite3"
    copy_database(bench.database, before)
    steps["complete, item by item"] = bench.aside("complete", {"WRITER": "reference"}, import_id=import_id)
    steps["complete"] = bench.step("complete", import_id=steps["stage"]["import_id"])
    floor = bench.step("insert_floor", before=str(before), after=str(bench.database))
    steps["preview undo"] = bench.step("preview_undo", import_id=import_id)
    steps["undo"] = bench.step("undo", import_id=import_id)
    steps["redo"] = bench.step("redo", import_id=import_id)
    steps["stage again"] = bench.step("stage")
    steps["complete again"] = bench.step("complete", import_id=steps["stage again"]["import_id"])
    edited = bench.step("edit_library")["edited"]
    change_course(folder / "courses" / "course", edited)
    staged = bench.step("stage")["import_id"]
    steps["plan, three in ten changed"] = bench.step("plan", import_id=staged)
    staged = bench.step("stage", on_conflict="merge")["import_id"]
    steps["plan, these merged"] = bench.step("plan", import_id=staged)
    steps["plan again, these merged"] = bench.step("plan", import_id=staged, again=True)
    counts = bench.counts
    expect(steps["plan, these merged"]["counts"]["updated"], len(edited))
    expect(steps["list source"]["blocks"], counts.blocks)
    expect(steps["review"]["total"], counts.blocks)
    expect(steps["all subtrees, twice"]["changed"], counts.blocks)
    expect(steps["complete"]["counts"], {"created": counts.blocks})
    expect(steps["undo"]["counts"], {"removed": counts.blocks})
    expect(steps["redo"]["counts"], {"restored": counts.blocks})
    expect(steps["complete again"]["counts"], {"unchanged": counts.blocks})
    measured = {
        "components": components,
        "blocks": counts.blocks,
        "counts": asdict(counts),
        "steps": steps,
        "pages": pages,
        "floor": floor,
        "staging floor": staging_floor,
    }
    return measured, empty


def change_course(folder: Path, components: list[list[str]]) -> None:
    """Add a line to each of these components, as authors of the course do."""
    for tag, name in components:
        path = folder / tag / f"{name}.{'html' if tag == 'html' else 'xml'}"
        text, end = path.read_text(), "</choicegroup>"
        added = f'<choice correct="false">Added.</choice>{end}'
        path.write_text(f"{text}<p>Added.</p>\n" if tag == "html" else text.replace(end, added))


def expect(found: Any, wanted: Any) -> None:
    """Stop where a step did not do what it was measured for."""
    if found != wanted:
        raise SystemExit(f"A step did {found!r} where {wanted!r} was to be done; its figures would mean nothing.")


def measure_files(folder: Path, file_mb: float, file_count: int, components: int, template: Path) -> dict[str, Any]:
    """Staging alone, of a course with files of this size."""
    bench = Bench(folder, CourseSpec(components=components, file_mb=file_mb, file_count=file_count), template)
    figures = bench.step("stage")
    return {"file_mb": file_mb, "file_count": file_count, "components": components} | figures


def measure_planning(sizes: tuple[int, int], items: int, folder: Path) -> list[dict[str, Any]]:
    """Planning alone, at two sizes, in each case."""
    environment = {**os.environ, "VAR_DIR": str(folder), "SECRET_KEY": "benchmarks"}
    return [
        {"case": case, "blocks": blocks, "items": items}
        | run_step("plan_only", environment, blocks=blocks, items=items, case=case)
        for case in PLAN_CASES
        for blocks in sizes
    ]


# Tables


def growth(small: float, large: float, blocks: float) -> str:
    """How much more the larger size costs, relative to its blocks: 1.0 is linear."""
    return f"{large / small / blocks:.2f}" if small else "–"


def steps_table(runs: list[dict[str, Any]]) -> Table:
    """Figures of every step at every size; the last columns set each size against the one before it."""
    table = Table(title="Steps of an import", title_justify="left")
    table.add_column("step", no_wrap=True)
    for name in ("components", "blocks", "CPU s", "statements", "per 1,000", "memory, MB"):
        table.add_column(name, justify="right")
    for name in ("CPU ÷ linear", "SQL ÷ linear"):
        table.add_column(name, justify="right", style="bold")
    for step in STEPS:
        for number, run in enumerate(runs):
            figures = run["steps"][step]
            ratios = ["", ""]
            if number:
                previous = runs[number - 1]
                blocks = run["blocks"] / previous["blocks"]
                ratios = [
                    growth(previous["steps"][step][name], figures[name], blocks)
                    for name in ("cpu_seconds", "statements")
                ]
            table.add_row(
                step if number == 0 else "",
                f"{run['components']:,}",
                f"{run['blocks']:,}",
                f"{figures['cpu_seconds']:.2f}",
                f"{figures['statements']:,}",
                f"{figures['statements'] * 1000 / run['blocks']:,.0f}",
                f"+{figures['memory'] / 1e6:.1f}",
                *ratios,
                end_section=number == len(runs) - 1,
            )
    return table


def write_table(runs: list[dict[str, Any]]) -> Table:
    """The write in bulk, beside what the same takes item by item, and beside what the database alone would take."""
    table = Table(title="The write (complete)", title_justify="left")
    for name in (
        "items",
        "rows",
        "insert floor, CPU s",
        "CPU s",
        "CPU ÷ floor",
        "item by item ÷ CPU",
        "of the write alone",
        "publishing ÷ drafts",
        "SQL",
        "item by item, an item",
        "peers, as drafts",
    ):
        table.add_column(name, justify="right")
    for run in runs:
        floor, blocks = run["floor"], run["blocks"]
        figures, slow = run["steps"]["complete"], run["steps"]["complete, item by item"]
        table.add_row(
            f"{blocks:,}",
            f"{sum(floor['rows'].values()):,}",
            f"{floor['cpu_seconds']:.2f}",
            f"{figures['cpu_seconds']:.2f}",
            f"{figures['cpu_seconds'] / floor['cpu_seconds']:.1f}",
            f"{slow['cpu_seconds'] / figures['cpu_seconds']:.1f}",
            f"{slow['write_seconds'] / figures['write_seconds']:.1f}",
            f"{figures['publish_seconds'] / (figures['write_seconds'] - figures['publish_seconds']):.2f}",
            f"{figures['statements']:,}",
            f"{slow['statements'] / blocks:.2f}",
            "{}-{}".format(*PEERS_PER_ITEM),
        )
    return table


def staging_table(runs: list[dict[str, Any]]) -> Table:
    """Staging, beside reading, hashing and parsing each file once, and inserting the rows."""
    table = Table(title="Staging", title_justify="left")
    for name in ("components", "blocks", "rows", "floor, CPU s", "CPU s", "CPU ÷ floor", "again ÷ floor", "SQL"):
        table.add_column(name, justify="right")
    for run in runs:
        floor, figures = run["staging floor"], run["steps"]["stage"]
        table.add_row(
            f"{run['components']:,}",
            f"{run['blocks']:,}",
            f"{sum(floor['rows'].values()):,}",
            f"{floor['cpu_seconds']:.3f}",
            f"{figures['cpu_seconds']:.2f}",
            f"{figures['cpu_seconds'] / floor['cpu_seconds']:.1f}",
            f"{run['steps']['stage again']['cpu_seconds'] / floor['cpu_seconds']:.1f}",
            f"{figures['statements']:,}",
        )
    return table


def files_table(runs: list[dict[str, Any]]) -> Table:
    """Peak memory of staging against the size of files."""
    table = Table(title="Staging and the size of files: peak memory should not depend on it", title_justify="left")
    for name in (
        "components",
        "files",
        "MB of files",
        "CPU s",
        "statements",
        "memory, MB",
        "beyond the first, MB",
    ):
        table.add_column(name, justify="right")
    for run in runs:
        table.add_row(
            f"{run['components']:,}",
            f"{run['file_count']:,}",
            f"{run['file_mb']:g}",
            f"{run['cpu_seconds']:.2f}",
            f"{run['statements']:,}",
            f"+{run['memory'] / 1e6:.1f}",
            f"{(run['memory'] - runs[0]['memory']) / 1e6:+.1f}",
        )
    return table


def pages_table(runs: list[dict[str, Any]]) -> Table:
    """Pages for authors: that the size of a course does not show in them."""
    table = Table(title="Pages for authors: the first byte of an answer, with the plan known", title_justify="left")
    table.add_column("page", no_wrap=True)
    for name in ("blocks", "ms", "kB", "statements"):
        table.add_column(name, justify="right")
    for page in runs[0]["pages"]:
        for number, run in enumerate(runs):
            figures = run["pages"][page]
            table.add_row(
                page if number == 0 else "",
                f"{run['blocks']:,}",
                f"{figures['seconds'] * 1000:.0f}",
                f"{figures['bytes'] / 1000:.0f}",
                f"{figures['statements']}",
                end_section=number == len(runs) - 1,
            )
    return table


def start_table(figures: dict[str, float]) -> Table:
    """The start of a command, beside that of what it stands on."""
    table = Table(title="Start", title_justify="left")
    table.add_column("of")
    table.add_column("CPU s", justify="right")
    table.add_row("import_from_modulestore history", f"{figures['history']:.2f}")
    table.add_row("Django, with the same apps", f"{figures['django']:.2f}")
    table.add_row("Python", f"{figures['python']:.2f}")
    return table


def planning_table(runs: list[dict[str, Any]]) -> Table:
    """Planning alone, without a database."""
    table = Table(title="Planning alone, no database", title_justify="left")
    table.add_column("case")
    for name in ("blocks", "library items", "CPU s", "memory, MB", "CPU ÷ linear"):
        table.add_column(name, justify="right")
    for number, run in enumerate(runs):
        ratio = ""
        if number and (previous := runs[number - 1])["case"] == run["case"]:
            ratio = growth(previous["seconds"], run["seconds"], run["blocks"] / previous["blocks"])
        table.add_row(
            "" if ratio else run["case"],
            f"{run['blocks']:,}",
            f"{run['items']:,}",
            f"{run['seconds']:.2f}",
            f"+{run['memory'] / 1e6:.1f}",
            ratio,
        )
    return table


def tables(figures: dict[str, Any]) -> list[Table]:
    """All tables, from what ``--json`` writes."""
    runs = figures["imports"]
    return [
        start_table(figures["start"]),
        steps_table(runs),
        write_table(runs),
        pages_table(runs),
        staging_table(runs),
        files_table(figures["files"]),
        planning_table(figures["planning"]),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure an import, step by step, at several sizes.")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="N", help=f"components; {SIZES} unless told")
    parser.add_argument("--quick", action="store_true", help="small sizes, for seeing that everything runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file as well")
    options = parser.parse_args()
    sizes = sorted(set(options.sizes or (QUICK_SIZES if options.quick else SIZES)))
    if sizes[0] < 1:
        parser.error("A course has at least one component.")
    small_mb, large_mb, single_mb = (1, 5, 5) if options.quick else (10, 200, 100)
    file_components = 60 if options.quick else 500
    plan_sizes, plan_items = ((500, 2000), 5000) if options.quick else ((2500, 10_000), 100_000)

    console = Console()
    if not console.is_terminal:
        console = Console(width=110)
    console.print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} processors")
    folder = Path(tempfile.mkdtemp(prefix="import-benchmarks-"))
    try:
        runs: list[dict[str, Any]] = []
        template: Path | None = None
        with console.status("…") as status:
            for size in sizes:
                status.update(f"importing {size:,} components")
                measured, template = measure_import(folder / f"import-{size}", size, template)
                runs.append(measured)
            assert template is not None
            status.update("starting")
            start = Bench(folder / "start", CourseSpec(components=60), template).start()
            file_runs = []
            for file_mb, file_count in ((small_mb, 20), (large_mb, 20), (single_mb, 1)):
                status.update(f"staging {file_mb:g} MB of files")
                place = folder / f"files-{file_mb}-{file_count}"
                file_runs.append(measure_files(place, file_mb, file_count, file_components, template))
                shutil.rmtree(place)
            status.update("planning")
            plan_runs = measure_planning(plan_sizes, plan_items, folder / "planning")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures = {"start": start, "imports": runs, "files": file_runs, "planning": plan_runs, "processors": os.cpu_count()}
    for table in tables(figures):
        console.print(table)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
