"""
Libraries and imports at random: what authors do, what imports do, in any mix, and what an import may be asked for.

A library is made by earlier imports and by authors: published, drafts only, with unpublished edits, deleted, collected,
held by other containers, pinned. Into it goes an import with any options and decisions.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from hypothesis import strategies as st
from openedx_content.models_api import Collection, Component, Container, PublishableEntity

from import_from_modulestore import api
from import_from_modulestore.data import (
    BlockIds,
    CollectionChoice,
    CompositionLevel,
    Contents,
    Decision,
    ImportData,
    ImportOptions,
    ImportState,
    Plan,
)
from import_from_modulestore.models import StagedBlock

from .authoring import Author
from .builders import KEY, TARGET, Block, block, problem, section, subsection, text, unit, write_course
from .library_state import library_state
from .records import assert_as_planned


@dataclass(frozen=True)
class Step:
    """Something an author does; ``a`` and ``b`` choose what to do it with."""

    what: str
    a: int
    b: int


@dataclass(frozen=True)
class Run:
    """
    An import of a course; ``choices`` are decisions and whether to leave out, for its blocks in turn; ``removals`` are
    whether to remove what is gone, for its items in turn, or ``None`` for all that nothing speaks against.
    """

    course: tuple[Block, ...]
    options: ImportOptions
    choices: tuple[tuple[Decision | None, bool], ...]
    removals: tuple[bool, ...] | None


@dataclass(frozen=True)
class Back:
    """An undo of an import that stands, or a redo of one that is undone; ``which`` chooses it."""

    which: int
    force: bool


STATIC = {"one.png": b"PNG one", "two.txt": b"two", "other.png": b"PNG one"}
BOTH = '<p><img src="/static/one.png"/><a href="/static/two.txt"/><img src="/static/other.png"/></p>'


def some(blocks: list[Block], most: int) -> st.SearchStrategy[list[Block]]:
    return st.lists(st.sampled_from(blocks), unique_by=lambda block: block.url_name, min_size=1, max_size=most)


@st.composite
def courses(draw) -> tuple[Block, ...]:
    """A few sections; blocks may be shown in several places, also inside banks of questions."""
    bodies = st.sampled_from(["<p>One.</p>", "<p>Two.</p>", '<p><img src="/static/one.png"/></p>', BOTH])
    titles = st.sampled_from([None, "Other"])
    texts = [*(text(f"t{n}", draw(bodies)) for n in range(3)), problem("p0", draw(bodies))]
    banks = [block("itembank", f"k{n}", "", *draw(some(texts, 2)), display_name="Bank") for n in range(2)]
    units = [unit(f"u{n}", *draw(some([*texts, *banks], 3)), title=draw(titles)) for n in range(2)]
    subsections = [subsection(f"b{n}", *draw(some(units, 2))) for n in range(2)]
    return tuple(
        section(f"s{n}", *draw(some(subsections, 2)), title=draw(titles)) for n in range(draw(st.integers(1, 2)))
    )


runs = st.builds(
    Run,
    course=courses(),
    options=st.builds(
        ImportOptions,
        level=st.sampled_from(CompositionLevel),
        on_conflict=st.sampled_from(Decision),
        unmerged=st.sampled_from([decision for decision in Decision if decision is not Decision.MERGE]),
        publish=st.booleans(),
        block_ids=st.sampled_from([BlockIds.KEEP, BlockIds.KEEP, BlockIds.FROM_TITLES]),
        collection=st.sampled_from([None, CollectionChoice(title="Course"), CollectionChoice(title="Bank")]),
        contents=st.sampled_from(Contents),
    ),
    choices=st.lists(
        st.tuples(st.sampled_from([None, None, *Decision]), st.sampled_from([True, True, True, False]))
    ).map(tuple),
    removals=st.none() | st.lists(st.booleans(), max_size=6).map(tuple),
)

numbers = st.integers(0, 11)
edits = st.builds(
    Step,
    st.sampled_from(["edit", "delete", "publish", "publish all", "discard", "hold", "unit", "pin"]),
    numbers,
    numbers,
)
work = st.builds(Step, st.sampled_from(["component", "collect", "subsection"]), numbers, numbers) | edits
pasts = st.lists(runs | work, max_size=6)
backs = st.builds(Back, numbers, st.booleans())


class Scene:
    """A library, and all that happens in it."""

    def __init__(self, courses, user, library) -> None:
        self.courses, self.user = courses, user
        self.author = Author(library.package_id, user.pk)

    def happens(self, happening: Run | Step) -> ImportData | None:
        return self.imported(happening) if isinstance(happening, Run) else self.work(happening)

    def imported(self, run: Run) -> ImportData:
        import_id = self.staged(run)
        planned = api.plan_import(user=self.user, import_id=import_id)
        done = api.complete_import(user=self.user, import_id=import_id)
        self.assert_done(planned, import_id)
        return done

    def staged(self, run: Run) -> str:
        """Stage an import, and say in its review what is to be said."""
        shutil.rmtree(self.courses / "c1", ignore_errors=True)
        write_course(self.courses / "c1", *run.course, static=STATIC)
        created = api.create_import(user=self.user, source_key=KEY, library_key=TARGET, options=run.options)
        api.stage_import(user=self.user, import_id=created.id)
        for row, (decision, selected) in zip(
            StagedBlock.objects.filter(import_run__uuid=created.id), run.choices, strict=False
        ):
            row.decision, row.selected = decision or "", selected
            row.save()
        self.remove_gone(created.id, run.removals)
        return created.id

    def assert_done(self, planned: Plan, import_id: str) -> None:
        records = api.get_records(user=self.user, import_id=import_id)
        assert_as_planned(planned, records)
        titles = dict(Collection.objects.values_list("collection_code", "title"))
        for item, record in zip(planned.everything, records, strict=True):
            assert titles.get(record.contents_collection, "") == item.collection_title

    def remove_gone(self, import_id: str, removals: tuple[bool, ...] | None) -> None:
        asked: dict[str, Any] = {"user": self.user, "import_id": import_id}
        gone = api.list_gone(**asked).items
        if removals is None:
            api.remove_gone(**asked)
        elif keys := [item.item_key for item, removed in zip(gone, removals, strict=False) if removed]:
            api.remove_gone(**asked, item_keys=keys)

    def work(self, step: Step) -> None:
        author, refs = self.author, self.refs(PublishableEntity)
        one = refs[step.a % len(refs)] if refs else None
        components = self.refs(Component)
        units = self.refs(Container, container__container_type__type_code="unit")
        match step.what:
            case "component":
                self.unless_there(author.component, f"t{step.a % 4}")
            case "unit" | "pin":
                children = components[step.b % (len(components) + 1) :][:2]
                if step.what == "pin":
                    children = [ref for ref in children if author.entity(ref).draft.version]
                self.unless_there(author.container, f"u{step.a % 4}", *children, pinned=step.what == "pin")
            case "subsection":
                self.unless_there(
                    author.container, f"b{step.a % 4}", *units[step.b % (len(units) + 1) :], kind="subsection"
                )
            case "hold" if units:
                author.hold(units[step.a % len(units)], *components[step.b % (len(components) + 1) :][:2])
            case "edit" if one:
                author.edit(one, f"Edited {step.b}")
            case "delete" if one:
                author.delete(one)
            case "publish" if one:
                author.publish(one)
            case "publish all":
                author.publish()
            case "discard":
                author.discard()
            case "collect" if one and not Collection.objects.filter(collection_code="course").exists():
                author.collection("course", one)

    def unless_there(self, make: Callable[..., str], code: str, *args: str, **options: Any) -> None:
        ref = f"xblock.v1:html:{code}" if make == self.author.component else code
        if ref not in self.refs(PublishableEntity):
            make(code, *args, **options)

    def refs(self, model, **filters) -> list[str]:
        entities = PublishableEntity.objects.order_by("pk")
        if model is Component:
            entities = entities.filter(component__isnull=False)
        return list(entities.filter(**filters).values_list("entity_ref", flat=True))

    def back(self, step: Back) -> Callable[[], object] | None:
        """The undo or redo that is chosen, as a call; ``None`` where there is no import yet."""
        states = (ImportState.IMPORTED, ImportState.UNDONE)
        found = [each for each in api.list_imports(user=self.user).items if each.state in states]
        if not found:
            return None
        chosen = found[step.which % len(found)]
        act = api.undo_import if chosen.state is ImportState.IMPORTED else api.redo_import
        return partial(act, user=self.user, import_id=chosen.id, force=step.force)

    def state(self) -> dict[str, Any]:
        return library_state(TARGET)

    def undo(self, done: ImportData, *, force: bool = False) -> dict[str, Any]:
        api.undo_import(user=self.user, import_id=done.id, force=force)
        return self.state()

    def redo(self, done: ImportData) -> dict[str, Any]:
        api.redo_import(user=self.user, import_id=done.id)
        return self.state()


@contextmanager
def fresh_scene(courses, user, library) -> Iterator[Scene]:
    """A scene of which nothing stays."""
    try:
        with transaction.atomic():
            yield Scene(courses, user, library)
            transaction.set_rollback(True)
    finally:
        Container.reset_cache()
