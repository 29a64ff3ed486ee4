"""The embedded server: it listens, serves from one process and one event loop, and stops."""

import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from ipaddress import ip_address

import granian.server.embed
import uvloop
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from enrollment import log
from enrollment.app import make_app
from enrollment.config import Config
from enrollment.data.integrity import describe_clock
from enrollment.problems.errors import CommandError
from enrollment.server.adapter import Adapter
from enrollment.server.dispatcher import Dispatcher
from enrollment.server.tuning import most_connections, tune_runtime

# How many connections may wait to be accepted.
BACKLOG = 1024
# In bytes: how long a request line and its headers may be together.
HEAD_LIMIT = 32 * 1024
# In seconds: how long the headers of a request may take to arrive, from the connection or from the
# response before it.
HEADER_TIMEOUT = 30
# In seconds: after how long a client that does not take what was sent to it is disconnected.
SEND_TIMEOUT = 30
# In seconds: how long after the first signal another one is taken for the same.
SAME_SIGNAL = 0.5
# In seconds: after how long a stop prints that it waits.
NOTICE_AFTER = 1.0
# In seconds: how long a stop waits for clients.
SHUTDOWN_TIMEOUT = 5.0
# In seconds: how long a stop waits until the last responses are sent.
FLUSH_TIMEOUT = 1.0


def listen(config: Config) -> socket.socket:
    """Open the socket to which clients connect, for `serve`. Raises CommandError if that fails."""
    listener = None
    try:
        family, ip = _resolve(config)
        listener = socket.socket(family)
        # Otherwise the port cannot be used for a while after a server has stopped.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Each connection inherits these two options.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SEND_TIMEOUT * 1000)
        listener.bind((ip, config.port))
        listener.listen(BACKLOG)
    except OSError as error:
        if listener:
            listener.close()
        raise CommandError(f"cannot listen on {config.address}: {error.strerror}") from error
    return listener


def _resolve(config: Config) -> tuple[socket.AddressFamily, str]:
    """Return the address family and the IP address of the host. Raises OSError."""
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        # A part of the name is empty or too long.
        raise OSError(socket.EAI_NONAME, "Name or service not known") from error
    family, *_, (ip, *_) = found[0]
    return family, str(ip)


def is_loopback(config: Config) -> bool:
    """Whether only this machine can reach the service. Raises OSError."""
    return ip_address(_resolve(config)[1]).is_loopback


def serve(config: Config, listener: socket.socket) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP, and then finish the requests in flight.

    A second signal, half a second later or more, ends the process at once, with status 1.
    """
    log.configure(config.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        is_finished = runner.run(_serve(config, listener))
    if not is_finished:
        # Clients that do not take their responses keep connections open in a thread of granian,
        # which would keep the process running.
        os._exit(0)


async def _serve(config: Config, listener: socket.socket) -> bool:
    """Serve until a signal. Return whether every connection has been closed."""
    app = make_app(config)
    with app.database.read() as db:
        if behind := describe_clock(db):
            logging.getLogger("enrollment").warning(behind)
    dispatcher = Dispatcher(app, config)
    server = _Server(Adapter(dispatcher.respond), listener)
    stop = _take_signals()
    tune_runtime()
    print(f"enrollment: {config.database} on {config.url}, Ctrl-C stops it", flush=True)
    serving = asyncio.create_task(server.serve())
    watching = asyncio.create_task(dispatcher.watch_openings())
    _notify("READY=1")
    await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
    _notify("STOPPING=1")
    watching.cancel()
    server.stop()  # type: ignore[no-untyped-call]
    dispatcher.end_long_polls()
    asyncio.get_running_loop().call_later(NOTICE_AFTER, _announce_shutdown)
    await asyncio.wait({serving}, timeout=SHUTDOWN_TIMEOUT)
    # Requests that have arrived in full still get their responses.
    await dispatcher.finish()
    await asyncio.wait({serving}, timeout=FLUSH_TIMEOUT)
    dispatcher.close()
    return serving.done()


def _notify(state: str) -> None:
    """Send a state such as "READY=1" to the service manager, if there is one that wants it
    (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # A name that begins with "@" is one of Linux' abstract names, which begin with NUL.
    name = "\0" + address[1:] if address.startswith("@") else address
    # The service runs on if its service manager cannot be reached.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(state.encode(), name)


class _Server(granian.server.embed.Server):
    """Granian in this process and on this loop. It speaks HTTP/1, on the socket of `listen`."""

    def __init__(self, adapter: Adapter, listener: socket.socket) -> None:
        super().__init__(
            adapter,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=most_connections(),
            http1_settings=HTTP1Settings(
                header_read_timeout=HEADER_TIMEOUT * 1000, max_buffer_size=HEAD_LIMIT
            ),
            log_enabled=False,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        """Use the socket of `listen`. Granian's own would let two servers share a port
        (SO_REUSEPORT)."""
        # Granian closes this file at the beginning of a stop.
        file = self._listener.detach()
        holder = SocketHolder(file, False, BACKLOG)  # type: ignore[call-arg]
        self._shd = holder  # type: ignore[assignment]


def _take_signals() -> asyncio.Future[None]:
    """Return a future that is done at the first signal. A second signal ends the process, unless it
    comes with the first: when a terminal is closed, the kernel and the shell both send SIGHUP."""
    loop = asyncio.get_running_loop()
    first: asyncio.Future[None] = loop.create_future()
    began = 0.0

    def stop() -> None:
        nonlocal began
        if not first.done():
            began = loop.time()
            first.set_result(None)
        elif loop.time() > began + SAME_SIGNAL:
            message = "enrollment: ended at once: what was in flight may have no response"
            print(message, file=sys.stderr, flush=True)
            os._exit(1)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # nohup has SIGHUP ignored, so that the service survives its terminal.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, stop)
    return first


def _announce_shutdown() -> None:
    print("enrollment: finishing what is in flight, Ctrl-C ends it at once", flush=True)
