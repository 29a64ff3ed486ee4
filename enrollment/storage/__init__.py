"""Storage: connections, transactions and named queries. Only this room imports sqlite3 and
psycopg."""
