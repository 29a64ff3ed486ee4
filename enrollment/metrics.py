"""The metrics for Prometheus (https://prometheus.io/docs/practices/naming/).

Each request is counted when it is answered. All else is looked up when the metrics are read.
"""

import platform
from collections.abc import Iterator
from datetime import datetime, tzinfo
from http import HTTPMethod
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
from enrollment.http.operation import path_template
from enrollment.model.release import RELEASE
from enrollment.storage.connection import Connection
from enrollment.storage.database import Database

METHODS = frozenset(HTTPMethod)
# In seconds. A reader of the change feed may wait for half a minute.
DURATIONS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

# Otherwise every counter has a second metric with the time of its creation.
disable_created_metrics()  # type: ignore[no-untyped-call]


class _OutputCollector(Collector):
    """The metric of dropped lines, which are counted for the whole process."""

    def collect(self) -> Iterator[CounterMetricFamily]:
        text = "Lines of the log and of the console that could not be written at once"
        yield CounterMetricFamily("enrollment_log_lines_dropped", text, value=output.dropped())


class Metrics:
    """The metrics of one application, in a registry of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # The counters of the requests so far, by the path of the operation, method and status.
        self._counters: dict[tuple[str | None, str, int], tuple[Counter, Histogram]] = {}
        self._lock = Lock()
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        common: dict[str, Any] = {"namespace": "enrollment", "registry": self._registry}
        self._requests = Counter(
            "http_requests", "Requests", ["route", "method", "status"], **common
        )
        self._durations = Histogram(
            "http_request_duration_seconds",
            "From the headers of a request to its response",
            ["route"],
            buckets=DURATIONS,
            **common,
        )
        self._refusals = Counter(
            "refusals", "Reasons for refusals, dry runs included", ["code"], **common
        )
        self._changes = Counter(
            "changes", "Changes of enrollments", ["from_status", "to_status"], **common
        )
        where = "in open courses whose term has not ended"
        self._seats = {
            "capacity": Gauge("seats_capacity", f"Seats {where}", **common),
            "taken": Gauge("seats_taken", f"Seats taken {where}", **common),
            "waitlisted": Gauge("waitlisted", f"Waitlisted students {where}", **common),
        }
        self._sizes = {
            "database": Gauge("database_bytes", "Size of the database", **common),
            "wal": Gauge("wal_bytes", "Size of the write-ahead log", **common),
        }
        self._registry.register(_OutputCollector())
        engine, engine_version = database.engine
        versions = {"version": RELEASE, "python": platform.python_version(), engine: engine_version}
        build = Gauge("build_info", "What runs here, in labels", [*versions], **common)
        build.labels(**versions).set(1)
        with database.read() as db:
            self._last_event = get_last_event_id(db)

    def observe(self, context: Context, status: int, seconds: float) -> None:
        """Count a request, and the seconds that it took.

        Unknown paths share one label, and so do unknown methods, so that clients can't add labels.
        """
        operation, method = context.matched, context.method
        key = (operation and operation.path, method if method in METHODS else "other", status)
        requests, durations = self._counters.get(key) or self._add_counters(*key)
        requests.inc()
        durations.observe(seconds)
        for code in context.refusals:
            self._refusals.labels(code).inc()

    def _add_counters(
        self, path: str | None, method: str, status: int
    ) -> tuple[Counter, Histogram]:
        """Return the counters of such a request, and keep them: a lookup by labels is slow."""
        route = path_template(path) if path else "unknown"
        counters = self._requests.labels(route, method, status), self._durations.labels(route)
        return self._counters.setdefault((path, method, status), counters)

    def expose(self, db: Connection, zone: tzinfo) -> bytes:
        """Return all metrics in the text format of Prometheus. The zone is that of the school."""
        today = datetime.now(zone).date().isoformat()
        # Two threads at once would count a change twice.
        with self._lock:
            for name, seats in get_seats(db, today).items():
                self._seats[name].set(seats)
            # Changes are counted here, from the history, so that no request is slowed down.
            for row in list_changes(db, self._last_event):
                self._changes.labels(row["from_status"], row["to_status"]).inc(row["count"])
                self._last_event = max(self._last_event, row["last_id"])
            for name, size in self._database.sizes(db).items():
                self._sizes[name].set(size)
            return generate_latest(self._registry)
