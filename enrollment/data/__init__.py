"""Data functions: each takes a connection and runs named queries. None of them commits."""
