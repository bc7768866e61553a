"""What happened in a run, counted: shown while it runs, and as a table at its end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

SECONDS = 20
"""No answer takes longer, on a machine that has nothing else to do."""


class Tally:
    """Counts by heading and name, the slowest answer, and faults."""

    def __init__(self, say: Callable[[str], None] = lambda line: None, *, within: float = SECONDS) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.faults: list[str] = []
        self.slowest: tuple[float, str] = (0, "nothing was asked")
        self._say, self._began, self._within = say, time.monotonic(), within
        self._lock = threading.Lock()

    def count(self, heading: str, name: str) -> None:
        with self._lock:
            self.counts[heading, name] += 1

    def answered(self, seconds: float, what: str) -> None:
        """An answer took so long."""
        with self._lock:
            self.slowest = max(self.slowest, (seconds, what))
        if seconds > self._within:
            self.fault(f"{what} took {seconds:.0f} s")

    def fault(self, told: str) -> None:
        with self._lock:
            self.faults.append(told)
        self.say(f"FAULT {told}")

    def say(self, line: str) -> None:
        """Tell what is being done."""
        seconds = int(time.monotonic() - self._began)
        self._say(f"{seconds // 60:3}:{seconds % 60:02} {line}")

    def total(self, heading: str) -> int:
        return sum(count for (under, _name), count in self.counts.items() if under == heading)

    def table(self) -> str:
        """All counts, heading by heading."""
        lines, before = [], ""
        for (heading, name), count in sorted(self.counts.items()):
            if heading != before:
                lines.append(f"{heading} ({self.total(heading)})")
                before = heading
            lines.append(f"  {count:7,}  {name}")
        lines.append(f"slowest answer\n  {self.slowest[0]:7.1f}s {self.slowest[1]}")
        lines.append(f"faults\n  {len(self.faults):7}")
        return "\n".join(lines)
