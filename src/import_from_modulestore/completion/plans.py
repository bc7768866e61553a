"""What completing an import would do: its plan, from what is staged and what the library holds."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from ..data import BlockKind, Contents, Decision, Outcome, Plan
from ..garbage import no_garbage
from ..history.forwarding import planned_forwarding
from ..hosts import Host
from ..imports import options_of
from ..keys import parse_library_key
from ..library import load_library_state
from ..merges import merges_of
from ..models import Import, StagedBlock
from ..planning import SourceBlock, make_plan
from ..rows import from_json, json_text
from ..writing.collection import collections_of

_KINDS = {kind.value: kind for kind in BlockKind}


@no_garbage()
def plan_of(run: Import, *, host: Host) -> Plan:
    """What writing the import would do now, but for :func:`with_forwarding`. No side effects."""
    staged = StagedBlock.objects.filter(import_run=run)
    blocks = [_source_block(*row) for row in staged.order_by("num").values_list(*_PLANNED, *_WARNINGS).iterator()]
    options = options_of(run)
    library = load_library_state(
        run.learning_package_id,
        library_key=run.library_key,
        source_key=run.source_key,
        blocks=blocks,
        block_ids=options.block_ids,
        normal_digests=lambda: dict(staged.exclude(olx_digest="").values_list("olx_digest", "normal_digest")),
        block_limit=host.block_limit(parse_library_key(run.library_key)),
        collections=partial(collections_of, run, options.collection),
        forwarding=host.forwarding(),
    )
    removals: dict[int, bool] = dict(run.removals.values_list("entity_id", "insisted"))
    return make_plan(blocks, library, options, removals=removals, is_partial=run.is_partial, merges=merges_of(run))


def with_forwarding(plan: Plan, run: Import, *, host: Host, user: Any) -> Plan:
    """The plan with what becomes of references of courses to the source, if this user completes the import."""
    found = planned_forwarding(run, plan, host, user)
    if found is None:
        return plan
    blockers = (*plan.blockers, *([found.blocker] if found.blocker else []))
    return replace(plan, forwarding=found, blockers=blockers)


def undecided(run: Import, plan: Plan) -> int:
    """How many conflicts of the plan nobody has decided about in the review, merges that need somebody among them."""
    decided = set(run.blocks.exclude(decision="").values_list("num", flat=True))
    conflicts = sum(
        item.outcome is Outcome.NEEDS_YOU or (item.state.is_conflict and item.num not in decided) for item in plan.items
    )
    return conflicts + bool(plan.forwarding and plan.forwarding.blocker)


_PLANNED = (
    *("num", "parent_num", "usage_key", "block_type", "block_id", "kind", "title", "name"),
    *("digest", "source_digest", "source_title", "repeats", "problem", "refusal"),
    *("decision", "contents", "selected", "edited_olx"),
)
_WARNINGS = (json_text("reading_warnings"), json_text("warnings"))
"""Columns of staged blocks that planning knows; tens of thousands of rows are read, so that each is no instance."""


def _source_block(
    num: int,
    parent: int | None,
    usage_key: str,
    block_type: str,
    block_id: str,
    kind: str,
    title: str,
    name: str,
    digest: str,
    source_digest: str,
    source_title: str,
    repeats: int | None,
    problem: str,
    refusal: str,
    decision: str,
    contents: str,
    selected: bool,
    edited_olx: str,
    reading_warnings: str,
    warnings: str,
) -> SourceBlock:
    return SourceBlock(
        num=num,
        parent=parent,
        usage_key=usage_key,
        block_type=block_type,
        block_id=block_id,
        kind=_KINDS[kind],
        title=title,
        digest=digest,
        source_digest=source_digest,
        source_title=source_title,
        repeats=repeats,
        problem="" if edited_olx else problem,  # An edit mends what could not be read.
        refusal=refusal,
        warnings=(*from_json(reading_warnings), *from_json(warnings)),
        decision=Decision(decision) if decision else None,
        contents=Contents(contents) if contents else None,
        selected=selected,
        name=name,
    )
