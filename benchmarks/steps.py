"""
One step, measured in a process of its own: ``steps.py STEP ARGUMENTS``, JSON in and JSON out. Started by ``run.py``.

A fresh process has a peak memory of its own, and no cache that an earlier step has filled.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from floors import insert_floor, staging_floor
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
    """
    Measure what is done inside; the figures are put into ``found``, also how much of it was the loading of what the
    library holds.
    """
    import edx_django_utils.monitoring  # noqa: F401 (else the first line of a log loads it, which takes 0.1 s)
    from django.db import connection

    from import_from_modulestore.completion import plans

    _add_up(found, "load_seconds", plans, "load_library_state")
    connection.ensure_connection()
    trips = _count_trips(float(os.environ.get("ADDED_MS", "0")) / 1000)
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
        round_trips=len(trips),
        savepoints=statements.savepoints,
        phases=dict(statements.by_phase),
        shapes=dict(statements.by_shape.most_common(15)),
    )


def _count_trips(added: float) -> list[None]:
    """
    What is sent to MySQL or MariaDB from now on, where that is the database, each thing ``added`` seconds later than it
    could be: what is one statement to Django may be sent in several.
    """
    from django.db import connection

    trips: list[None] = []
    if connection.vendor == "mysql":
        from MySQLdb.connections import Connection

        send = Connection.query

        def query(self: Any, sql: Any) -> Any:
            trips.append(None)
            time.sleep(added)
            return send(self, sql)

        Connection.query = query
    return trips


def prepare() -> dict[str, Any]:
    """Make the database, the user and an empty library."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from import_from_modulestore import api

    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create(username="bench", is_superuser=True, is_staff=True)
    api.create_library(user=user, library_key=TARGET, title="Target")
    return {}


def list_source() -> dict[str, Any]:
    """List what there is to import."""
    from import_from_modulestore import api

    found: dict[str, Any] = {}
    with measured(found):
        sources = api.list_sources(user=_user()).items
    return found | {"blocks": sum(source.block_count for source in sources)}


def stage(on_conflict: str = "skip", source_key: str = COURSE_KEY) -> dict[str, Any]:
    """Stage a course and index its blocks; ``taking_seconds`` is what of it was taking over what was staged before."""
    from import_from_modulestore import api
    from import_from_modulestore.data import Decision, ImportOptions
    from import_from_modulestore.staging.again import Taking

    found: dict[str, Any] = {}
    user = _user()
    _add_up(found, "taking_seconds", Taking, "take")
    options = ImportOptions(on_conflict=Decision(on_conflict))
    run = api.create_import(user=user, source_key=source_key, library_key=TARGET, options=options)
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
    from import_from_modulestore import api
    from import_from_modulestore.completion import complete as completion
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
    from django.urls import reverse

    from import_from_modulestore import api

    blocks = api.list_blocks(user=_user(), import_id=import_id, limit=20).items
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
    return {"pages": _asked(urls, of_htmx={"a branch", "the bar"})}


def _asked(urls: Mapping[str, str], of_htmx: Collection[str] = ()) -> dict[str, Any]:
    """Ask for addresses as a browser does, each of them twice; the figures of the second time, by name."""
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(_user())
    found: dict[str, Any] = {}
    for name, url in urls.items():
        headers = {"HX-Request": "true"} if name in of_htmx else None
        client.get(url, headers=headers)
        figures: dict[str, Any] = {}
        with measured(figures):
            response = client.get(url, headers=headers)
        if response.status_code != 200:
            raise SystemExit(f"{url} answers {response.status_code}")
        found[name] = {
            "seconds": figures["seconds"],
            "cpu_seconds": figures["cpu_seconds"],
            "statements": figures["statements"],
            "bytes": len(response.content),
        }
    return found


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


def demo() -> dict[str, Any]:
    """The sample course, from its export to a library that is published."""
    from import_from_modulestore import api

    found: dict[str, Any] = {}
    user = _user()
    with measured(found):
        [source] = api.list_sources(user=user).items
        run = api.create_import(
            user=user, source_key=source.key, library_key="lib:Bench:Demo", new_library_title="Demo"
        )
        api.stage_import(user=user, import_id=run.id)
        done = api.complete_import(user=user, import_id=run.id)
    return found | {"counts": dict(done.counts)}


def crowd(items: int, imports: int) -> dict[str, Any]:
    """Multiply what one import has left, until there are so many items and imports; tells how many there are."""
    from crowd import multiply_history, multiply_library
    from openedx_content.models_api import PublishableEntity

    from import_from_modulestore.models import Import, ImportRecord

    copies = max(1, items // PublishableEntity.objects.count())
    multiply_library(copies)
    multiply_history(imports, copies)
    counted = {"items": PublishableEntity, "imports": Import, "records": ImportRecord}
    return {name: model._default_manager.count() for name, model in counted.items()}


def lists() -> dict[str, Any]:
    """Lists, pages and lookups among many imports: each asked for twice, and measured the second time."""
    from django.urls import reverse

    from import_from_modulestore.models import Import, ImportRecord

    run = Import.objects.order_by("pk")[min(40, Import.objects.count() - 1)]  # One that has made items.
    record = ImportRecord.objects.filter(import_run=run, kind="component").order_by("-num")[0]
    pages, run_id, item = "modulestore_imports", str(run.uuid), record.item_key
    rest, records = "/api/modulestore_imports/v1", ImportRecord.objects.filter(import_run=run).count()
    imports, of_records = (reverse(f"admin:{pages}_{model}_changelist") for model in ("import", "importrecord"))
    urls = {
        "page: home": reverse(f"{pages}:home"),
        "page: imports": reverse(f"{pages}:imports"),
        "page: imports, searched": reverse(f"{pages}:imports") + "?q=R0_7",
        "page: an import": reverse(f"{pages}:import", args=[run_id]),
        "page: its work": reverse(f"{pages}:work", args=[run_id]),
        "page: its undo": reverse(f"{pages}:reversal", args=[run_id, "undo"]),
        "page: libraries": reverse(f"{pages}:libraries"),
        "page: a library": reverse(f"{pages}:library", args=[TARGET]),
        "page: an item": reverse(f"{pages}:item", args=[item]),
        "REST: imports": f"{rest}/imports/",
        "REST: imports, last page": f"{rest}/imports/?page={(Import.objects.count() + 99) // 100}&page_size=100",
        "REST: imports, searched": f"{rest}/imports/?search=R0_7",
        "REST: an import": f"{rest}/imports/{run_id}/",
        "REST: its records": f"{rest}/imports/{run_id}/records/?page={(records + 99) // 100}&page_size=100",
        "REST: its records, searched": f"{rest}/imports/{run_id}/records/?search=Text",
        "REST: its work": f"{rest}/imports/{run_id}/work/",
        "REST: a library": f"{rest}/libraries/{TARGET}/",
        "REST: a library's history": f"{rest}/libraries/{TARGET}/history/",
        "REST: an item's history": f"{rest}/items/{item}/history/",
        "REST: where a block went": f"{rest}/where/?usage_key={quote(record.usage_key)}",
        "REST: where an item is from": f"{rest}/where/?item_key={quote(item)}",
        "admin: imports": imports,
        "admin: imports, searched": f"{imports}?q=R0_7",
        "admin: an import": reverse(f"admin:{pages}_import_change", args=[run.pk]),
        "admin: records": of_records,
        "admin: records of an import": f"{of_records}?import_run__exact={run.pk}",
        "admin: records, searched": f"{of_records}?q={quote(record.usage_key)}",
        "admin: a record": reverse(f"admin:{pages}_importrecord_change", args=[record.pk]),
    }
    return {"pages": _asked(urls)}


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
        demo,
        crowd,
        lists,
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
    from django.conf import settings

    settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 10**9
    # What every step needs is loaded before anything is measured; some of it is as late as it can be.
    import edx_django_utils.monitoring
    from opaque_keys.edx.keys import CourseKey

    import import_from_modulestore.api  # noqa: F401
    import import_from_modulestore_standalone.host  # noqa: F401

    edx_django_utils.monitoring.set_custom_attribute("benchmarks", True)
    CourseKey.from_string(COURSE_KEY)
    print(json.dumps(STEPS[sys.argv[1]](**json.loads(sys.argv[2]))))


if __name__ == "__main__":
    main()
