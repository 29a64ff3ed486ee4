"""The embedded HTTP server: granian speaks HTTP, and everything that knows it is here."""

from enrollment.server.server import address, is_loopback, listen, serve

__all__ = ["address", "is_loopback", "listen", "serve"]
