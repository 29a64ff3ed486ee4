"""What is done to a whole database: migrations, copies, backups, a demo."""
