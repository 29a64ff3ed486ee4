"""The command `enrollment`, which is also `python -m enrollment`."""


def run() -> int:
    """Run a command and return its exit status: that of `enrollment.cli.main`, or 130 if it was
    interrupted."""
    try:
        # To import the code takes a moment, in which a command can be interrupted too.
        from enrollment.cli.main import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(run())
