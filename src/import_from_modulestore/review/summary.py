"""What completing an import would do, in numbers."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count, Q

from ..data import CannotGo, ImportSummary, Outcome
from ..models import StagedBlock
from .blocks import EDITED, PlannedImport

_REFUSED = (Outcome.UNSUPPORTED, Outcome.FAILED)


def summary_of(planned: PlannedImport) -> ImportSummary:
    """The plan's numbers, and those of the choices of the review. Two queries."""
    plan = planned.plan
    rows = StagedBlock.objects.filter(import_run=planned.run, repeats=None)
    chosen = rows.aggregate(
        left_out=Count("pk", filter=Q(selected=False)),
        edited=Count("pk", filter=EDITED),
        as_last_time=Count("pk", filter=Q(choices_from__isnull=False)),
    )
    incomplete = rows.exclude(missing_files=[]).values_list("num", flat=True)
    refused = [item for item in plan.items if item.outcome in _REFUSED]
    reasons = Counter((item.block_type, item.kind, item.outcome, item.refusal or item.reason) for item in refused)
    goes_with = sum(num not in planned.items for num in plan.left_with)
    return ImportSummary(
        blocks=len(plan.items) + goes_with,
        held=len(plan.items) - len(refused),
        outcomes=plan.counts(),
        states=Counter(item.state.value for item in plan.everything),
        conflicts=sum(item.state.is_conflict for item in plan.items),
        cannot_go=tuple(
            CannotGo(block_type=block_type, kind=kind, outcome=outcome, reason=reason, count=count)
            for (block_type, kind, outcome, reason), count in reasons.most_common()
        ),
        goes_with=goes_with,
        missing_files=sum(num in planned.items for num in incomplete),
        warnings=sum(bool(item.warnings) for item in plan.items),
        gone=len(plan.gone),
        gone_unknown=plan.gone_unknown,
        writes=plan.writes,
        removes=plan.removes,
        blockers=plan.blockers,
        forwarding=plan.forwarding,
        **chosen,
    )
