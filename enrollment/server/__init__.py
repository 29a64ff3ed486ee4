"""The embedded HTTP server: only this room knows granian, which speaks HTTP."""

from enrollment.server.server import is_loopback, listen, serve

__all__ = ["is_loopback", "listen", "serve"]
