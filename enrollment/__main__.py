"""The command `enrollment`, which is also `python -m enrollment`."""


def run() -> int:
    """Run a command and return its exit status, as `enrollment.cli.main` does."""
    try:
        # To import the code takes a moment, in which a command can be interrupted too.
        from enrollment.cli.main import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(run())
