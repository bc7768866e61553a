"""All that was measured, as tables: from what ``run.py --json`` writes."""

from __future__ import annotations

from typing import Any

from rich.table import Table

PEERS_PER_ITEM = (58, 65)
"""SQL statements per component or container that the two importers of the platform take; see README.md."""
STEPS = (
    "list source",
    "stage",
    "plan",
    "review",
    "another page",
    "all subtrees, twice",
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
        there = [run for run in runs if step in run["steps"]]
        for number, run in enumerate(there):
            figures = run["steps"][step]
            ratios = ["", ""]
            if number:
                previous = there[number - 1]
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
                end_section=number == len(there) - 1,
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
        floor, blocks = run["floors"]["complete"], run["blocks"]
        figures, slow = run["steps"]["complete"], run["reference"]
        table.add_row(
            f"{blocks:,}",
            f"{sum(floor['rows'].values()):,}",
            f"{floor['cpu_seconds']:.2f}",
            f"{figures['cpu_seconds']:.2f}",
            f"{figures['cpu_seconds'] / floor['cpu_seconds']:.1f}",
            f"{slow['cpu_seconds'] / figures['cpu_seconds']:.1f}" if slow else "",
            f"{slow['write_seconds'] / figures['write_seconds']:.1f}" if slow else "",
            f"{figures['publish_seconds'] / (figures['write_seconds'] - figures['publish_seconds']):.2f}",
            f"{figures['statements']:,}",
            f"{slow['statements'] / blocks:.2f}" if slow else "",
            "{}-{}".format(*PEERS_PER_ITEM),
        )
    return table


def staging_table(runs: list[dict[str, Any]]) -> Table:
    """Staging, beside what it cannot do without."""
    table = Table(title="Staging", title_justify="left")
    for name in ("components", "blocks", "rows", "floor, CPU s", "CPU s", "CPU ÷ floor", "again ÷ floor", "SQL"):
        table.add_column(name, justify="right")
    for run in runs:
        floor, figures = run["floors"]["stage"], run["steps"]["stage"]
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
    table = _pages_table("Pages for authors: the first byte of an answer, with the plan known", "blocks")
    for page in runs[0]["pages"]:
        for number, run in enumerate(runs):
            _add_page(table, page if number == 0 else "", run["blocks"], run["pages"][page])
        table.add_section()
    return table


def lists_table(crowd: dict[str, Any]) -> Table:
    """Lists, pages and lookups among many imports."""
    held = "{items:,} items, {imports:,} imports and {records:,} records".format(**crowd)
    table = _pages_table(f"Lists and lookups among {held}", "records")
    for page, figures in crowd["lists"].items():
        _add_page(table, page, crowd["records"], figures)
    return table


def _pages_table(title: str, size: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("page", no_wrap=True)
    for name in (size, "ms", "CPU ms", "kB", "statements"):
        table.add_column(name, justify="right")
    return table


def _add_page(table: Table, name: str, size: int, figures: dict[str, Any]) -> None:
    table.add_row(
        name,
        f"{size:,}",
        f"{figures['seconds'] * 1000:.0f}",
        f"{figures['cpu_seconds'] * 1000:.0f}",
        f"{figures['bytes'] / 1000:.0f}",
        f"{figures['statements']}",
    )


def crowd_table(crowd: dict[str, Any]) -> Table:
    """A small import into an empty library, and into one that holds much."""
    table = Table(title="A small import: into an empty library, and into a large one", title_justify="left")
    table.add_column("step", no_wrap=True)
    for name in ("CPU s, empty", "CPU s, large", "of it loading", "the rest ÷ empty", "SQL, empty", "SQL, large"):
        table.add_column(name, justify="right")
    for step, small in crowd["empty"].items():
        large = crowd["full"][step]
        table.add_row(
            step,
            f"{small['cpu_seconds']:.3f}",
            f"{large['cpu_seconds']:.3f}",
            f"{large['load_seconds']:.3f}",
            f"{rest(large) / rest(small):.2f}",
            f"{small['statements']:,}",
            f"{large['statements']:,}",
        )
    return table


def rest(figures: dict[str, Any]) -> float:
    """The processor time of a step, less that of loading what the library holds."""
    return figures["cpu_seconds"] - figures["load_seconds"]


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
    """All tables of what was measured."""
    runs = figures["imports"]
    found = [start_table(figures["start"])] if "start" in figures else []
    found.append(steps_table(runs))
    if whole := [run for run in runs if run["floors"]]:
        found += [write_table(whole), staging_table(whole), pages_table(whole)]
    if "crowd" in figures:
        found += [crowd_table(figures["crowd"]), lists_table(figures["crowd"])]
    if "files" in figures:
        found += [files_table(figures["files"]), planning_table(figures["planning"])]
    return found
