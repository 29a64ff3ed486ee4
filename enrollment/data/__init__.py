"""The data: functions that take a connection first and run named SQL; none commits."""
