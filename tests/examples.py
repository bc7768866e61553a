"""
How many examples of a property are tried, and which.

At the gate (``CI``) they are always the same ones, so that it refuses a change for what that does and for nothing else.
Elsewhere they are other ones in every run: ``make test`` tries a few, ``make explore TIMES=10`` many.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

IS_GATE = bool(os.environ.get("CI"))
"""Whether changes are judged here."""

IS_WHOLE = IS_GATE or bool(os.environ.get("SLOW"))
"""Whether everything is run, however long it takes: where changes are judged, and with ``make test SLOW=1``."""

_TIMES = float(os.environ.get("EXAMPLES_TIMES") or 0)
"""How many times as many as at the gate are tried, and other ones, where somebody looks for faults."""


def examples(number: int) -> int:
    """So many where everything is run, elsewhere a tenth of them; more where one explores."""
    if _TIMES:
        return max(int(number * _TIMES), 1)
    return number if IS_WHOLE else max(number // 10, 3)


def size(large: int, less: int) -> int:
    """How much there is of what costs as much for little as for much: less where not everything is run."""
    return large if IS_WHOLE else less


def use_examples() -> None:
    """Have Hypothesis try so many, and at the gate the same ones each time."""
    is_fixed = IS_GATE and not _TIMES
    settings.register_profile(
        "tests",
        settings.get_profile("default"),
        deadline=None,  # How long an example takes, or takes to be made, is the machine's affair.
        max_examples=examples(100),
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=is_fixed,
        print_blob=True,
        **({"database": None} if is_fixed else {}),
    )
    settings.load_profile("tests")
    if is_fixed:
        # It also takes numbers and texts that stand in our modules, of those that are loaded by then: others in each
        # worker, and after each change.
        providers.HypothesisProvider._local_constants = providers.Constants()
