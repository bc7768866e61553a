"""
One step, measured in a process of its own: ``steps.py STEP ARGUMENTS``, JSON in and JSON out. Started by ``run.py``.

A fresh process has a peak memory of its own, and no cache that an earlier step has filled.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from generate import COURSE_KEY

TARGET = "lib:Bench:Target"
_TABLE = re.compile(r'\s*(\w+)(?:\s+OR\s+\w+)?(?:\s+INTO|\s+DISTINCT)?.*?(?:"(\w+)"|$)', re.DOTALL)


class Statements:
    """Counts SQL statements; an ``execute_wrapper``. Those of savepoints are counted as well, and apart."""

    def __init__(self) -> None:
        self.total = 0
        self.savepoints = 0
        self.by_phase: Counter[str] = Counter()
        self.by_shape: Counter[str] = Counter()
        self._phase = "before"

    def __call__(self, execute: Callable, sql: str, params: Any, many: bool, context: dict) -> Any:
        """Count one statement and execute it."""
        self.total += 1
        self.by_phase[self._phase] += 1
        if "SAVEPOINT" in sql:
            self.savepoints += 1
            self.by_shape["SAVEPOINT"] += 1
        else:
            verb, table = _TABLE.match(sql).groups()  # type: ignore[union-attr]
            self.by_shape[f"{verb} {table or ''}".strip()] += 1
        return execute(sql, params, many, context)

    def progress(self, phase: str, done: int, total: int, title: str = "") -> None:
        """Note which phase the next statements belong to."""
        self._phase = phase


def peak_memory() -> int:
    """The most memory that this process ever had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@contextmanager
def measured(found: dict[str, Any]) -> Iterator[Statements]:
    """Measure what is done inside; the figures are put into ``found``."""
    from django.db import connection

    connection.ensure_connection()
    statements = Statements()
    before = peak_memory()
    started, cpu_started = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(statements):
        yield statements
    found.update(
        seconds=time.perf_counter() - started,
        cpu_seconds=time.process_time() - cpu_started,
        memory=peak_memory() - before,
        statements=statements.total,
        savepoints=statements.savepoints,
        phases=dict(statements.by_phase),
        shapes=dict(statements.by_shape.most_common(15)),
    )


def prepare() -> dict[str, Any]:
    """Make the database, the user and an empty library."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from import_from_modulestore import api

    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create(username="bench", is_superuser=True)
    api.create_library(user=user, library_key=TARGET, title="Target")
    return {}


def list_source() -> dict[str, Any]:
    """List what there is to import."""
    from import_from_modulestore import api

    found: dict[str, Any] = {}
    with measured(found):
        sources = api.list_sources(user=_user()).items
    return found | {"blocks": sum(source.block_count for source in sources)}


def stage(on_conflict: str = "skip") -> dict[str, Any]:
    """Stage the course and index its blocks."""
    from import_from_modulestore import api
    from import_from_modulestore.data import Decision, ImportOptions

    found: dict[str, Any] = {}
    user = _user()
    options = ImportOptions(on_conflict=Decision(on_conflict))
    run = api.create_import(user=user, source_key=COURSE_KEY, library_key=TARGET, options=options)
    with measured(found) as statements:
        api.stage_import(user=user, import_id=run.id, progress=statements.progress)
    return found | {"import_id": run.id}


def plan(import_id: str, again: bool = False) -> dict[str, Any]:
    """Plan a staged import; or do so ``again`` in one process, as a review does after each choice."""
    from import_from_modulestore import api

    found: dict[str, Any] = {}
    user = _user()
    if again:
        api.plan_import(user=user, import_id=import_id)
    with measured(found):
        made = api.plan_import(user=user, import_id=import_id)
    return found | {"counts": made.counts()}


def edit_library() -> dict[str, Any]:
    """Change a line of three in ten components, as authors of the library do; tells which."""
    from django.utils import timezone
    from openedx_content import api as content_api
    from openedx_content.models_api import Component

    components = Component.objects.filter(component_type__name__in=["html", "problem"]).select_related("component_type")
    edited = [component for num, component in enumerate(components.order_by("pk")) if num % 8 < 3]
    now = timezone.now()
    with content_api.bulk_draft_changes_for(edited[0].learning_package_id):
        for component in edited:
            name = component.component_type.name
            tag = "</h3>" if name == "html" else "</label>"
            media = component.versioning.draft.media.get(componentversionmedia__path="block.xml")
            changed = content_api.get_or_create_text_media(
                component.learning_package_id,
                media.media_type_id,
                text=media.text.replace(tag, f" Changed.{tag}", 1),
                created=now,
            )
            content_api.create_next_component_version(
                component.id, {"block.xml": changed.id}, created=now, created_by=None
            )
    return {"edited": [[component.component_type.name, component.component_code] for component in edited]}


def complete(import_id: str) -> dict[str, Any]:
    """Write a staged import; ``write_seconds`` is the writing in it, and ``publish_seconds`` the publishing in that."""
    from import_from_modulestore import api, completion
    from import_from_modulestore.writing.bulk import BulkWriter
    from import_from_modulestore.writing.reference import ReferenceWriter

    found: dict[str, Any] = {}
    user = _user()
    _add_up(found, "write_seconds", completion, "write_plan")
    for writer in (BulkWriter, ReferenceWriter):
        _add_up(found, "publish_seconds", writer, "publish")
        _add_up(found, "publish_seconds", writer, "publish_removals")
    with measured(found) as statements:
        done = api.complete_import(user=user, import_id=import_id, progress=statements.progress)
    return found | {"counts": dict(done.counts)}


def _add_up(found: dict[str, Any], name: str, owner: Any, function: str) -> None:
    """Add up the processor time of all calls of a function from now on."""
    original = getattr(owner, function)
    found[name] = 0.0

    def called(*args: Any, **kwargs: Any) -> Any:
        started = time.process_time()
        try:
            return original(*args, **kwargs)
        finally:
            found[name] += time.process_time() - started

    setattr(owner, function, called)


def review(import_id: str) -> dict[str, Any]:
    """Open a review: its first page, for which the plan is made."""
    from import_from_modulestore import api

    found: dict[str, Any] = {}
    user = _user()
    with measured(found):
        page = api.list_blocks(user=user, import_id=import_id, limit=100)
    return found | {"total": page.total}


def review_page(import_id: str) -> dict[str, Any]:
    """Another page of a review that is open: the last one."""
    from import_from_modulestore import api

    found: dict[str, Any] = {}
    user = _user()
    total = api.list_blocks(user=user, import_id=import_id, limit=1).total
    with measured(found):
        page = api.list_blocks(user=user, import_id=import_id, offset=max(0, total - 100), limit=100)
    return found | {"shown": len(page.items)}


def pages(import_id: str) -> dict[str, Any]:
    """
    Pages for authors, each asked for as a browser does: the first byte, its size, and the statements that it took.

    Once before, so that templates are compiled and the plan of the review is known; that of a review that is opened
    for the first time is measured by ``review``.
    """
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    from import_from_modulestore import api

    settings.ALLOWED_HOSTS = ["*"]
    user = _user()
    client = Client()
    client.force_login(user)
    blocks = api.list_blocks(user=user, import_id=import_id, limit=20).items
    holding = max(blocks, key=lambda block: block.child_count)
    component = next(block for block in blocks if not block.kind.is_container)
    urls = {
        "home": reverse("modulestore_imports:home"),
        "choose": reverse("modulestore_imports:choose"),
        "summary": reverse("modulestore_imports:import", args=[import_id]),
        "review": reverse("modulestore_imports:review", args=[import_id]),
        "a branch": reverse("modulestore_imports:under", args=[import_id]) + f"?of={quote(holding.usage_key)}",
        "the bar": reverse("modulestore_imports:bar", args=[import_id]),
        "a block": reverse("modulestore_imports:block", args=[import_id, component.usage_key]),
        "a block, rendered": reverse("modulestore_imports:rendered", args=[import_id, component.usage_key]),
    }
    found: dict[str, Any] = {}
    for name, url in urls.items():
        headers = {"HX-Request": "true"} if name in ("a branch", "the bar") else None
        client.get(url, headers=headers)
        figures: dict[str, Any] = {}
        with measured(figures):
            response = client.get(url, headers=headers)
        if response.status_code != 200:
            raise SystemExit(f"{url} answers {response.status_code}")
        found[name] = {
            "seconds": figures["seconds"],
            "statements": figures["statements"],
            "bytes": len(response.content),
        }
    return {"pages": found}


def change_subtrees(import_id: str) -> dict[str, Any]:
    """Leave out every section with all that it holds, and take everything in again."""
    from import_from_modulestore import api

    found: dict[str, Any] = {}
    user = _user()
    sections = [
        block.usage_key for block in api.list_blocks(user=user, import_id=import_id, top=True, limit=1000).items
    ]
    with measured(found):
        left_out = api.select_blocks(user=user, import_id=import_id, usage_keys=sections, selected=False)
        api.select_blocks(user=user, import_id=import_id, usage_keys=sections, selected=True)
    return found | {"changed": left_out}


def preview_undo(import_id: str) -> dict[str, Any]:
    """See what an undo would do."""
    from import_from_modulestore import api

    found: dict[str, Any] = {}
    user = _user()
    with measured(found):
        made = api.preview_undo(user=user, import_id=import_id)
    return found | {"counts": made.counts()}


def undo(import_id: str) -> dict[str, Any]:
    """Take an import back."""
    from import_from_modulestore import api

    found: dict[str, Any] = {}
    user = _user()
    with measured(found):
        api.undo_import(user=user, import_id=import_id)
    return found | {"counts": dict(api.get_reversals(user=user, import_id=import_id)[-1].counts)}


def redo(import_id: str) -> dict[str, Any]:
    """Put an import back."""
    from import_from_modulestore import api

    found: dict[str, Any] = {}
    user = _user()
    with measured(found):
        api.redo_import(user=user, import_id=import_id)
    return found | {"counts": dict(api.get_reversals(user=user, import_id=import_id)[-1].counts)}


def plan_only(blocks: int, items: int, case: str) -> dict[str, Any]:
    """Planning alone, without a database: ``blocks`` staged blocks against a library of ``items``."""
    from import_from_modulestore.data import BlockIds, BlockKind, ImportOptions, LocalKey
    from import_from_modulestore.planning import LibraryItem, LibraryState, SourceBlock, make_plan

    per_section = 1 + 3 * (1 + 4 * (1 + 5))
    layout = (BlockKind.SECTION, BlockKind.SUBSECTION, BlockKind.UNIT, BlockKind.COMPONENT)
    tags = ("chapter", "sequential", "vertical", "html")
    source, above = [], [0, 0, 0]
    for num in range(blocks):
        within = num % per_section
        in_subsection = (within - 1) % 25
        depth = 0 if within == 0 else 1 if in_subsection == 0 else 2 if (in_subsection - 1) % 6 == 0 else 3
        if depth < 3:
            above[depth] = num
        source.append(
            SourceBlock(
                num=num,
                parent=above[depth - 1] if depth else None,
                usage_key=f"block-v1:Bench+Synthetic+R1+type@{tags[depth]}+block@{num}",
                block_type=tags[depth],
                block_id=f"b{num}",
                kind=layout[depth],
                title="Text" if case == "one title" else f"Block {num}",
                digest=f"{num:040x}" if depth == 3 else "",
            )
        )
    first = 0 if case == "same IDs" else blocks
    held = {
        LocalKey("html", f"b{num}"): LibraryItem(
            entity_id=num + 1, kind=BlockKind.COMPONENT, title="", digest=f"{num:040x}"
        )
        for num in range(first, first + items)
    }
    target = LibraryState(items=held, history={}, block_limit=10_000_000)
    by_title = case in ("one title", "own titles")
    options = ImportOptions(block_ids=BlockIds.FROM_TITLES if by_title else BlockIds.KEEP)
    before, started = peak_memory(), time.process_time()
    made = make_plan(source, target, options)
    return {
        "seconds": time.process_time() - started,
        "memory": peak_memory() - before,
        "counts": made.counts(),
    }


def insert_floor(before: str, after: str) -> dict[str, Any]:
    """
    How long SQLite alone takes to insert the rows that ``after`` holds and ``before`` does not, into ``before``.

    In one transaction, with all indexes, without checks; rows that were only changed are not counted.
    """
    rows = {}
    with sqlite3.connect(before) as database, sqlite3.connect(after) as other:
        tables = other.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        for (table,) in tables.fetchall():
            last = database.execute(f'SELECT coalesce(max(rowid), 0) FROM "{table}"').fetchone()[0]
            if new := other.execute(f'SELECT * FROM "{table}" WHERE rowid > ?', (last,)).fetchall():
                rows[table] = new
        for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON", "synchronous = NORMAL"):
            database.execute(f"PRAGMA {pragma}")
        started, cpu_started = time.perf_counter(), time.process_time()
        for table, values in rows.items():
            marks = ", ".join("?" * len(values[0]))
            database.executemany(f'INSERT INTO "{table}" VALUES ({marks})', values)
        database.commit()
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "rows": {table: len(values) for table, values in rows.items()},
    }


def staging_floor(folder: str, before: str, after: str) -> dict[str, Any]:
    """
    What staging cannot do without: each file of the export read once and hashed, its XML parsed once, what was staged
    parsed once, and the rows that ``after`` holds and ``before`` does not inserted.
    """
    from lxml import etree

    with sqlite3.connect(before) as database, sqlite3.connect(after) as other:
        last = database.execute("SELECT coalesce(max(id), 0) FROM content_staging_stagedcontent").fetchone()[0]
        query = "SELECT olx FROM content_staging_stagedcontent WHERE id > ?"
        staged = [olx.encode() for (olx,) in other.execute(query, (last,))]
    started, cpu_started = time.perf_counter(), time.process_time()
    for parent, _folders, names in os.walk(folder):
        for name in names:
            with open(f"{parent}/{name}", "rb", buffering=0) as file:  # noqa: PTH123 (no path is part of the floor)
                content = file.read()
            hashlib.blake2b(content, digest_size=20).digest()
            if name.endswith(".xml"):
                etree.fromstring(content)
    for olx in staged:
        etree.fromstring(olx)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    inserted = insert_floor(before, after)
    return {
        "seconds": seconds + inserted["seconds"],
        "cpu_seconds": cpu_seconds + inserted["cpu_seconds"],
        "rows": inserted["rows"],
    }


def _user() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get(username="bench")


STEPS = {
    step.__name__: step
    for step in (
        prepare,
        list_source,
        stage,
        plan,
        edit_library,
        review,
        review_page,
        pages,
        change_subtrees,
        complete,
        preview_undo,
        undo,
        redo,
        insert_floor,
        staging_floor,
        plan_only,
    )
}


def main() -> None:
    """Run the step that the command line names."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "import_from_modulestore_standalone.settings")
    django.setup()
    # What every step needs is loaded before anything is measured; some of it as late as it is used.
    import edx_django_utils.monitoring
    from opaque_keys.edx.keys import CourseKey

    import import_from_modulestore.api  # noqa: F401
    import import_from_modulestore_standalone.host  # noqa: F401

    CourseKey.from_string(COURSE_KEY)
    edx_django_utils.monitoring.set_custom_attribute("benchmarks", True)

    print(json.dumps(STEPS[sys.argv[1]](**json.loads(sys.argv[2]))))


if __name__ == "__main__":
    main()
