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
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from curve import picture
from generate import CourseSpec, generate
from rich.box import MARKDOWN
from rich.console import Console
from tables import tables
from targets import targets_table

SIZES = (1000, 4000, 10_000)
LARGE_SIZES = (1000, 4000, 16_000, 64_000)
QUICK_SIZES = (60, 240)
COMPARED = 1000
"""Components, up to which the same is written item by item as well, and merged: that takes long."""
PLAN_CASES = ("all new", "same IDs", "own titles", "one title")

_HERE = Path(__file__).resolve().parent
_EMPTY = "empty.sqlite3"


class Bench:
    """A folder of its own with a course, a database and all else that the project writes."""

    def __init__(self, folder: Path, spec: CourseSpec, template: Path | None = None, *, database: str = "") -> None:
        """
        Make a course, and a database: a copy of ``template``, or an empty one; the one with the address ``database``,
        where it is not SQLite.
        """
        self._var = folder / "var"
        self.course = folder / "courses" / "course"
        self.database = self._var / "db.sqlite3"
        self._var.mkdir(parents=True)
        self.counts = generate(self.course, spec)
        self._made = time.time()
        self._environment = {
            **os.environ,
            "VAR_DIR": str(self._var),
            "COURSES_DIR": str(folder / "courses"),
            "DATABASE_URL": database or f"sqlite:///{self.database}",
            "SECRET_KEY": "benchmarks",
            "DJANGO_SETTINGS_MODULE": "import_from_modulestore_standalone.settings",
            "PYTHONDONTWRITEBYTECODE": "",  # What is compiled once is not measured again.
        }
        if template is None:
            self.step("prepare")
        else:
            copy_database(template, self.database)

    def settle(self) -> None:
        """Wait until the course counts as settled: what was written only just is not known again for certain."""
        time.sleep(max(0.0, self._made + 3 - time.time()))

    def step(self, name: str, environment: dict[str, str] | None = None, **arguments: Any) -> dict[str, Any]:
        """Run one step in a process of its own and return its figures."""
        return run_step(name, {**self._environment, **(environment or {})}, **arguments)

    def aside(self, name: str, environment: dict[str, str], **arguments: Any) -> dict[str, Any]:
        """Run one step in another environment, on a copy of all that was written so far, of which nothing stays."""
        copy = self._var.with_name("aside")
        shutil.copytree(self._var, copy, ignore=shutil.ignore_patterns("db.sqlite3*"))
        copy_database(self.database, copy / "db.sqlite3")
        own = {"VAR_DIR": str(copy), "DATABASE_URL": f"sqlite:///{copy / 'db.sqlite3'}"}
        try:
            return self.step(name, {**own, **environment}, **arguments)
        finally:
            shutil.rmtree(copy)

    def kept(self, name: str) -> str:
        """A copy of the database as it is now."""
        copy_database(self.database, self._var.with_name(name))
        return str(self._var.with_name(name))

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


def expect(found: Any, wanted: Any) -> None:
    """Stop where a step did not do what it was measured for."""
    if found != wanted:
        raise SystemExit(f"A step did {found!r} where {wanted!r} was to be done; its figures would mean nothing.")


# One import


def measure_import(folder: Path, components: int, template: Path | None, *, bare: bool) -> dict[str, Any]:
    """All steps at one size, and the floors of those that have one; ``bare``, what people wait for alone."""
    bench = Bench(folder, CourseSpec(components=components), template)
    counts, steps, floors, pages, reference = bench.counts, {}, {}, {}, None
    is_compared = components <= COMPARED and not bare
    before = bench.kept(_EMPTY)
    if not bare:
        steps["list source"] = bench.step("list_source")
        expect(steps["list source"]["blocks"], counts.blocks)
    bench.settle()
    steps["stage"] = bench.step("stage")
    import_id = steps["stage"]["import_id"]
    steps["plan"] = bench.step("plan", import_id=import_id)
    steps["review"] = bench.step("review", import_id=import_id)
    expect(steps["review"]["total"], counts.blocks)
    if not bare:
        staged = bench.kept("staged.sqlite3")
        floors["stage"] = bench.step("staging_floor", course=str(bench.course), before=before, after=staged)
        steps["another page"] = bench.step("review_page", import_id=import_id)
        pages = bench.step("pages", import_id=import_id)["pages"]
        steps["all subtrees, twice"] = bench.step("change_subtrees", import_id=import_id)
        expect(steps["all subtrees, twice"]["changed"], counts.blocks)
    if is_compared:
        reference = bench.aside("complete", {"WRITER": "reference"}, import_id=import_id)
    steps["complete"] = bench.step("complete", import_id=import_id)
    expect(steps["complete"]["counts"], {"created": counts.blocks})
    if not bare:
        floors["complete"] = bench.step("insert_floor", before=staged, after=str(bench.database))
        Path(staged).unlink()
    steps["preview undo"] = bench.step("preview_undo", import_id=import_id)
    steps["undo"] = bench.step("undo", import_id=import_id)
    expect(steps["undo"]["counts"], {"removed": counts.blocks})
    steps["redo"] = bench.step("redo", import_id=import_id)
    expect(steps["redo"]["counts"], {"restored": counts.blocks})
    steps["stage again"] = bench.step("stage")
    expect(steps["stage again"]["taking_seconds"] > 0, True)
    steps["complete again"] = bench.step("complete", import_id=steps["stage again"]["import_id"])
    expect(steps["complete again"]["counts"], {"unchanged": counts.blocks})
    if is_compared:
        edited = bench.step("edit_library")["edited"]
        change_course(bench.course, edited)
        changed = bench.step("stage")["import_id"]
        steps["plan, three in ten changed"] = bench.step("plan", import_id=changed)
        merged = bench.step("stage", on_conflict="merge")["import_id"]
        steps["plan, these merged"] = bench.step("plan", import_id=merged)
        steps["plan again, these merged"] = bench.step("plan", import_id=merged, again=True)
        expect(steps["plan, these merged"]["counts"]["updated"], len(edited))
    return {
        "components": components,
        "blocks": counts.blocks,
        "counts": asdict(counts),
        "steps": steps,
        "reference": reference,
        "pages": pages,
        "floors": floors,
    }


def change_course(folder: Path, components: list[list[str]]) -> None:
    """Add a line to each of these components, as authors of the course do."""
    for tag, name in components:
        path = folder / tag / f"{name}.{'html' if tag == 'html' else 'xml'}"
        text, end = path.read_text(), "</choicegroup>"
        added = f'<choice correct="false">Added.</choice>{end}'
        path.write_text(f"{text}<p>Added.</p>\n" if tag == "html" else text.replace(end, added))


# What surrounds it


def measure_crowd(folder: Path, template: Path, *, base: int, small: int, items: int, imports: int) -> dict[str, Any]:
    """
    A small import into an empty library, and into one of so many items and imports; and lists and pages among these.

    The large library is made of an import of ``base`` components.
    """
    spec = CourseSpec(components=small, seed=2, run="R2")
    empty = _small_import(Bench(folder / "empty", spec, template), spec)
    bench = Bench(folder / "full", CourseSpec(components=base, file_count=0, run="R0"), template)
    made = bench.step("stage", source_key=CourseSpec(components=base, run="R0").key)
    bench.step("complete", import_id=made["import_id"])
    held = bench.step("crowd", items=items, imports=imports)
    shutil.rmtree(bench.course)
    generate(bench.course, spec)
    return {"empty": empty, "full": _small_import(bench, spec), **held, "lists": bench.step("lists")["pages"]}


def _small_import(bench: Bench, spec: CourseSpec) -> dict[str, Any]:
    steps = {"stage": bench.step("stage", source_key=spec.key)}
    import_id = steps["stage"]["import_id"]
    steps["review"] = bench.step("review", import_id=import_id)
    before = bench.kept("staged.sqlite3")
    steps["complete"] = bench.step("complete", import_id=import_id)
    floor = bench.step("insert_floor", before=before, after=str(bench.database))
    steps["complete"]["insert_seconds"] = floor["cpu_seconds"]
    Path(before).unlink()
    steps["preview undo"] = bench.step("preview_undo", import_id=import_id)
    steps["undo"] = bench.step("undo", import_id=import_id)
    steps["redo"] = bench.step("redo", import_id=import_id)
    return steps


def measure_server(folder: Path, components: int, address: str) -> dict[str, Any]:
    """The same import on MySQL or MariaDB: in bulk, item by item, and in bulk where every answer comes 0.5 ms later."""
    found = {}
    for name, environment in (("bulk", {}), ("reference", {"WRITER": "reference"}), ("later", {"ADDED_MS": "0.5"})):
        make_database(f"{address}_{name}")
        bench = Bench(folder / name, CourseSpec(components=components), database=f"{address}_{name}")
        import_id = bench.step("stage")["import_id"]
        steps = {"complete": bench.step("complete", environment, import_id=import_id)}
        if name != "reference":
            steps["undo"] = bench.step("undo", environment, import_id=import_id)
            steps["redo"] = bench.step("redo", environment, import_id=import_id)
        found[name] = steps
    return found


def make_database(address: str) -> None:
    """Make an empty database, in place of one that is there."""
    code = "import environ, sys, MySQLdb; at = environ.Env.db_url_config(sys.argv[1])\n"
    code += "server = MySQLdb.connect(host=at['HOST'], port=int(at['PORT']), user=at['USER'], passwd=at['PASSWORD'])\n"
    code += "for verb in ('DROP DATABASE IF EXISTS', 'CREATE DATABASE'): server.query(f\"{verb} {at['NAME']}\")"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, address], check=True)


def measure_demo(folder: Path, template: Path) -> dict[str, Any]:
    """The sample course, from its export to a published library."""
    bench = Bench(folder, CourseSpec(components=1), template)
    return bench.step("demo", {"COURSES_DIR": str(_HERE.parent / "courses")})


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


def measure_all(folder: Path, options: argparse.Namespace, tell: Callable[[str], None]) -> dict[str, Any]:
    """Everything, in a folder of which nothing needs to stay."""
    quick = options.quick
    sizes = options.sizes or (QUICK_SIZES if quick else LARGE_SIZES if options.large else SIZES)
    runs: list[dict[str, Any]] = []
    figures: dict[str, Any] = {"imports": runs, "processors": os.cpu_count()}
    template = folder / _EMPTY
    for size in sorted(set(sizes)):
        tell(f"importing {size:,} components")
        place = folder / f"import-{size}"
        runs.append(measure_import(place, size, template if template.exists() else None, bare=options.curve))
        (place / _EMPTY).replace(template)
        shutil.rmtree(place)
        keep(figures, options.json)  # Large ones take long: what was measured before stays if they are given up.
    if options.curve:
        return figures
    tell("starting")
    figures["start"] = Bench(folder / "start", CourseSpec(components=60), template).start()
    tell("the sample course")
    figures["demo"] = measure_demo(folder / "demo", template)
    tell("a library that holds much")
    crowd = {"base": 60, "items": 1000, "imports": 10} if quick else {"base": 1000, "items": 100_000}
    figures["crowd"] = measure_crowd(
        folder / "crowd", template, small=60, **{"imports": 1000 if options.large else 100, **crowd}
    )
    shutil.rmtree(folder / "crowd")
    address = os.environ.get("TEST_MYSQL_URL")
    if address and find_spec("MySQLdb"):
        tell("a database server")
        figures["server"] = measure_server(folder / "server", 60 if quick else COMPARED, address)
    figures["files"] = []
    for file_mb, file_count in ((1, 20), (5, 20), (5, 1)) if quick else ((10, 20), (200, 20), (100, 1)):
        tell(f"staging {file_mb:g} MB of files")
        place = folder / f"files-{file_mb}-{file_count}"
        figures["files"].append(measure_files(place, file_mb, file_count, 60 if quick else 500, template))
        shutil.rmtree(place)
    tell("planning")
    plan_sizes, plan_items = ((500, 2000), 5000) if quick else ((2500, 10_000), 100_000)
    figures["planning"] = measure_planning(plan_sizes, plan_items, folder / "planning")
    return figures


def keep(figures: dict[str, Any], file: Path | None) -> None:
    """Write the figures to a file, where one is named."""
    if file is not None:
        file.write_text(json.dumps(figures, indent=2) + "\n")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure an import, step by step, at several sizes.")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="N", help=f"components; {SIZES} unless told")
    parser.add_argument(
        "--large", action="store_true", help=f"{LARGE_SIZES} components, and a history of 1,000 imports"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, for seeing that everything runs")
    parser.add_argument("--curve", action="store_true", help="only what the picture shows")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file as well")
    parser.add_argument("--from", type=Path, metavar="FILE", dest="known", help="measure nothing, show such a file")
    parser.add_argument("--markdown", action="store_true", help="print tables as they stand in README.md")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw the cost of an item over the size")
    options = parser.parse_args()
    if options.sizes and min(options.sizes) < 1:
        parser.error("A course has at least one component.")

    console = Console()
    if options.markdown or not console.is_terminal:
        console = Console(width=250 if options.markdown else 120)
    if options.known:
        figures = json.loads(options.known.read_text())
    else:
        console.print(
            f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} processors"
        )
        folder = Path(tempfile.mkdtemp(prefix="import-benchmarks-"))
        try:
            with console.status("…") as status:
                figures = measure_all(folder, options, status.update)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    for table in (*tables(figures), targets_table(figures)):
        if options.markdown:
            table.box = MARKDOWN
            for row in table.rows:
                row.end_section = False
        console.print(table)
    keep(figures, options.json)
    if options.picture:
        options.picture.write_text(picture(figures["imports"]))


if __name__ == "__main__":
    main()
