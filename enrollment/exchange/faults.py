"""What is wrong in files that came from elsewhere: all of it is shown at once, none is raised."""

from collections.abc import Iterator

import msgspec

from enrollment.model.imports import ImportFault, Severity

SEVERITIES: tuple[Severity, ...] = ("refusal", "error", "warning")
# How many faults of each severity are kept whole. The summary counts all of them.
MOST_KEPT = 1000
# How many kinds of faults the summary counts. A file with odd columns could make any number.
MOST_KINDS = 1000
LONGEST_VALUE = 100

# Every code, by its severity unless the place where it is found says otherwise.
CODES_BY_SEVERITY: dict[Severity, str] = {
    "refusal": """
        unreadable_file expands_too_far unknown_format unclosed_quote mangled_id missing_column
    """,
    "error": """
        ragged_row missing_value invalid_value garbled_text ambiguous_date precision_lost
        duplicate_id unresolved_reference ends_before_start
    """,
    "warning": """
        unknown_file missing_file empty_file decoded_as renamed_column unknown_column mended_value
        duplicate_row same_enrollment overlapping wrong_org several_terms status_in_bulk not_kept
        number_taken email_taken email_not_kept possible_duplicate other_name mangled_number
        missing_rows unknown_to_delete renamed_id erased_person id_taken derived_code code_changed
        code_kept shared_course local_change_overwritten date_not_recorded rule_set_aside
        outcome_corrected hidden_rows
    """,
}
CODES = {code: severity for severity, codes in CODES_BY_SEVERITY.items() for code in codes.split()}


class FaultCount(msgspec.Struct, kw_only=True):
    """How often a fault occurs in a column of a file, with the first of them as an example."""

    code: str
    severity: Severity
    file: str
    column: str | None
    count: int
    example: ImportFault


class Faults:
    """The faults of all files, with bounds on what is kept of them."""

    def __init__(self) -> None:
        self.counts: dict[Severity, int] = dict.fromkeys(SEVERITIES, 0)
        self._kept: dict[Severity, list[ImportFault]] = {severity: [] for severity in SEVERITIES}
        self._summary: dict[tuple[str, Severity, str, str | None], FaultCount] = {}

    def add(
        self,
        code: str,
        detail: str,
        file: str,
        row: int | None = None,
        column: str | None = None,
        value: str | None = None,
        severity: Severity | None = None,
    ) -> None:
        """Note a fault."""
        severity = severity or CODES[code]
        if value is not None and len(value) > LONGEST_VALUE:
            value = f"{value[: LONGEST_VALUE - 1]}…"
        fault = ImportFault(
            file=file,
            row=row,
            column=column,
            value=value,
            code=code,
            severity=severity,
            detail=detail,
        )
        self.counts[severity] += 1
        if len(self._kept[severity]) < MOST_KEPT:
            self._kept[severity].append(fault)
        kind = (code, severity, file, column)
        if kind in self._summary:
            self._summary[kind].count += 1
        elif len(self._summary) < MOST_KINDS:
            self._summary[kind] = FaultCount(
                code=code, severity=severity, file=file, column=column, count=1, example=fault
            )

    @property
    def refuse(self) -> bool:
        """Whether nothing can be brought in, whatever is left out."""
        return self.counts["refusal"] > 0

    def __iter__(self) -> Iterator[ImportFault]:
        """The faults that are kept: the worst first, then by file and row."""
        for severity in SEVERITIES:
            yield from sorted(self._kept[severity], key=lambda each: (each.file, each.row or 0))

    def summary(self) -> list[FaultCount]:
        """The kinds of faults, the worst first."""
        order = SEVERITIES.index
        return sorted(self._summary.values(), key=lambda kind: order(kind.severity))
