"""Django REST framework, with only the parts of Django that it needs; `gunicorn --workers 2`."""

import json
import os
import secrets
from typing import Any

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["DATABASE"],
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 5,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    },
    MIDDLEWARE=[
        f"{__name__}.send_request_id",
        # Checks the Host.
        "django.middleware.common.CommonMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
    ],
    ROOT_URLCONF=__name__,
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models, transaction  # noqa: E402
from django.db.models import F, Q  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.authentication import BaseAuthentication  # noqa: E402
from rest_framework.exceptions import APIException, AuthenticationFailed, NotFound  # noqa: E402
from rest_framework.permissions import BasePermission  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from tests.benchmarks.contenders import rules  # noqa: E402


def send_request_id(get_response: Any) -> Any:
    """Middleware that sends an id with each response."""

    def respond(request: Any) -> Any:
        response = get_response(request)
        response["X-Request-Id"] = secrets.token_hex(8)
        return response

    return respond


class Token(models.Model):
    name = models.TextField()
    role = models.TextField()
    lookup = models.TextField(unique=True)
    digest = models.TextField()
    expires_at = models.TextField(null=True)
    revoked_at = models.TextField(null=True)

    class Meta:
        app_label, db_table, managed = "school", "token", False


class Student(models.Model):
    version = models.IntegerField()
    updated_at = models.TextField()
    number = models.TextField(null=True)
    given_name = models.TextField(null=True)
    family_name = models.TextField()
    email = models.TextField(null=True)
    status = models.TextField()
    max_credits = models.FloatField(null=True)
    groups = models.JSONField()
    family_sort = models.TextField()
    given_sort = models.TextField()

    class Meta:
        app_label, db_table, managed = "school", "student", False


class Course(models.Model):
    code = models.TextField()
    section = models.TextField(null=True)
    label = models.TextField()
    title = models.TextField()
    term = models.TextField(null=True)
    credits = models.FloatField()
    instructor = models.TextField(null=True)
    capacity = models.IntegerField(null=True)
    status = models.TextField()

    class Meta:
        app_label, db_table, managed = "school", "course", False


class Meeting(models.Model):
    pk = models.CompositePrimaryKey("course_id", "weekday", "from_time")
    course = models.ForeignKey(Course, models.DO_NOTHING, related_name="meetings")
    weekday = models.IntegerField()
    from_time = models.TextField()
    to_time = models.TextField()
    room = models.TextField(null=True)
    start_on = models.TextField(null=True)
    end_on = models.TextField(null=True)
    every = models.IntegerField()

    class Meta:
        app_label, db_table, managed = "school", "course_meeting", False
        ordering = ("weekday", "from_time")


class Enrollment(models.Model):
    pk = models.CompositePrimaryKey("student_id", "course_id")
    student = models.ForeignKey(Student, models.DO_NOTHING)
    course = models.ForeignKey(Course, models.DO_NOTHING)
    status = models.TextField()
    queue_number = models.IntegerField(default=0)
    enrolled_at = models.TextField(null=True)
    waitlisted_at = models.TextField(null=True)
    completed_at = models.TextField(null=True)
    dropped_at = models.TextField(null=True)
    passed = models.BooleanField(null=True)
    grade = models.TextField(null=True)
    changed_at = models.TextField()
    changed_by = models.TextField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        app_label, db_table, managed = "school", "student_course", False


class Standing(models.Model):
    """An enrollment with the position on the waitlist: a view, to read."""

    pk = models.CompositePrimaryKey("student_id", "course_id")
    student = models.ForeignKey(Student, models.DO_NOTHING)
    course = models.ForeignKey(Course, models.DO_NOTHING)
    status = models.TextField()
    queue_number = models.IntegerField()
    position = models.IntegerField(null=True)
    enrolled_at = models.TextField(null=True)
    waitlisted_at = models.TextField(null=True)
    completed_at = models.TextField(null=True)
    dropped_at = models.TextField(null=True)
    passed = models.BooleanField(null=True)
    grade = models.TextField(null=True)
    instead_of = models.IntegerField(null=True)
    version = models.IntegerField()

    class Meta:
        app_label, db_table, managed = "school", "enrollment", False


class Conflict(APIException):
    status_code = 409


class BearerToken(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Token, None] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if not text:
            return None
        token = Token.objects.filter(lookup=rules.lookup(text), revoked_at=None).first()
        if scheme != "Bearer" or not rules.is_valid(token, text):
            raise AuthenticationFailed("The token is not known here.")
        return token, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class MayUse(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        allowed = rules.READ_ROLES if request.method == "GET" else rules.WRITE_ROLES
        return request.user is not None and request.user.role in allowed


class View(APIView):
    authentication_classes = (BearerToken,)
    permission_classes = (MayUse,)


class Closed(serializers.Serializer):
    """Refuses unknown fields."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and data.keys() - self.fields.keys():
            raise serializers.ValidationError("There are unknown fields.")
        return super().to_internal_value(data)


class WantedIn(Closed):
    course_id = serializers.IntegerField(min_value=1)


class WantedSetIn(Closed):
    courses = WantedIn(many=True, max_length=100)


class PageIn(Closed):
    limit = serializers.IntegerField(min_value=1, max_value=1000, default=100)
    cursor = serializers.CharField(max_length=2000, default='["", "", 0]')


class EnrollmentOut(serializers.Serializer):
    student_id = serializers.IntegerField()
    course_id = serializers.IntegerField()
    status = serializers.CharField()
    position = serializers.IntegerField(default=None)
    enrolled_at = serializers.CharField()
    waitlisted_at = serializers.CharField()
    completed_at = serializers.CharField()
    dropped_at = serializers.CharField()
    passed = serializers.BooleanField()
    grade = serializers.CharField()
    instead_of = serializers.IntegerField(default=None)
    version = serializers.IntegerField()


class MeetingOut(serializers.Serializer):
    weekday = serializers.IntegerField()
    vars()["from"] = serializers.CharField(source="from_time")
    to = serializers.CharField(source="to_time")
    room = serializers.CharField()
    start_on = serializers.CharField()
    end_on = serializers.CharField()
    every = serializers.IntegerField()


class CourseOut(EnrollmentOut):
    code = serializers.CharField(source="course.code")
    section = serializers.CharField(source="course.section")
    label = serializers.CharField(source="course.label")
    title = serializers.CharField(source="course.title")
    term = serializers.CharField(source="course.term")
    credits = serializers.FloatField(source="course.credits")
    instructor = serializers.CharField(source="course.instructor")
    meetings = MeetingOut(source="course.meetings", many=True)


class RosterOut(EnrollmentOut):
    number = serializers.CharField(source="student.number")
    given_name = serializers.CharField(source="student.given_name")
    family_name = serializers.CharField(source="student.family_name")
    email = serializers.CharField(source="student.email")


class StudentOut(serializers.ModelSerializer):
    class Meta:
        model = Student
        fields = ("id", "version", "updated_at", "number", "given_name", "family_name", "email")
        fields += ("status", "max_credits", "groups")


class CoursesOfStudent(View):
    def get(self, request: Request, id: int) -> Response:
        items = _courses(id)
        if not items:
            _student(id)
        return Response({"items": items, "next": None})

    def post(self, request: Request, id: int) -> Response:
        wanted = WantedIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        with transaction.atomic():
            course_id = wanted.validated_data["course_id"]
            enrollment = _enroll(_student(id), course_id, rules.now(), request.user)
        headers = {
            "ETag": f'"{enrollment.version}"',
            "Location": f"{request.path}/{enrollment.course_id}",
        }
        return Response(EnrollmentOut(enrollment).data, 201, headers=headers)

    def put(self, request: Request, id: int) -> Response:
        wanted = WantedSetIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        ids, now = [course["course_id"] for course in wanted.validated_data["courses"]], rules.now()
        with transaction.atomic():
            student = _student(id)
            present = Enrollment.objects.filter(
                student_id=id, status__in=["enrolled", "waitlisted"]
            )
            places = dict(present.values_list("course_id", "status"))
            present.exclude(course_id__in=ids).update(
                status="dropped",
                dropped_at=now,
                changed_at=now,
                changed_by=_actor(request.user),
                version=F("version") + 1,
            )
            for course_id in ids:
                if places.get(course_id) != "enrolled":
                    _enroll(student, course_id, now, request.user)
            return Response({"items": _courses(id), "next": None})


class StudentsOfCourse(View):
    def get(self, request: Request, id: int) -> Response:
        limit = _page(request)["limit"]
        rows = list(
            Standing.objects.filter(course_id=id)
            .select_related("student")
            .order_by("status", "queue_number", "student_id")[: limit + 1]
        )
        if not rows and not Course.objects.filter(id=id).exists():
            raise NotFound(f"There is no course {id}.")
        place = ("status", "queue_number", "student_id")
        return _answer(RosterOut, rows, limit, place)


class Students(View):
    def get(self, request: Request) -> Response:
        page = _page(request)
        family, given, last = json.loads(page["cursor"])
        after = Q(family_sort__gt=family) | Q(family_sort=family, given_sort__gt=given)
        after |= Q(family_sort=family, given_sort=given, id__gt=last)
        place = ("family_sort", "given_sort", "id")
        # The first condition is what lets the index find the place.
        found = Student.objects.filter(family_sort__gte=family).filter(after).order_by(*place)
        return _answer(StudentOut, list(found[: page["limit"] + 1]), page["limit"], place)


def _page(request: Request) -> Any:
    page = PageIn(data=request.query_params.dict())
    page.is_valid(raise_exception=True)
    return page.validated_data


def _answer(shape: Any, rows: list[Any], limit: int, place: tuple[str, ...]) -> Response:
    last = rows[limit - 1] if len(rows) > limit else None
    following = json.dumps([getattr(last, name) for name in place]) if last else None
    return Response({"items": shape(rows[:limit], many=True).data, "next": following})


def _courses(student_id: int) -> Any:
    mine = Standing.objects.filter(student_id=student_id).select_related("course")
    mine = mine.prefetch_related("course__meetings")
    return CourseOut(mine.order_by("course_id")[:100], many=True).data


def _enroll(student: Student, course_id: int, now: str, user: Token) -> Enrollment:
    """The schema's triggers count the seats again, and write the event."""
    course = Course.objects.filter(id=course_id).first()
    if course is None:
        raise Conflict(f"There is no course {course_id}.")
    enrollment = Enrollment.objects.filter(student_id=student.id, course_id=course_id).first()
    taken = Enrollment.objects.filter(course_id=course_id, status="enrolled").count()
    status = enrollment and enrollment.status
    if broken := rules.broken_rule(student, course, status, taken):
        raise Conflict(broken)
    is_new = enrollment is None
    enrollment = enrollment or Enrollment(student_id=student.id, course_id=course_id, version=0)
    enrollment.status, enrollment.enrolled_at = "enrolled", now
    enrollment.changed_at, enrollment.changed_by = now, _actor(user)
    enrollment.version += 1
    enrollment.save(force_insert=is_new)
    return enrollment


def _student(id: int) -> Student:
    student = Student.objects.filter(id=id).first()
    if student is None:
        raise NotFound(f"There is no student {id}.")
    return student


def _actor(user: Token) -> str:
    return f"{user.name} #{user.id}"


urlpatterns = [
    path("v1/students", Students.as_view()),
    path("v1/students/<int:id>/courses", CoursesOfStudent.as_view()),
    path("v1/courses/<int:id>/students", StudentsOfCourse.as_view()),
]
application = get_wsgi_application()
