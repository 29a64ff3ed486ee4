"""Latency percentiles as a drawing: a panel for each load, a line for each contender."""

import math
from collections.abc import Sequence
from html import escape

from tests.benchmarks.contenders import CONTENDERS
from tests.benchmarks.load import PERCENTILES
from tests.benchmarks.results import Cell, Results
from tests.benchmarks.workloads import WORKLOADS

WIDTH, HEIGHT, MARGIN, ACROSS = 420, 260, 55, 2
COLORS = ("#0b6e4f", "#d1495b", "#00798c", "#edae49", "#6a4c93", "#888888")


def draw(results: Results, workloads: Sequence[str]) -> str:
    """The scale of milliseconds is logarithmic, and the same in all panels."""
    order = list(WORKLOADS).index
    loads = {cell[:2] for cell in results if cell.workload in workloads and results.rate(cell)}
    panels = sorted(loads, key=lambda load: (order(load[0]), load[1]))
    values = [value for cell in results for value in _latencies(results, cell) if value > 0]
    lowest = math.floor(math.log10(min(values, default=1)))
    highest = max(math.ceil(math.log10(max(values, default=10))), lowest + 1)
    drawn = [
        f'<g transform="translate({i % ACROSS * WIDTH},{30 + i // ACROSS * HEIGHT})">'
        f"{_panel(results, load, lowest, highest)}</g>"
        for i, load in enumerate(panels)
    ]
    height = 40 + -(-len(panels) // ACROSS) * HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{ACROSS * WIDTH}" height="{height}"'
        f' font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
        f"{_legend(results)}{''.join(drawn)}</svg>\n"
    )


def _panel(results: Results, load: tuple[str, int], lowest: int, highest: int) -> str:
    workload, connections = load
    left, right, top, bottom = MARGIN, WIDTH - 15, 30, HEIGHT - 30

    def across(i: int) -> float:
        return left + i * (right - left) / (len(PERCENTILES) - 1)

    def down(value: float) -> float:
        share = (math.log10(value) - lowest) / (highest - lowest)
        return bottom - share * (bottom - top)

    title = f"{WORKLOADS[workload].words}, {connections} connections"
    parts = [f'<text x="{left}" y="{top - 10}" font-weight="bold">{escape(title)}</text>']
    for power in range(lowest, highest + 1):
        y = down(10.0**power)
        parts.append(f'<path d="M{left},{y:.1f}H{right}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{left - 5}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g} ms</text>'
        )
    for i, percent in enumerate(PERCENTILES):
        parts.append(
            f'<text x="{across(i):.1f}" y="{bottom + 15}" text-anchor="middle">p{percent:g}</text>'
        )
    for cell in results:
        if cell[:2] == load and (latencies := _latencies(results, cell)):
            points = " ".join(
                f"{across(i):.1f},{down(max(value, 10.0**lowest)):.1f}"
                for i, value in enumerate(latencies)
            )
            color = _color(cell.contender)
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>'
            )
    return "".join(parts)


def _legend(results: Results) -> str:
    names = [name for name in CONTENDERS if any(cell.contender == name for cell in results)]
    return "".join(
        f'<text x="{MARGIN + i * 90}" y="20" fill="{_color(name)}">{name}</text>'
        for i, name in enumerate(names)
    )


def _latencies(results: Results, cell: Cell) -> list[float]:
    values = [results.percentile(cell, percent) for percent in PERCENTILES]
    return [value for value in values if value is not None]


def _color(contender: str) -> str:
    return COLORS[list(CONTENDERS).index(contender)]
