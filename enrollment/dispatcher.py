"""How a request gets its answer. What reads is answered on the loop's thread at once. What writes
waits for its turn: all that is ready then is done in one transaction on another thread, and is
answered after its commit, so that many share one wait for the disk."""

import asyncio
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from enrollment.app import App
from enrollment.config import Config
from enrollment.data.event import get_last_event_id
from enrollment.errors import Problem
from enrollment.incoming import Incoming
from enrollment.rendering import Response
from enrollment.turns import Turns

# What is answered at once.
READS = frozenset({"GET", "HEAD", "OPTIONS"})
# How soon a locked database is tried again, in seconds.
BUSY_INTERVAL = 0.02
# Who comes to the change feed when so many wait there already is answered at once.
MOST_WAITING = 500


class _Answer(NamedTuple):
    """What may be sent, and what the application has said besides."""

    response: Response
    environ: dict[str, Any]

    @property
    def is_final(self) -> bool:
        said = self.environ
        return not (
            "enrollment.let_in" in said or said.get("enrollment.busy") or "enrollment.wait" in said
        )


class Dispatcher:
    """Asks the application, and again where it says that the answer may become another."""

    def __init__(self, app: App, config: Config) -> None:
        self._app = app
        self._config = config
        with app.database.read() as db:
            self._last_event = get_last_event_id(db)
        # The loop waits for a locked database, not its thread.
        app.database.wait_no_more()
        self._turns: Turns[_Answer] = Turns(app.database, self._tell_who_waits)
        self._news = asyncio.Event()
        self._waiting = 0
        self._is_stopping = False

    def stop_waiting(self) -> None:
        """Whoever waits for news is answered without."""
        self._is_stopping = True
        self._news.set()

    def close(self) -> None:
        self._turns.close()
        self._app.close()

    def answer(self, incoming: Incoming) -> Response | Coroutine[Any, Any, Response]:
        """What is sent: at once, or in its time."""
        # Who writes, and has sent all of it, is let in or not when it is its turn.
        if incoming.is_whole and incoming.environ["REQUEST_METHOD"] not in READS:
            return self._write(incoming)
        answer = self._knock(incoming)
        if answer.is_final:
            return self._record(incoming, answer)
        return self._answer_in_time(incoming, answer)

    async def _answer_in_time(self, incoming: Incoming, answer: _Answer) -> Response:
        while await self._is_to_ask_again(incoming, answer, incoming.started):
            answer = self._knock(incoming)
        self._count_once(incoming, answer)
        if "enrollment.let_in" in answer.environ:
            return await self._write(incoming)
        end = time.monotonic() + answer.environ.get("enrollment.wait", 0)
        while answer.environ.get("enrollment.wait") and await self._wait_for_event(incoming, end):
            answer = self._ask(incoming.environ)
        return self._record(incoming, answer)

    async def _write(self, incoming: Incoming) -> Response:
        environ = incoming.environ
        environ["wsgi.input"] = await incoming.body(self._config.body_timeout)
        arrived = time.perf_counter()
        answer = await self._turns.join(partial(self._ask, environ))
        while await self._is_to_ask_again(incoming, answer, arrived):
            answer = await self._turns.join(partial(self._ask, environ))
        return self._record(incoming, answer)

    def _knock(self, incoming: Incoming) -> _Answer:
        return self._ask(incoming.environ, knocks=True)

    def _ask(self, environ: Mapping[str, Any], knocks: bool = False) -> _Answer:
        # The application writes in it, and may be asked again.
        own = {**environ, "enrollment.knocks": knocks}
        return _Answer(self._app.answer(own), own)

    def _record(self, incoming: Incoming, answer: _Answer) -> Response:
        seconds = time.perf_counter() - incoming.started
        self._app.record(answer.environ, answer.response.status, seconds)
        if self._app.gate.is_to_note_uses():
            self._turns.run(self._app.gate.note_uses)
        return answer.response

    def _count_once(self, incoming: Incoming, answer: _Answer) -> None:
        """However often the application is asked, the limit of the token is counted down once."""
        headers = answer.environ.get("enrollment.headers", {})
        incoming.environ.setdefault("enrollment.headers", headers)

    async def _is_to_ask_again(self, incoming: Incoming, answer: _Answer, since: float) -> bool:
        """Whether another process has locked the database, and not for too long; after a while."""
        if not answer.environ.get("enrollment.busy"):
            return False
        if time.perf_counter() >= since + self._config.busy_timeout:
            return False
        self._count_once(incoming, answer)
        await asyncio.sleep(BUSY_INTERVAL)
        return True

    async def _wait_for_event(self, incoming: Incoming, end: float) -> bool:
        """Return when there is a new event or the end has come; False if there is no more to wait
        for: the end has come before, too many wait, the service stops, or the client is gone."""
        patience = end - time.monotonic()
        if patience <= 0 or self._waiting >= MOST_WAITING or self._is_stopping:
            return False
        self._waiting += 1
        news, gone = asyncio.ensure_future(self._news.wait()), incoming.ended()
        either: set[asyncio.Future[Any]] = {news, gone}
        try:
            await asyncio.wait(either, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            return not gone.done()
        finally:
            self._waiting -= 1
            news.cancel()

    def _tell_who_waits(self) -> None:
        if not self._waiting:
            return
        # A disk that fails now says so to whoever asks next.
        with suppress(Problem), self._app.database.read() as db:
            last = get_last_event_id(db)
            if last != self._last_event:
                self._last_event = last
                self._news.set()
                self._news = asyncio.Event()
