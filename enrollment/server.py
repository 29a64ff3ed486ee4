"""The embedded HTTP server, granian: a supervisor process that starts one worker. Nothing but this
module and the worker knows it."""

import os
import signal
import socket
from ipaddress import ip_address

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from enrollment.config import Config
from enrollment.errors import CommandError

# How many clients may be connected at a time, and how long their headers may take, in milliseconds.
CONNECTIONS = 8192
HEADER_TIMEOUT = 10_000


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
    """Serve until SIGTERM or SIGINT, and finish what is in flight."""
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
    # On a hangup, granian would start a second worker beside the first.
    granian.on_startup(lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    print(f"enrollment: {config.database} on {address(config)}, Ctrl-C stops it", flush=True)
    granian.serve()
