"""The embedded HTTP server: one process, one event loop. It listens, lets connections come and go,
and stops when it is told to."""

import asyncio
import ctypes
import gc
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from email.utils import formatdate
from ipaddress import ip_address

import uvloop

from enrollment import log
from enrollment.app import make_app
from enrollment.config import Config
from enrollment.connection import Connection
from enrollment.dispatcher import Dispatcher
from enrollment.errors import CommandError

# How many clients may be connected at a time, and how many may wait to be.
CONNECTIONS, BACKLOG = 8192, 1024
# Files that are open besides: the database, what SQLite needs for a while, the log.
OTHER_FILES = 64
# In seconds: how long a stop still hears who is connected; after how long it says what it waits
# for; and how long it waits, besides what a body and a locked database may take.
HEARD, SILENCE, GRACE = 0.1, 1.0, 5.0
# The name of a setting in malloc.h, and what of the free memory is kept, in bytes.
M_TRIM_THRESHOLD, MEMORY_KEPT = -1, 32 * 1024 * 1024


def listen(config: Config) -> socket.socket:
    """From now on clients may connect; they are served by `serve`. Raises CommandError."""
    listener = None
    try:
        family, number = _resolve(config)
        listener = socket.socket(family)
        # Else the port of a server that has just stopped would be taken for a while.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((number, config.port))
        listener.listen(BACKLOG)
    except OSError as error:
        if listener:
            listener.close()
        where = f"{config.host}:{config.port}"
        raise CommandError(f"cannot listen on {where}: {error.strerror}") from error
    return listener


def _resolve(config: Config) -> tuple[socket.AddressFamily, str]:
    """The number behind the name of the host."""
    found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
    family, *_, (address, *_) = found[0]
    return family, str(address)


def is_loopback(config: Config) -> bool:
    """Whether only this machine can reach the address."""
    return ip_address(_resolve(config)[1]).is_loopback


def address(config: Config) -> str:
    """Where the service is."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    return f"http://{host}:{config.port}"


def serve(config: Config, listener: socket.socket) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP, and finish what is in flight; a second one does not
    wait for that, and ends the process with 1."""
    log.configure(config.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(config, listener))


async def _serve(config: Config, listener: socket.socket) -> None:
    server = Server(config)
    _let_no_one_wait()
    print(f"enrollment: {config.database} on {address(config)}, Ctrl-C stops it", flush=True)
    await server.run(listener)


class Server:
    """The connections, and what is the same for all of them."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._loop = asyncio.get_running_loop()
        self._dispatcher = Dispatcher(make_app(config), config)
        self._most = _most_connections()
        self._connections: set[Connection] = set()
        self._are_gone = asyncio.Event()
        self._told = asyncio.Event()
        self.answer = self._dispatcher.answer
        self.is_stopping = False
        self.date = ""

    def enter(self, connection: Connection) -> None:
        if len(self._connections) >= self._most:
            # Whoever connects and says nothing, or no more, must not keep others out.
            idle = (other for other in self._connections if other.is_idle)
            min(idle, key=lambda other: other.deadline, default=connection).abort()
        self._connections.add(connection)
        self._are_gone.clear()

    def leave(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._are_gone.set()

    async def run(self, listener: socket.socket) -> None:
        self._are_gone.set()
        self._take_signals()
        self._tick()
        listening = await self._loop.create_server(
            lambda: Connection(self), sock=listener, backlog=BACKLOG
        )
        await self._told.wait()
        listening.close()
        await self._finish()
        self._dispatcher.close()

    async def _finish(self) -> None:
        self.is_stopping = True
        self._dispatcher.stop_waiting()
        self._loop.call_later(SILENCE, _say_what_it_waits_for)
        await asyncio.sleep(HEARD)
        for connection in list(self._connections):
            if connection.is_idle:
                connection.close()
        patience = self._config.body_timeout + self._config.busy_timeout + GRACE
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._are_gone.wait()
                # Requests whose client did not wait for the answer.
                if others := asyncio.all_tasks() - {asyncio.current_task()}:
                    await asyncio.wait(others)
        for connection in list(self._connections):
            connection.abort()

    def _take_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # Under nohup, the terminal may be closed.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._loop.add_signal_handler(number, self._stop)

    def _stop(self) -> None:
        if self._told.is_set():
            told = "enrollment: ended at once: what was in flight may have no answer"
            print(told, file=sys.stderr, flush=True)
            os._exit(1)
        self._told.set()

    def _tick(self) -> None:
        """Once a second."""
        self.date = formatdate(usegmt=True)
        now = self._loop.time()
        for connection in list(self._connections):
            if connection.is_idle and connection.deadline < now:
                connection.abort()
        self._loop.call_later(1, self._tick)


def _say_what_it_waits_for() -> None:
    print("enrollment: finishing what is in flight, Ctrl-C ends it at once", flush=True)


def _most_connections() -> int:
    """As many as there may be files open, or as there shall be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = max(soft, min(hard, CONNECTIONS + OTHER_FILES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return min(CONNECTIONS, max(files - OTHER_FILES, 1))


def _let_no_one_wait() -> None:
    """Set aside what makes a server of short requests pause now and then."""
    # What is there by now stays, and is not looked through again and again for garbage.
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
    # Who reads waits no longer than this for the writer's thread to let go of the interpreter.
    sys.setswitchinterval(0.0005)
    # What a query gives back the next one needs: glibc would return it to the kernel, and to have
    # it again takes longer than the query (mallopt(3)). Others have no such function.
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT)
