"""How verbs open a database, which a service may have open too."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

from enrollment.config import Config
from enrollment.data.record_change import acting
from enrollment.maintenance import migrations
from enrollment.model.records import Change
from enrollment.model.types import Timestamp
from enrollment.problems.errors import CommandError
from enrollment.storage import engine
from enrollment.storage.connection import Connection
from enrollment.storage.database import Database
from enrollment.storage.lock import Purpose

# Who makes the changes of the commands, in the history.
ACTOR = "command line"


@contextmanager
def open_database(config: Config) -> Iterator[Database]:
    """Open the database, even while it is served: none of these commands needs downtime.

    Raises CommandError if the database does not exist or has pending migrations.
    """
    migrations.require_database(config.database)
    with ExitStack() as stack:
        # If no service runs, the lock keeps migrations and restores out meanwhile. A service that
        # runs has the lock, and may keep it: it looks up the token of each request in the database.
        with suppress(CommandError):
            stack.enter_context(engine.lock_database(config.database, Purpose.USE))
        migrations.require_current(config.database)
        database = engine.open_database(config.database, config.busy_timeout)
        stack.enter_context(closing(database))
        database.disable_checkpoints()
        yield database


@contextmanager
def open_to_read(config: Config) -> Iterator[Connection]:
    """Open the database to be read, as it is at one moment, even if this user may not write to it.

    Raises CommandError if the database does not exist or has pending migrations.
    """
    migrations.require_database(config.database)
    migrations.require_current(config.database)
    with engine.open_to_read(config.database) as db:
        yield db


@contextmanager
def open_to_write(config: Config) -> Iterator[tuple[Connection, Change]]:
    """Open the database for one write. Raises what `open_database` does."""
    change = Change(at=Timestamp.now(), actor=ACTOR, zone=config.time_zone)
    with open_database(config) as database, database.write() as db, acting(db, ACTOR, change.at):
        yield db, change
