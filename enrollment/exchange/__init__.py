"""The exchange of rosters with other systems: files are read, and written, in their formats."""
