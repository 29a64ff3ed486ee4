"""The routes: every operation that the service has."""

from enrollment.http import Operation
from enrollment.routes import course, enrollment, event, service, student, term

OPERATIONS: tuple[Operation, ...] = (
    *service.OPERATIONS,
    *student.OPERATIONS,
    *term.OPERATIONS,
    *course.OPERATIONS,
    *enrollment.OPERATIONS,
    *event.OPERATIONS,
)
