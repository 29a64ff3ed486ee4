// Fastify with better-sqlite3: one process, prepared statements, schemas of bodies and answers.
//     node fastify_app.js DATABASE PORT

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

import etag from "@fastify/etag";
import Database from "better-sqlite3";
import Fastify from "fastify";

const [file, port] = process.argv.slice(2);
const db = new Database(file, { fileMustExist: true, timeout: 5000 });
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.pragma("foreign_keys = ON");

const ENROLLMENT = `
    enrollment.student_id, enrollment.course_id, enrollment.status, enrollment.position,
    enrollment.enrolled_at, enrollment.waitlisted_at, enrollment.completed_at,
    enrollment.dropped_at, enrollment.passed, enrollment.grade, enrollment.instead_of,
    enrollment.version`;

const getToken = db.prepare(`
    SELECT id, name, role, digest FROM token
    WHERE lookup = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)`);
const getStudent = db.prepare("SELECT id, status FROM student WHERE id = ?");
const getCourse = db.prepare(`
    SELECT id, code, status, capacity FROM course WHERE id = ?`);
const getStatus = db
    .prepare("SELECT status FROM student_course WHERE student_id = ? AND course_id = ?")
    .pluck();
const countSeats = db
    .prepare("SELECT count(*) FROM student_course WHERE course_id = ? AND status = 'enrolled'")
    .pluck();
const listCourses = db.prepare(`
    SELECT ${ENROLLMENT}, course.code, course.section, course.label, course.title, course.term,
        course.credits, course.instructor,
        (
            SELECT json_group_array(
                json_object(
                    'weekday', weekday, 'from', from_time, 'to', to_time, 'room', room,
                    'start_on', start_on, 'end_on', end_on, 'every', every
                )
            )
            FROM (
                SELECT * FROM course_meeting WHERE course_id = course.id ORDER BY weekday, from_time
            )
        ) AS meetings
    FROM enrollment JOIN course ON course.id = enrollment.course_id
    WHERE enrollment.student_id = ?
    ORDER BY enrollment.course_id LIMIT 100`);
const listPlaces = db.prepare(`
    SELECT course_id, status FROM student_course
    WHERE student_id = ? AND status IN ('enrolled', 'waitlisted')`);
const listRoster = db.prepare(`
    SELECT ${ENROLLMENT}, enrollment.queue_number, student.number, student.given_name,
        student.family_name, student.email
    FROM enrollment JOIN student ON student.id = enrollment.student_id
    WHERE enrollment.course_id = ?
    ORDER BY enrollment.status, enrollment.queue_number, enrollment.student_id
    LIMIT ?`);
const listStudents = db.prepare(`
    SELECT id, version, updated_at, number, given_name, family_name, email, status, max_credits,
        groups, family_sort, given_sort
    FROM student
    WHERE (family_sort, given_sort, id) > (?, ?, ?)
    ORDER BY family_sort, given_sort, id LIMIT ?`);
// The schema's triggers count the seats again, and write the event.
const putEnrollment = db.prepare(`
    INSERT INTO student_course (student_id, course_id, status, enrolled_at, changed_at, changed_by)
    VALUES (@student_id, @course_id, 'enrolled', @at, @at, @actor)
    ON CONFLICT (student_id, course_id) DO UPDATE
    SET status = 'enrolled', enrolled_at = @at, changed_at = @at, changed_by = @actor,
        version = version + 1
    RETURNING student_id, course_id, status, NULL AS position, enrolled_at, waitlisted_at,
        completed_at, dropped_at, passed, grade, NULL AS instead_of, version`);
const dropEnrollment = db.prepare(`
    UPDATE student_course
    SET status = 'dropped', dropped_at = @at, changed_at = @at, changed_by = @actor,
        version = version + 1
    WHERE student_id = @student_id AND course_id = @course_id`);

const refusal = (statusCode, code, message) => Object.assign(new Error(message), { statusCode, code });

function authenticate(request, reply, done) {
    const text = /^Bearer (enr_\w+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const token = getToken.get(text.slice(4, 16), new Date().toISOString());
    const digest = createHash("sha256").update(text).digest();
    if (!token || !timingSafeEqual(digest, Buffer.from(token.digest, "hex"))) {
        return done(refusal(401, "token_invalid", "The token is not known here."));
    }
    const roles = request.method === "GET" ? ["admin", "registrar", "reader"] : ["admin", "registrar"];
    if (!roles.includes(token.role)) {
        return done(refusal(403, "forbidden", `The role ${token.role} may not do this.`));
    }
    request.actor = `${token.name} #${token.id}`;
    done();
}

function coursesOf(studentId) {
    return listCourses
        .all(studentId)
        .map((course) => ({ ...course, meetings: JSON.parse(course.meetings) }));
}

function needStudent(id) {
    const student = getStudent.get(id);
    if (!student) throw refusal(404, "student_not_found", `There is no student ${id}.`);
    return student;
}

function enroll(student, courseId, at, actor) {
    const course = getCourse.get(courseId);
    if (!course) throw refusal(409, "unknown_course", `There is no course ${courseId}.`);
    const status = getStatus.get(student.id, courseId);
    if (status === "enrolled" || status === "completed") {
        throw refusal(409, `already_${status}`, `The student has ${status} ${course.code}.`);
    }
    if (student.status !== "active") {
        throw refusal(409, "student_inactive", `Student ${student.id} is ${student.status}.`);
    }
    if (course.status !== "open") {
        throw refusal(409, "course_not_open", `${course.code} is ${course.status}.`);
    }
    if (course.capacity !== null && countSeats.get(courseId) >= course.capacity) {
        throw refusal(409, "course_full", `No seat of ${course.code} is free.`);
    }
    return putEnrollment.get({ student_id: student.id, course_id: courseId, at, actor });
}

const enrollOne = db.transaction((studentId, courseId, actor) =>
    enroll(needStudent(studentId), courseId, new Date().toISOString(), actor),
).immediate;

const enrollExactly = db.transaction((studentId, courseIds, actor) => {
    const student = needStudent(studentId);
    const at = new Date().toISOString();
    const places = new Map(listPlaces.all(studentId).map((row) => [row.course_id, row.status]));
    for (const course_id of places.keys()) {
        if (!courseIds.includes(course_id)) {
            dropEnrollment.run({ student_id: studentId, course_id, at, actor });
        }
    }
    for (const courseId of courseIds) {
        if (places.get(courseId) !== "enrolled") enroll(student, courseId, at, actor);
    }
    return coursesOf(studentId);
}).immediate;

const id = { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const text = { type: "string" };
const orNull = (type) => ({ type, nullable: true });
const moments = ["enrolled_at", "waitlisted_at", "completed_at", "dropped_at"];
const closed = (properties) => ({
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
});
const enrollment = {
    student_id: id,
    course_id: id,
    status: text,
    position: orNull("integer"),
    ...Object.fromEntries(moments.map((name) => [name, orNull("string")])),
    passed: orNull("boolean"),
    grade: orNull("string"),
    instead_of: orNull("integer"),
    version: id,
};
const student = {
    id,
    version: id,
    updated_at: text,
    number: orNull("string"),
    given_name: orNull("string"),
    family_name: text,
    email: orNull("string"),
    status: text,
    max_credits: orNull("number"),
    groups: { type: "array", items: text },
};
const meeting = {
    weekday: { type: "integer" },
    from: text,
    to: text,
    room: orNull("string"),
    start_on: orNull("string"),
    end_on: orNull("string"),
    every: { type: "integer" },
};
const course = {
    ...enrollment,
    code: text,
    section: orNull("string"),
    label: text,
    title: text,
    term: orNull("string"),
    credits: { type: "number" },
    instructor: orNull("string"),
    meetings: { type: "array", items: closed(meeting) },
};
const rosterEntry = {
    ...enrollment,
    number: orNull("string"),
    given_name: orNull("string"),
    family_name: text,
    email: orNull("string"),
};
const pageOf = (properties) => ({
    200: closed({ items: { type: "array", items: closed(properties) }, next: orNull("string") }),
});
const courses = pageOf(course);
const params = closed({ id });
const page = {
    limit: { type: "integer", minimum: 1, maximum: 1000, default: 100 },
    cursor: { type: "string", maxLength: 2000 },
};
const querystring = { type: "object", properties: page, additionalProperties: false };

function pageFrom(rows, limit, place) {
    const items = rows.slice(0, limit);
    const next = rows.length > limit ? JSON.stringify(place(items[limit - 1])) : null;
    return { items, next };
}

const app = Fastify({
    // Unknown fields are refused rather than left out.
    ajv: { customOptions: { removeAdditional: false } },
    // One line for each request, when it is answered.
    logger: true,
    disableRequestLogging: true,
    genReqId: () => randomBytes(8).toString("hex"),
});
await app.register(etag);
app.addHook("onRequest", (request, reply, done) => {
    reply.header("X-Request-Id", request.id);
    const known = ["127.0.0.1", "localhost"].includes(request.hostname);
    done(known ? undefined : refusal(421, "misdirected_request", "This is another host."));
});
app.addHook("onRequest", authenticate);
app.addHook("onResponse", (request, reply, done) => {
    request.log.info({ req: request, res: reply, responseTime: reply.elapsedTime }, "answered");
    done();
});

app.get("/v1/students/:id/courses", { schema: { params, response: courses } }, (request) => {
    const items = coursesOf(request.params.id);
    if (!items.length) needStudent(request.params.id);
    return { items, next: null };
});

app.get(
    "/v1/courses/:id/students",
    {
        schema: { params, querystring, response: pageOf(rosterEntry) },
    },
    ({ params: { id }, query: { limit } }) => {
        const rows = listRoster.all(id, limit + 1);
        if (!rows.length && !getCourse.get(id)) {
            throw refusal(404, "course_not_found", `There is no course ${id}.`);
        }
        return pageFrom(rows, limit, (row) => [row.status, row.queue_number, row.student_id]);
    },
);

app.get("/v1/students", { schema: { querystring, response: pageOf(student) } }, ({ query }) => {
    const [family, given, last] = JSON.parse(query.cursor ?? '["", "", 0]');
    const rows = listStudents
        .all(family, given, last, query.limit + 1)
        .map((row) => ({ ...row, groups: JSON.parse(row.groups) }));
    return pageFrom(rows, query.limit, (row) => [row.family_sort, row.given_sort, row.id]);
});

app.post(
    "/v1/students/:id/courses",
    { schema: { params, body: closed({ course_id: id }), response: { 201: closed(enrollment) } } },
    (request, reply) => {
        const created = enrollOne(request.params.id, request.body.course_id, request.actor);
        reply.code(201).header("Location", `${request.url}/${created.course_id}`);
        reply.header("ETag", `"${created.version}"`);
        return created;
    },
);

app.put(
    "/v1/students/:id/courses",
    {
        schema: {
            params,
            body: closed({
                courses: { type: "array", maxItems: 100, items: closed({ course_id: id }) },
            }),
            response: courses,
        },
    },
    (request) => {
        const ids = request.body.courses.map((course) => course.course_id);
        return { items: enrollExactly(request.params.id, ids, request.actor), next: null };
    },
);

await app.listen({ host: "127.0.0.1", port: Number(port) });
