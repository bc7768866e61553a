"""The cost of an item over the size of an import, as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from targets import CURVES, an_item

_WIDTH, _HEIGHT = 860, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 690, 34, 410
_COLOURS = ("#1f4e79", "#b5482a", "#2e7d4f", "#7a4fa0", "#a07d1c", "#2a8ca0", "#b03a6f", "#5c6b73", "#8a5a3b")
_APART = 17
"""Pixels between names at the end of lines."""


def picture(runs: Sequence[dict[str, Any]]) -> str:
    """Processor time an item over blocks, for each step, both logarithmic; flat is linear cost."""
    sizes = [run["blocks"] for run in runs]
    costs = {step: [an_item(run, step) for run in runs] for step in CURVES}
    low, high = _decades(min(map(min, costs.values())), max(map(max, costs.values())))
    first, last = math.log(sizes[0]), math.log(sizes[-1])

    def x(size: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (math.log(size) - first) / ((last - first) or 1)

    def y(cost: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (math.log10(cost) - low) / (high - low)

    shapes = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"'
        ' font-size="13" fill="#333">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="20">CPU ms for an item</text>',
        f'<text x="{_RIGHT}" y="{_BOTTOM + 40}" text-anchor="end">components and containers of the course</text>',
    ]
    for power in range(low, high + 1):
        at = y(10**power)
        shapes.append(f'<path d="M{_LEFT} {at:.1f}H{_RIGHT}" stroke="#ddd"/>')
        shapes.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10**power:g}</text>')
    for size in sizes:
        shapes.append(f'<path d="M{x(size):.1f} {_TOP}V{_BOTTOM}" stroke="#eee"/>')
        shapes.append(f'<text x="{x(size):.1f}" y="{_BOTTOM + 20}" text-anchor="middle">{size:,}</text>')
    below = float(_BOTTOM + _APART)
    for step in sorted(CURVES, key=lambda step: costs[step][-1]):
        colour = _COLOURS[CURVES.index(step) % len(_COLOURS)]
        points = [(x(size), y(cost)) for size, cost in zip(sizes, costs[step], strict=True)]
        below = min(points[-1][1] + 4, below - _APART)
        line = " ".join(f"{left:.1f},{top:.1f}" for left, top in points)
        shapes.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        shapes += [f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3" fill="{colour}"/>' for left, top in points]
        shapes.append(f'<text x="{_RIGHT + 10}" y="{below:.1f}" fill="{colour}">{escape(step)}</text>')
    return "\n".join((*shapes, "</svg>", ""))


def _decades(low: float, high: float) -> tuple[int, int]:
    """Powers of ten that hold both."""
    return math.floor(math.log10(low)), math.ceil(math.log10(high)) or 1
