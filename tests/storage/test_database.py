"""Connections and transactions, and what a client is told when they fail."""

import os
import resource
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from psycopg import connect as connect_to_server

from enrollment.app import App
from enrollment.model.location import Location, ServerUrl
from enrollment.problems.errors import CommandError, Problem
from enrollment.storage.database import Database
from enrollment.storage.engine import open_database
from enrollment.storage.lock import Purpose, lock_file
from enrollment.storage.sqlite import connect
from tests.support.client import Client
from tests.support.engine import MISTAKES, REFUSALS, connected, locked, read_only
from tests.support.postgresql import PostgreSQL
from tests.support.server import PATIENCE

INSERT = "INSERT INTO student (given_name, family_name) VALUES ('Ada', :name)"


def names(database: Database) -> list[str]:
    with database.read() as db:
        return [name for (name,) in db.execute("SELECT family_name FROM student ORDER BY id")]


def test_a_connection_is_safe_and_waits(database_file: Path):
    db = connect(database_file, 1.5)

    pragmas = ("busy_timeout", "journal_mode", "synchronous", "foreign_keys", "trusted_schema")
    values = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    db.close()

    full = 2
    assert values == [1500, "wal", full, 1, 0]


def test_a_connection_makes_no_file(tmp_path: Path):
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        connect(tmp_path / "missing.db", 1)

    assert list(tmp_path.iterdir()) == []


def test_a_write_is_kept_on_return(database: Database):
    with database.write() as db:
        db.execute(INSERT, {"name": "Lovelace"})

    assert names(database) == ["Lovelace"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_a_write_is_undone_on_any_exception(database: Database, error: type[BaseException]):
    with pytest.raises(error), database.write() as db:
        db.execute(INSERT, {"name": "Lovelace"})
        raise error

    assert names(database) == []


def test_a_write_within_a_write_is_undone_by_itself_or_with_the_other(database: Database):
    with database.write() as db:
        db.execute(INSERT, {"name": "one"})
        with pytest.raises(ValueError), database.write() as inner:
            inner.execute(INSERT, {"name": "two"})
            raise ValueError
        with database.write() as inner:
            inner.execute(INSERT, {"name": "three"})
    assert names(database) == ["one", "three"]

    with pytest.raises(ValueError), database.write() as db:
        with database.write() as inner:
            inner.execute(INSERT, {"name": "four"})
        raise ValueError
    assert names(database) == ["one", "three"]


def undo_who_is_called(database: Database, name: str) -> None:
    """Let SQLite undo the transaction in which such a student is written."""
    with database.write() as db:
        db.execute(
            f"CREATE TEMP TRIGGER undo AFTER INSERT ON student WHEN NEW.family_name = '{name}'"
            " BEGIN SELECT RAISE(ROLLBACK, 'undone by SQLite'); END"
        )


@pytest.mark.usefixtures("database_file")
def test_a_write_that_sqlite_has_undone_itself_is_over(database: Database):
    undo_who_is_called(database, "x")

    with pytest.raises(sqlite3.IntegrityError, match="undone by SQLite"), database.write() as db:
        db.execute(INSERT, {"name": "one"})
        db.execute(INSERT, {"name": "x"})
    with database.write() as db:
        db.execute(INSERT, {"name": "two"})

    assert names(database) == ["two"]


def test_a_write_never_begins_inside_a_read(database: Database):
    with database.read(), pytest.raises(RuntimeError, match="inside a read"), database.write():
        pass

    with database.write() as db:
        db.execute(INSERT, {"name": "one"})
    assert names(database) == ["one"]


def test_a_read_joins_the_transaction_that_it_stands_in(database: Database):
    with database.read(), database.read() as db:
        assert db.execute("SELECT count(*) FROM student").fetchone()[0] == 0
    with database.write() as db:
        db.execute(INSERT, {"name": "one"})
        assert names(database) == ["one"]


def test_a_read_sees_one_state(database: Database, location: Location):
    with connected(location) as other, database.read() as db:
        assert db.execute("SELECT count(*) FROM student").fetchone()[0] == 0
        other.execute(INSERT, {"name": "Lovelace"})
        assert db.execute("SELECT count(*) FROM student").fetchone()[0] == 0

    assert names(database) == ["Lovelace"]


def test_threads_take_the_connection_in_turn(database: Database):
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait()
        for turn in range(20):
            with database.write() as db:
                db.execute(INSERT, {"name": f"{number}-{turn}"})
            with database.read() as db:
                assert db.execute("SELECT count(*) FROM student").fetchone()[0] > 0

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    assert len(set(names(database))) == 160


def test_no_read_waits_for_a_write(database: Database):
    with ThreadPoolExecutor(1) as pool, database.write() as db:
        db.execute(INSERT, {"name": "Lovelace"})

        assert pool.submit(names, database).result(10) == []

    assert names(database) == ["Lovelace"]


def test_another_process_writes_in_place_of_this_one(database: Database):
    with database.pause_writes():
        # A probe does not wait for the end of an import.
        assert database.is_writing
        assert names(database) == []

    assert not database.is_writing


def test_what_the_server_did_to_a_write_is_a_new_problem_each_time(
    postgresql: PostgreSQL, database: Database
):
    with pytest.raises(Problem) as failed, database.write() as db:
        db.execute("DO $$ BEGIN RAISE disk_full; END $$")

    problems = []
    with database.write():
        for _ in range(2):
            with pytest.raises(Problem) as caught:
                database.check_disk()
            problems.append(caught.value)

    assert [problem.code for problem in problems] == [failed.value.code] * 2
    assert problems[0].headers == failed.value.headers
    assert problems[0] is not problems[1]


def test_a_read_beside_a_write_keeps_its_state_and_begins_no_write(database: Database):
    begun, go_on = threading.Event(), threading.Event()

    def read() -> tuple[list[str], list[str]]:
        with database.read():
            first = names(database)
            begun.set()
            assert go_on.wait(10)
            with pytest.raises(RuntimeError, match="inside a read"), database.write():
                pass
            return first, names(database)

    with ThreadPoolExecutor(2) as pool:
        with database.write() as db:
            db.execute(INSERT, {"name": "Lovelace"})
            reading = pool.submit(read)
            assert begun.wait(10)
        with database.write():
            assert pool.submit(names, database).result(10) == ["Lovelace"]
            go_on.set()
            assert reading.result(10) == ([], [])


def test_a_read_for_which_no_connection_can_be_opened_says_why(
    database: Database, database_file: Path
):
    """What is at the path of a database that was moved is not opened."""
    readers = 2
    begun, go_on = threading.Barrier(readers + 1), threading.Event()

    def read() -> None:
        with database.read(is_slow=True):
            begun.wait(10)
            assert go_on.wait(10)

    with ThreadPoolExecutor(readers) as pool:
        reading = [pool.submit(read) for _ in range(readers)]
        begun.wait(10)
        moved = database_file.rename(database_file.with_name("moved.db"))
        with pytest.raises(Problem) as after_move, database.read(is_slow=True):
            pass
        moved.rename(database_file)
        files = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, files[1]))
        with pytest.raises(Problem) as without_files, database.read(is_slow=True):
            pass
        resource.setrlimit(resource.RLIMIT_NOFILE, files)
        go_on.set()
        for one in reading:
            one.result(10)

    assert after_move.value.code == "database_moved"
    assert without_files.value.code == "disk_failed"
    assert names(database) == []


# Writes together


# No student has it.
BLANK = ""


def insert(database: Database, name: str) -> Callable[[], str]:
    """An act that says what became of it."""

    def act() -> str:
        try:
            with database.write() as db:
                db.execute(INSERT, {"name": name})
        except REFUSALS:
            return "refused"
        return name

    return act


def test_writes_together_have_one_commit(database: Database):
    """Before each of them, others see nothing of those before it."""
    seen = []

    def act(name: str) -> Callable[[], str]:
        def look_and_insert() -> str:
            seen.append(pool.submit(names, database).result(10))
            return insert(database, name)()

        return look_and_insert

    with ThreadPoolExecutor(1) as pool:
        written = database.group_commit([act(name) for name in ("one", "two", "three")])

    assert written == ["one", "two", "three"] == names(database)
    assert seen == [[], [], []]


@pytest.mark.usefixtures("database_file")
def test_writes_together_are_one_transaction_of_sqlite(database: Database):
    ends: list[str] = []
    with database.read() as db:
        db.set_trace_callback(
            lambda text: ends.append(text) if text in ("COMMIT", "ROLLBACK") else None
        )
    ends.clear()
    database.group_commit([insert(database, name) for name in ("one", BLANK, "two")])
    with database.read() as db:
        db.set_trace_callback(None)

    assert ends == ["COMMIT"]


def test_of_writes_together_each_fails_alone(database: Database):
    """The others are not done again."""
    run = []

    def act(name: str) -> Callable[[], str]:
        def note_and_insert() -> str:
            run.append(name)
            return insert(database, name)()

        return note_and_insert

    written = database.group_commit([act(name) for name in ("a", BLANK, "b")])

    assert written == ["a", "refused", "b"]
    assert names(database) == ["a", "b"] == [name for name in run if name != BLANK]


@pytest.mark.usefixtures("database_file")
def test_writes_that_sqlite_has_undone_are_done_again_each_once(database: Database):
    undo_who_is_called(database, "undo")

    written = database.group_commit([insert(database, name) for name in ("a", "undo", "b")])

    assert written == ["a", "refused", "b"]
    assert names(database) == ["a", "b"]


def test_what_stands_in_the_way_of_the_commit_fails_alone(database: Database):
    with database.write() as db:
        db.execute("CREATE TEMPORARY TABLE first (id integer PRIMARY KEY)")
        db.execute(
            "CREATE TEMPORARY TABLE second"
            " (id integer REFERENCES first DEFERRABLE INITIALLY DEFERRED)"
        )

    def orphan() -> str:
        try:
            with database.write() as db:
                db.execute("INSERT INTO second VALUES (99)")
        except REFUSALS:
            return "refused"
        return "written"

    written = database.group_commit([insert(database, "a"), orphan, insert(database, "b")])

    assert written == ["a", "refused", "b"]
    assert names(database) == ["a", "b"]


@pytest.mark.parametrize("error", [KeyError("code"), sqlite3.OperationalError("x"), ValueError()])
def test_an_act_that_raises_fails_alone(database: Database, error: Exception):
    def fail() -> str:
        insert(database, "undone")()
        raise error

    def fail_in_a_write() -> str:
        with database.write():
            return fail()

    acts = [insert(database, "a"), fail_in_a_write, insert(database, "b"), insert(database, "c")]

    assert database.group_commit(acts) == ["a", error, "b", "c"]
    assert names(database) == ["a", "b", "c"]
    # So it is with one that has no company.
    assert database.group_commit([fail_in_a_write]) == [error]
    assert names(database) == ["a", "b", "c"]


def test_what_ends_the_process_is_no_outcome_of_an_act(database: Database):
    def interrupt() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        database.group_commit([insert(database, "a"), interrupt])
    assert names(database) == []


def test_a_database_that_is_locked_for_too_long_is_busy(client: Client, location: Location):
    client.student()

    with locked(location):
        fields = {"given_name": "Ada", "family_name": "Lovelace"}
        answer = client.post_json("/v1/students", fields, status=503)
        assert len(client.walk("/v1/students")) == 1

    assert answer.json["code"] == "database_busy"
    assert answer.headers["Retry-After"] == "1"
    client.student()


@pytest.mark.usefixtures("database_file")
def test_a_full_disk_refuses_and_the_database_is_intact(app: App, client: Client):
    with app.database.read() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")

    statuses = set()
    created = 0
    for number in range(500):
        fields = {"given_name": "x" * 100, "family_name": f"y{number}" * 15}
        answer = client.post_json("/v1/students", fields, status="*")
        statuses.add(answer.status_int)
        created += answer.status_int == 201
    assert answer.json["code"] == "disk_full"
    assert statuses == {201, 507}
    assert len(client.walk("/v1/students?limit=1000")) == created

    with app.database.read() as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        db.execute("PRAGMA max_page_count = 100000")
    client.student()


@pytest.mark.usefixtures("location")
def test_a_database_that_cannot_be_written_to_says_so(app: App, client: Client):
    client.student()

    with read_only(app.database):
        answer = client.delete("/v1/students/1", status=503)
        assert client.get("/v1/students/1").json["id"] == 1

    assert answer.json["code"] == "database_read_only"
    assert answer.headers["Retry-After"] == "60"
    client.delete("/v1/students/1", status=204)


@pytest.mark.usefixtures("database_file")
def test_the_application_waits_as_long_as_it_is_told(app: App):
    with app.database.read() as db:
        assert db.execute("PRAGMA busy_timeout").fetchone()[0] == 50


def test_only_one_server_claims_a_database_and_no_change_meanwhile(database_file: Path):
    with lock_file(database_file, Purpose.SERVE):
        for purpose in (Purpose.SERVE, Purpose.CHANGE):
            with (
                pytest.raises(CommandError, match=f"process {os.getpid()}[.] Stop it first[.]$"),
                lock_file(database_file, purpose),
            ):
                pass
    with (
        lock_file(database_file, Purpose.CHANGE),
        lock_file(database_file, Purpose.CHANGE),
        pytest.raises(CommandError, match="in use"),
        lock_file(database_file, Purpose.SERVE),
    ):
        pass


def test_a_database_has_one_claim_whatever_it_is_called(database_file: Path):
    link = database_file.with_name("link.db")
    link.symlink_to(database_file)

    with (
        lock_file(link, Purpose.SERVE),
        pytest.raises(CommandError, match="in use"),
        lock_file(database_file, Purpose.SERVE),
    ):
        pass


def test_a_claim_needs_no_right_to_write_the_lock(database_file: Path):
    with lock_file(database_file, Purpose.SERVE):
        pass
    lock = database_file.with_name(database_file.name + ".lock")

    assert lock.stat().st_mode & 0o777 == 0o644
    lock.chmod(0o444)
    with lock_file(database_file, Purpose.SERVE):
        pass


def test_another_failure_of_the_engine_is_not_explained_to_the_client(database: Database):
    with pytest.raises(MISTAKES, match="missing"), database.read() as db:
        db.execute("SELECT 1 FROM missing")

    assert names(database) == []


def test_an_old_sqlite_is_refused(database_file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 38, 5))

    with pytest.raises(CommandError, match=r"SQLite 3\.39\.0 or newer is needed"):
        connect(database_file, 1)


def test_a_server_that_is_refused_leaves_no_connection_and_no_thread(postgresql: PostgreSQL):
    with connect_to_server(postgresql.url(), autocommit=True) as db:
        db.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    threads = threading.enumerate()

    with pytest.raises(CommandError, match="has the encoding LATIN1"):
        open_database(ServerUrl(postgresql.url("latin")), 1)

    assert threading.enumerate() == threads
    with connect_to_server(postgresql.url(), autocommit=True) as db:
        # This fails while anyone is connected.
        db.execute("DROP DATABASE latin")


def test_a_new_connection_that_begins_nothing_is_closed(postgresql: PostgreSQL):
    sessions = "FROM pg_stat_activity WHERE datname = 'locked'"
    with (
        postgresql.migrated("locked") as url,
        closing(open_database(url, 0.05)) as database,
        connect_to_server(postgresql.url(), autocommit=True) as db,
    ):
        # The writer is lost, and the next one has to wait for too long.
        db.execute(f"SELECT pg_terminate_backend(pid) {sessions}")
        with locked(url), pytest.raises(Problem, match="locked"), database.write():
            pass

        deadline = time.monotonic() + PATIENCE
        while db.execute(f"SELECT count(*) {sessions}").fetchone() != (0,):
            assert time.monotonic() < deadline
        with database.write() as own:
            own.execute(INSERT, {"name": "Lovelace"})
        assert names(database) == ["Lovelace"]
