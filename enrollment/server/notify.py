"""Messages to the service manager: that the service is ready, and that it stops (sd_notify(3))."""

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Send a state such as "READY=1" to the service manager, if there is one that wants it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # A name that begins with "@" is one of Linux' abstract names, which begin with NUL.
    name = "\0" + address[1:] if address.startswith("@") else address
    # The service runs on if its service manager cannot be reached.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(state.encode(), name)
