"""Rows of a package that are at fault, or that speak of what is not here: what they do not do."""

from enrollment.storage.database import Database
from tests.exchange.imports import import_content, one
from tests.exchange.small_packages import bulk, place

ENROLLED = "SELECT count(*) FROM enrollment WHERE status = 'enrolled'"


def test_an_enrollment_of_an_unknown_role_is_an_error_and_drops_no_one(database: Database):
    import_content(database, bulk({"e1": "u1"}))
    content = bulk({"e1": place("u1").replace("student", "studnt")})

    report, _ = import_content(database, content)

    assert [(fault.code, fault.severity, fault.row) for fault in report.faults] == [
        ("invalid_value", "error", 2)
    ]
    assert one(database, ENROLLED) == 1
    other = bulk({"e1": "u1", "e2": place("u2").replace("student", "ext:guest")})
    assert import_content(database, other).report.faults == []
