"""The embedded HTTP server: only this room knows granian, which speaks HTTP."""
