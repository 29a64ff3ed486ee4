"""The routes: every operation that the service has."""

from enrollment.http import Operation
from enrollment.routes import course, enrollment, event, hold, service, student, term, token

OPERATIONS: tuple[Operation, ...] = (
    *service.OPERATIONS,
    *student.OPERATIONS,
    *term.OPERATIONS,
    *course.OPERATIONS,
    *hold.OPERATIONS,
    *enrollment.OPERATIONS,
    *event.OPERATIONS,
    *token.OPERATIONS,
)
