"""The run in words and figures."""

import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from json import loads
from sysconfig import get_config_var

from tests.benchmarks.contenders import HERE, Contender
from tests.benchmarks.goals import GOALS
from tests.benchmarks.results import OURS, Cell, Results
from tests.benchmarks.school import School
from tests.benchmarks.workloads import WORKLOADS

COLUMNS = ("requests/s", "CPU us", "p50 ms", "p99 ms", "ours / it", "errors")


def header(contenders: Sequence[Contender], fsync_ms: float) -> str:
    """Versions, cores, and the cost of the disk's fsync."""
    built = "with" if "optimizations" in (get_config_var("CONFIG_ARGS") or "") else "without"
    lines = [
        f"Python {platform.python_version()}, built {built} profile-guided optimization",
        f"SQLite {sqlite3.sqlite_version}, {_wrk_version()},"
        f" {os.cpu_count()} cores shared with the load, fsync {fsync_ms:.2f} ms",
    ]
    for contender in contenders:
        versions = _node_versions() if contender.name == "fastify" else contender.versions
        lines.append(f"{contender.name:9}  {contender.words}{versions and f' ({versions})'}")
    return "\n".join(lines)


def size(words: str, school: School) -> str:
    rows = ", ".join(f"{table} {count:,}" for table, count in school.rows.items())
    return f"{words}: {rows}, {school.database.stat().st_size / 1e6:,.0f} MB"


def table(results: Results, workloads: Sequence[str]) -> str:
    """A block for each workload and number of connections."""
    width = max(len(name) for name in (OURS, *(cell.contender for cell in results)))
    lines = []
    for name in workloads:
        for connections in sorted({cell.connections for cell in results if cell.workload == name}):
            cells = [cell for cell in results if cell[:2] == (name, connections)]
            lines.append(f"\n{name}: {WORKLOADS[name].words}; {connections} connections")
            if any(results.rate(cell) for cell in cells):
                heads = "  ".join(f"{column:>10}" for column in COLUMNS)
                lines.append(f"  {'':{width}}  {heads}")
            lines += [f"  {cell.contender:{width}}  {_row(results, cell)}" for cell in cells]
    return "\n".join(lines)


def _row(results: Results, cell: Cell) -> str:
    rate, parts = results.rate(cell), []
    if rate is not None:
        parts += [
            f"{rate:10,.0f}",
            _cell(results.cpu(cell)),
            *(_cell(results.percentile(cell, percent)) for percent in (50, 99)),
            _cell(results.ratio(cell)),
            f"{results.errors(cell):10}",
        ]
    figures = results.figures(cell).items()
    parts += [f"{name} {value:,.{0 if name == 'rows' else 2}f}" for name, value in figures]
    return "  ".join([*parts, *results.remarks(cell)])


def _cell(value: float | None) -> str:
    return f"{'-':>10}" if value is None else f"{value:10.2f}"


def goals(results: Results) -> str:
    width = max(len(goal.words) for goal in GOALS)
    lines = [
        f"{goal.words:{width}}  {goal.sign} {goal.bound:<5g}  {verdict}"
        for goal in GOALS
        if (verdict := goal.verdict(results))
    ]
    left = len(GOALS) - len(lines)
    return "\n".join(["goals", *lines, *([f"{left} more are not measured here"] if left else [])])


def _wrk_version() -> str:
    """wrk tells it with its usage, as a failure."""
    if shutil.which("wrk") is None:
        return "no wrk"
    usage = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False)
    return " ".join(usage.stdout.split()[:2])


def _node_versions() -> str:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    packages = ("fastify", "@fastify/etag", "better-sqlite3")
    texts = [(HERE / "node_modules" / name / "package.json").read_text() for name in packages]
    versions = [f"{name} {loads(text)['version']}" for name, text in zip(packages, texts, strict=1)]
    return ", ".join([f"node {node.stdout.strip()}", *versions])
