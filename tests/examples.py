"""How many examples of a property are tried."""

import os

IS_WHOLE = bool(os.environ.get("CI") or os.environ.get("SLOW"))
"""Whether everything is run, however long it takes: where changes are judged, and with ``make test SLOW=1``."""


def examples(number: int) -> int:
    """So many where everything is run, elsewhere a tenth of them. They are other ones in every run."""
    return number if IS_WHOLE else max(number // 10, 3)
