"""The embedded server: it listens, serves from one process and one event loop, and stops."""

import asyncio
import os
import signal
import socket
import sys
from ipaddress import ip_address

import granian.server.embed
import uvloop
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from enrollment import log
from enrollment.app import make_app
from enrollment.config import Config
from enrollment.problems.errors import CommandError
from enrollment.server.adapter import Adapter
from enrollment.server.dispatcher import Dispatcher
from enrollment.server.notify import notify
from enrollment.server.tuning import raise_file_limit, tune_runtime

# How many clients may wait to be connected.
BACKLOG = 1024
# The most that a request line and headers may have together, in bytes.
HEAD_LIMIT = 32 * 1024
# In seconds: how long the headers of a request may take, from the connection or from the response
# before it; and after how long a client is disconnected that does not take what was sent to it.
HEADER_TIMEOUT, SEND_TIMEOUT = 30, 30
# In seconds: after how long a stop says what it waits for; how long it waits for clients; and how
# long for the last responses to be sent.
NOTICE_AFTER, SHUTDOWN_TIMEOUT, FLUSH_TIMEOUT = 1.0, 5.0, 1.0


def listen(config: Config) -> socket.socket:
    """From now on clients may connect; `serve` serves them. Raises CommandError."""
    listener = None
    try:
        family, number = _resolve(config)
        listener = socket.socket(family)
        # Otherwise the port of a server that has just stopped would be taken for a while.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit these from the socket that listens.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SEND_TIMEOUT * 1000)
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
    """Serve until SIGTERM, SIGINT or SIGHUP, and finish what is in flight. A second signal does not
    wait for that, and ends the process with 1."""
    log.configure(config.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        is_finished = runner.run(_serve(config, listener))
    if not is_finished:
        # A thread of the library still holds connections whose clients take nothing.
        os._exit(0)


async def _serve(config: Config, listener: socket.socket) -> bool:
    dispatcher = Dispatcher(make_app(config), config)
    server = _Server(Adapter(dispatcher.respond), listener)
    stop = _take_signals()
    tune_runtime()
    print(f"enrollment: {config.database} on {address(config)}, Ctrl-C stops it", flush=True)
    serving = asyncio.create_task(server.serve())
    notify("READY=1")
    await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
    notify("STOPPING=1")
    server.stop()  # type: ignore[no-untyped-call]
    dispatcher.end_long_polls()
    asyncio.get_running_loop().call_later(NOTICE_AFTER, _announce_shutdown)
    await asyncio.wait({serving}, timeout=SHUTDOWN_TIMEOUT)
    # Clients have had their time. What was sent in full is finished all the same.
    await dispatcher.finish()
    await asyncio.wait({serving}, timeout=FLUSH_TIMEOUT)
    dispatcher.close()
    return serving.done()


class _Server(granian.server.embed.Server):
    """Granian in this process and on this loop, which speaks HTTP/1 on a socket of ours."""

    def __init__(self, adapter: Adapter, listener: socket.socket) -> None:
        super().__init__(
            adapter,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=raise_file_limit(),
            http1_settings=HTTP1Settings(
                header_read_timeout=HEADER_TIMEOUT * 1000, max_buffer_size=HEAD_LIMIT
            ),
            log_enabled=False,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        """Granian's own socket would let two servers share a port (SO_REUSEPORT)."""
        # Granian closes it, at the beginning of a stop.
        number = self._listener.detach()
        holder = SocketHolder(number, False, BACKLOG)  # type: ignore[call-arg]
        self._shd = holder  # type: ignore[assignment]


def _take_signals() -> asyncio.Future[None]:
    """Done at the first signal to stop; the second one ends the process."""
    loop = asyncio.get_running_loop()
    first: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if first.done():
            message = "enrollment: ended at once: what was in flight may have no response"
            print(message, file=sys.stderr, flush=True)
            os._exit(1)
        first.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Under nohup, the terminal may be closed.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, stop)
    return first


def _announce_shutdown() -> None:
    print("enrollment: finishing what is in flight, Ctrl-C ends it at once", flush=True)
