"""How each workload is measured: on a contender that has just started, after a warm-up."""

import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlencode

from tests.benchmarks.contenders import Contender
from tests.benchmarks.disk import DELAY_MS, slow_fsync
from tests.benchmarks.load import TOKEN, Load, Measurement
from tests.benchmarks.running import READ_PATH, Running, running
from tests.benchmarks.school import School, count_events
from tests.benchmarks.workloads import APART, BULK, Workload

WARM_UP = 1
STALLED = 200
BROWSING = 8
MOST_SECONDS = 600
IMPORTED = 10_000


class Trial(NamedTuple):
    """One measurement; `figures` are what the workload is about besides, by name. `cpu` is in
    microseconds for each request, of all processes of the contender."""

    load: Measurement | None
    figures: Mapping[str, float] = MappingProxyType({})
    remark: str = ""
    cpu: float | None = None


def attempt(
    workload: Workload, contender: Contender, school: School, connections: int, seconds: int
) -> Trial:
    folder = school.database.parent
    extra = slow_fsync(folder) if workload.name == "slow-fsync" else {}
    with running(contender, school.database, extra) as process:
        match workload.name:
            case "start":
                return _start(process)
            case "page":
                return _page(process, school, seconds)
            case "import":
                return _import(process)
        requests = workload.requests(school, process, WARM_UP + seconds)
        load = Load(process, requests)
        events = count_events(process.database)
        warm = load.run(connections, WARM_UP)
        _settle(process)
        match workload.name:
            case "memory":
                return _memory(load, connections, seconds)
            case "stalled":
                figures = _quiet(load, connections, seconds)
                with _stalled_clients(process):
                    return Trial(load.run(connections, seconds), figures)
            case "browse":
                figures = _quiet(load, connections, seconds)
                with _browsing_students(process):
                    return Trial(load.run(connections, seconds), figures)
            case "bulk":
                return _bulk(load, school, connections, seconds)
        used = process.cpu()
        measured = load.run(connections, seconds)
        cpu = (process.cpu() - used) / measured.requests * 1e6 if process.port else None
        added = count_events(process.database) - events
        answered = sum(run.requests - run.errors for run in (warm, measured))
        remark = ""
        if added < answered * workload.rows - connections:
            remark = f"only {added:,} rows were written for {answered:,} answers"
        if extra and measured.percentiles["50"] < DELAY_MS:
            remark = "its fsync was not slower"
        return Trial(measured, {"rows": added} if workload.rows else {}, remark, cpu)


def _start(process: Running) -> Trial:
    memory = process.memory()
    return Trial(
        None, {"start s": process.started_in, "rest MB": memory.pss, "rest RSS MB": memory.rss}
    )


def _page(process: Running, school: School, seconds: int) -> Trial:
    """The desks of students, one after the other, as a browser asks for them."""
    with closing(HTTPConnection("127.0.0.1", process.port)) as browser:
        form = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        }
        browser.request("POST", "/sign-in", urlencode({"token": TOKEN}), form)
        answer = browser.getresponse()
        cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
        answer.read()
        used, began, pages, size = process.cpu(), time.perf_counter(), 0, 0
        while (taken := time.perf_counter() - began) < seconds:
            path = f"/students/{1 + pages * APART % school.students}"
            browser.request("GET", path, headers={"Cookie": cookie, "Accept": "text/html"})
            answer = browser.getresponse()
            size += len(answer.read())
            pages += 1
            if answer.status != 200:
                raise RuntimeError(f"{path} is answered with {answer.status}")
    cpu = (process.cpu() - used) / pages
    return Trial(None, {"ms": taken / pages * 1e3, "CPU ms": cpu * 1e3, "KB": size / pages / 1024})


def _import(process: Running) -> Trial:
    """A list of new students, brought in once."""
    rows = [f"N{n},Family {n},Given {n},given{n}@example.org" for n in range(IMPORTED)]
    content = "\n".join(["Number,Family name,Given name,Email", *rows])
    headers = {"Content-Type": "text/csv", "Authorization": f"Bearer {TOKEN}"}
    used, began = process.cpu(), time.perf_counter()
    with closing(HTTPConnection("127.0.0.1", process.port, timeout=MOST_SECONDS)) as client:
        client.request("POST", "/v1/imports?source=benchmark", content, headers)
        answer = client.getresponse()
        body = answer.read()
    if answer.status != 201:
        raise RuntimeError(f"an import is answered with {answer.status}: {body[:500]!r}")
    seconds, cpu = time.perf_counter() - began, process.cpu() - used
    return Trial(None, {"rows/s": IMPORTED / seconds, "CPU us a row": cpu / IMPORTED * 1e6})


def _memory(load: Load, connections: int, seconds: int) -> Trial:
    """The most of what is seen four times a second."""
    wrk = load.start(connections, seconds)
    seen = [load.running.memory()]
    while wrk.poll() is None:
        time.sleep(0.25)
        seen.append(load.running.memory())
    measured = load.finish(wrk, connections)
    most = {"load MB": max(m.pss for m in seen), "load RSS MB": max(m.rss for m in seen)}
    return Trial(measured, most)


def _settle(process: Running) -> None:
    """The load goes away with requests unanswered, and some work these off all the same."""
    if process.port is not None:
        process.request("GET", READ_PATH.format(1))


def _quiet(load: Load, connections: int, seconds: int) -> dict[str, float]:
    """What the same load meets when nothing else goes on."""
    measured = load.run(connections, seconds)
    _settle(load.running)
    return {"quiet p99 ms": measured.percentiles["99"]}


def _bulk(load: Load, school: School, connections: int, seconds: int) -> Trial:
    """One bulk after the other, each into an empty course; the reads go on until those that had to
    wait for the last one are answered too: else the longest waits would not be counted."""
    students = [{"student_id": 1 + n} for n in range(min(BULK, school.students))]
    figures, taken = _quiet(load, connections, seconds), []
    wrk = load.start(connections, MOST_SECONDS)
    try:
        while sum(taken) < seconds:
            started = time.perf_counter()
            path = f"/v1/courses/{school.open[len(taken)]}/students"
            reply = load.running.request("POST", path, {"students": students})
            taken.append(time.perf_counter() - started)
            if reply.status != 201:
                raise RuntimeError(f"a bulk is answered with {reply}")
        _settle(load.running)
        time.sleep(0.1)
    finally:
        wrk.send_signal(signal.SIGINT)
    measured = load.finish(wrk, connections)
    return Trial(measured, figures | {"bulk s": sum(taken) / len(taken)})


@contextmanager
def _stalled_clients(process: Running) -> Iterator[None]:
    """Clients with a valid token whose bodies come at one byte a second."""
    head = (
        "POST /v1/students/1/courses HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    )
    over = threading.Event()
    clients = [socket.create_connection(("127.0.0.1", process.port)) for _ in range(STALLED)]
    for client in clients:
        client.sendall(head.encode())

    def send_on() -> None:
        while not over.wait(1):
            for client in clients:
                # Who is turned away does not come back.
                with suppress(OSError):
                    client.sendall(b" ")

    sender = threading.Thread(target=send_on)
    sender.start()
    try:
        yield
    finally:
        over.set()
        sender.join()
        for client in clients:
            client.close()


@contextmanager
def _browsing_students(process: Running) -> Iterator[None]:
    """Each lists the courses that a student may take, again and again."""
    over = threading.Event()

    def browse(student: int) -> None:
        while not over.is_set():
            process.request("GET", f"/v1/students/{student}/eligible-courses")

    browsing = [threading.Thread(target=browse, args=(1 + n,)) for n in range(BROWSING)]
    for thread in browsing:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in browsing:
            thread.join()
