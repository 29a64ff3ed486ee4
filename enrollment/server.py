"""The embedded HTTP server, granian: nothing else knows it.

A supervisor process starts one worker. There, granian parses HTTP in threads of its own; a body is
awaited on the event loop, and then the WSGI application is called on the loop's one thread. So a
slow client delays no one, and SQLite is met by one thread only.
"""

import asyncio
import multiprocessing
import os
import socket
import sys
from http import HTTPStatus
from io import BytesIO
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from enrollment import log
from enrollment.app import make_app
from enrollment.config import Config
from enrollment.errors import CommandError
from enrollment.inputs import BODY_LIMIT


def serve(config: Config) -> None:
    """Serve until SIGTERM or SIGINT, and finish what is in flight. Raises CommandError."""
    try:
        addresses = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
        family, *_, address = addresses[0]
        # granian would share a port that is taken (SO_REUSEPORT): requests would go to either.
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CommandError(
            f"cannot listen on {config.host}:{config.port}: {error.strerror}"
        ) from error
    # The worker is another process: it reads its settings from the environment.
    os.environ.update(config.environ())
    Granian(
        "enrollment.server:worker",
        address=str(address[0]),
        port=config.port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()


class Worker:
    """An RSGI application (https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md)
    that calls a WSGI application (PEP 3333)."""

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        config = Config.read({}, os.environ)
        log.configure(config.log_format)
        self.app = make_app(config)
        # A supervisor that is killed takes its worker along: else it would keep the port.
        supervisor = multiprocessing.parent_process()
        if supervisor:
            loop.add_reader(supervisor.sentinel, os._exit, 1)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.app.database.close()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        headers = scope.headers.items()
        body = bytearray()
        async for chunk in protocol:
            body += chunk
            if len(body) > BODY_LIMIT:
                break
        status, answer_headers = HTTPStatus.INTERNAL_SERVER_ERROR, []

        def start_response(line: str, headers: list[tuple[str, str]], *_: Any) -> None:
            nonlocal status, answer_headers
            status, answer_headers = HTTPStatus(int(line[:3])), headers

        content = b"".join(self.app(_environ(scope, headers, bytes(body)), start_response))
        protocol.response_bytes(status, answer_headers, content)


def _environ(scope: Any, headers: list[tuple[str, str]], body: bytes) -> dict[str, Any]:
    server, _, port = scope.server.rpartition(":")
    environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        # A_B would become the same variable as A-B, which is how HTTP's own headers are written.
        if "_" in name:
            continue
        variable = name.upper().replace("-", "_")
        if variable not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            variable = f"HTTP_{variable}"
        environ[variable] = f"{environ[variable]},{value}" if variable in environ else value
    # The body has been de-chunked: its end is the end of the input.
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return environ


worker = Worker()
