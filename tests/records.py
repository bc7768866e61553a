"""What the records of an import say, beside what its plan had said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from import_from_modulestore.data import Plan, PlannedItem, RecordData

TOLD = ("num", "depth", "usage_key", "kind", "title", "name", "state", "outcome", "decision", "reason")
"""What both say in the same words."""


def assert_as_planned(plan: Plan, records: Sequence[RecordData]) -> None:
    """What became of everything is what had been said, in the same words; and what was to go live went live."""
    assert [_told(record) for record in records] == [_told(item) for item in plan.everything]
    for item, record in zip(plan.everything, records, strict=True):
        assert set(item.warnings) <= set(record.warnings)
        if item.outcome.writes:
            assert item.publish is (record.published_after == record.draft_after), item.usage_key


def _told(item: PlannedItem | RecordData) -> dict[str, Any]:
    return {name: getattr(item, name) for name in TOLD}
