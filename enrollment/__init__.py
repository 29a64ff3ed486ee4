"""Enrollment: who is in what, on one SQLite file or on PostgreSQL."""
