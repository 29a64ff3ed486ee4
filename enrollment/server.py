"""The embedded HTTP server, granian: a supervisor process that starts one worker. Nothing but this
module and the worker knows it."""

import os
import signal
import socket
import threading
from ipaddress import ip_address
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from enrollment.config import Config
from enrollment.errors import CommandError

# How many clients may be connected at a time, and how long their headers may take, in milliseconds.
CONNECTIONS = 8192
HEADER_TIMEOUT = 10_000
# How long a stop may take before it says what it waits for, in seconds.
SILENCE = 1


def check_address(config: Config) -> None:
    """Raises CommandError if the address can't be listened on.

    granian itself would share a port that is taken (SO_REUSEPORT): requests would go to either.
    """
    try:
        family, address = _resolve(config)
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, config.port))
    except OSError as error:
        where = f"{config.host}:{config.port}"
        raise CommandError(f"cannot listen on {where}: {error.strerror}") from error


def _resolve(config: Config) -> tuple[socket.AddressFamily, str]:
    """The number behind the name of the host, which is all that granian takes."""
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


def serve(config: Config) -> None:
    """Serve until SIGTERM or SIGINT, and finish what is in flight.

    Raises CommandError if the worker has ended by itself, or a second signal has ended it.
    """
    _, number = _resolve(config)
    # The worker is another process: it reads its settings from the environment.
    os.environ.update(config.environ())
    granian = Granian(
        "enrollment.worker:worker",
        address=number,
        port=config.port,
        interface=Interfaces.RSGI,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        # Whoever connects and says nothing must not keep others out, nor stay for long.
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT),
        # Long enough for what is in flight: its body, then a locked database.
        workers_kill_timeout=round(config.body_timeout + config.busy_timeout) + 5,
    )
    hurried = threading.Event()
    granian.on_startup(lambda: _take_signals(granian, hurried))
    print(f"enrollment: {config.database} on {address(config)}, Ctrl-C stops it", flush=True)
    try:
        granian.serve()
    except SystemExit:
        if not granian.interrupt_signal:
            told = "the worker has ended by itself: what was in flight may have no answer"
            raise CommandError(told) from None
    if hurried.is_set():
        raise CommandError("ended at once: what was in flight may have no answer")


def _take_signals(granian: Any, hurried: threading.Event) -> None:
    """Hear of signals in a thread of our own. After a SIGSTOP and SIGCONT any thread may receive
    one, and Python would tell the main thread, which waits for a lock, only at the next."""
    told, teller = socket.socketpair()
    teller.setblocking(False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    # On a hangup, granian would start a second worker beside the first.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.set_wakeup_fd(teller.fileno())
    # What the worker is told is not for us.
    os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))
    threading.Thread(target=_heed, args=(granian, hurried, told, teller), daemon=True).start()


def _heed(
    granian: Any, hurried: threading.Event, told: socket.socket, teller: socket.socket
) -> None:
    """Stop at the first signal; at a second, end at once. Who holds the teller keeps it open."""
    told.recv(1)
    granian.signal_handler_interrupt()
    told.settimeout(SILENCE)
    try:
        told.recv(1)
    except TimeoutError:
        print("enrollment: finishing what is in flight, Ctrl-C ends it at once", flush=True)
        told.settimeout(None)
        told.recv(1)
    hurried.set()
    for worker in granian.wrks:
        worker.kill()
