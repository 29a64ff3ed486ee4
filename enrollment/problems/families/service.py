"""Problems of the service: it failed, or its database or disk did."""

from functools import partial

from enrollment.problems.problem_type import Example, ProblemType

problem = partial(ProblemType, family="service")

PROBLEM_TYPES = (
    problem(
        code="internal_error",
        status=500,
        title="The service failed",
        advice="Nothing was changed. Report the request id: the log has the details.",
        example=Example("The service failed. The log has the details."),
    ),
    problem(
        code="database_busy",
        status=503,
        title="The database is locked by another process",
        advice="Nothing was changed. Try again after the seconds in `Retry-After`.",
        example=Example("Another process has locked the database for too long."),
    ),
    problem(
        code="database_read_only",
        status=503,
        title="The database cannot be written to",
        advice="Nothing was changed. Allow the service to write to the file and its directory.",
        example=Example("The service may not write to its database."),
        operator_only=True,
    ),
    problem(
        code="database_outdated",
        status=503,
        title="The database schema does not match this release",
        advice="Stop the service, run `enrollment migrate`, then start it again.",
        example=Example("The database schema does not match this release."),
        operator_only=True,
    ),
    problem(
        code="database_moved",
        status=503,
        title="A file of the database was moved, replaced or overwritten",
        advice=(
            "Nothing was changed. Stop the service. If only the write-ahead log was removed, start"
            " it again. Otherwise first put back the database with its log, or restore a backup."
        ),
        example=Example("The database file has been overwritten by another program than SQLite."),
        operator_only=True,
    ),
    problem(
        code="database_damaged",
        status=503,
        title="The database file is damaged",
        advice=(
            "Nothing was changed. Stop the service, keep the file, run `enrollment doctor`, then"
            " restore a backup."
        ),
        example=Example("The database file is damaged."),
        operator_only=True,
    ),
    problem(
        code="database_unreachable",
        status=503,
        title="The server of the database cannot be reached",
        advice="Nothing was changed. Try again after the seconds in `Retry-After`.",
        example=Example("The server of the database cannot be reached."),
        operator_only=True,
    ),
    problem(
        code="outcome_unknown",
        status=503,
        title="It is not known whether the change was made",
        advice=(
            "The change may have been made, or not. Send the request again with the same"
            " `Idempotency-Key`, or look first what is there."
        ),
        example=Example(
            "The connection was lost during the commit: the change may have been made, or not."
        ),
        operator_only=True,
    ),
    problem(
        code="disk_failed",
        status=503,
        title="The disk fails, or a quota is used up",
        advice=(
            "Check the disk and the limits of the service. The change was undone; but if the"
            " service crashes before its next write, the change may have been made. So send the"
            " request again, with its `Idempotency-Key` if it had one."
        ),
        example=Example("The disk, or a limit of the service, refused a read or write."),
        operator_only=True,
    ),
    problem(
        code="disk_full",
        status=507,
        title="The disk is full",
        advice="Nothing was changed. Free space on the disk, then try again.",
        example=Example("There is no space left on the disk."),
        operator_only=True,
    ),
)
