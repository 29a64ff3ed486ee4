"""The metrics, for Prometheus: requests are counted with their responses, everything else is looked
up when it is asked for (https://prometheus.io/docs/practices/naming/)."""

import platform
from collections.abc import Iterator
from http import HTTPMethod
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from enrollment import output
from enrollment.data.event import get_last_event_id
from enrollment.data.metrics import get_seats, list_changes
from enrollment.http.context import Context
from enrollment.http.operation import template
from enrollment.model.types import Timestamp
from enrollment.storage.database import Database
from enrollment.storage.sqlite import Connection, sqlite_version

METHODS = frozenset(HTTPMethod)
# In seconds. A reader of the change feed may wait for half a minute.
DURATIONS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

# The process has the time of its start as a metric.
disable_created_metrics()  # type: ignore[no-untyped-call]


class _Output(Collector):
    """Counts of the whole process."""

    def collect(self) -> Iterator[CounterMetricFamily]:
        text = "Lines of the log and of the console that could not be written at once"
        yield CounterMetricFamily("enrollment_log_lines_dropped", text, value=output.dropped())


class Metrics:
    """The metrics of one application, in a registry of its own."""

    def __init__(self, database: Database, file: Path) -> None:
        # SQLite follows a link to the database, and puts the log beside the file itself.
        real = file.resolve()
        self._files = {"database": real, "wal": real.with_name(f"{real.name}-wal")}
        self._known: dict[tuple[str | None, str, int], tuple[Counter, Histogram]] = {}
        self._lock = Lock()
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        own: dict[str, Any] = {"namespace": "enrollment", "registry": self._registry}
        self._requests = Counter("http_requests", "Requests", ["route", "method", "status"], **own)
        self._durations = Histogram(
            "http_request_duration_seconds",
            "From the headers of a request to its response",
            ["route"],
            buckets=DURATIONS,
            **own,
        )
        self._refusals = Counter(
            "refusals", "Reasons for refusals, dry runs included", ["code"], **own
        )
        self._changes = Counter(
            "changes", "Changes of enrollments", ["from_status", "to_status"], **own
        )
        seats = "in open courses whose term has not ended"
        self._seats = {
            "capacity": Gauge("seats_capacity", f"Seats {seats}", **own),
            "taken": Gauge("seats_taken", f"Seats taken {seats}", **own),
            "waitlisted": Gauge("waitlisted", f"Waitlisted students {seats}", **own),
        }
        self._sizes = {
            "database": Gauge("database_bytes", "Size of the database", **own),
            "wal": Gauge("wal_bytes", "Size of the write-ahead log", **own),
        }
        self._registry.register(_Output())
        versions = {
            "version": version("enrollment"),
            "python": platform.python_version(),
            "sqlite": sqlite_version(),
        }
        build = Gauge("build_info", "What runs here, in labels", [*versions], **own)
        build.labels(**versions).set(1)
        with database.read() as db:
            self._last_event = get_last_event_id(db)

    def observe(self, context: Context, status: int, seconds: float) -> None:
        """Count a request. Labels are few, whatever clients send: unknown paths share one."""
        operation, method = context.operation, context.method
        key = (operation and operation.path, method if method in METHODS else "other", status)
        requests, durations = self._known.get(key) or self._label(*key)
        requests.inc()
        durations.observe(seconds)
        for code in context.refusals:
            self._refusals.labels(code).inc()

    def _label(self, rule: str | None, method: str, status: int) -> tuple[Counter, Histogram]:
        """Return what counts such a request, and keep it: to look it up takes longer."""
        path = template(rule) if rule else "unknown"
        counters = self._requests.labels(path, method, status), self._durations.labels(path)
        return self._known.setdefault((rule, method, status), counters)

    def expose(self, db: Connection) -> bytes:
        """Return all metrics in the text format of Prometheus. One thread at a time, so that no
        change is counted twice."""
        with self._lock:
            for name, seats in get_seats(db, Timestamp.now()).items():
                self._seats[name].set(seats)
            # The history has every change, and counting it costs no request anything.
            for row in list_changes(db, self._last_event):
                self._changes.labels(row["from_status"], row["to_status"]).inc(row["count"])
                self._last_event = max(self._last_event, row["last_id"])
            for name, file in self._files.items():
                self._sizes[name].set(file.stat().st_size if file.exists() else 0)
            return generate_latest(self._registry)
