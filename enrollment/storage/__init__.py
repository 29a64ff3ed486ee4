"""Storage: connections, transactions and named queries. Only this room knows SQLite."""
