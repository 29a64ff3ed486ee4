-- name: get_start_counts(term, since)^
-- Which numbers stand on the start page: of the open courses of this term, and what was recorded since this time?
SELECT
    count(*) FILTER (WHERE taken >= capacity) AS full,
    count(*) FILTER (WHERE waiting > 0 AND coalesce(taken < capacity, true)) AS waiting,
    (SELECT count(DISTINCT student_id) FROM hold WHERE released_at IS NULL) AS on_hold,
    (SELECT count(*) FROM student_course_event WHERE recorded_at >= :since)
        + (SELECT count(*) FROM record_change WHERE recorded_at >= :since AND subject <> 'token') AS changes
FROM (
    SELECT
        capacity,
        (SELECT count(*) FROM student_course WHERE course_id = course.id AND status = 'enrolled') AS taken,
        (SELECT count(*) FROM student_course WHERE course_id = course.id AND status = 'waitlisted') AS waiting
    FROM course
    WHERE term = :term AND status = 'open'
) AS offered;

-- name: get_term_counts(term_id, start)^
-- Which numbers stand on the page of a term: how many courses it has, how many are full, or have a free seat and
-- students who wait; how many places are taken, waited for, completed, and dropped since this time; credits and students?
SELECT
    count(*) AS courses,
    count(*) FILTER (WHERE status = 'open' AND enrolled >= capacity) AS full,
    count(*) FILTER (
        WHERE status = 'open' AND waitlisted > 0 AND coalesce(enrolled < capacity, true)
    ) AS waiting,
    coalesce(sum(enrolled), 0) AS enrolled,
    coalesce(sum(waitlisted), 0) AS waitlisted,
    coalesce(sum(completed), 0) AS completed,
    coalesce(sum(dropped), 0) AS dropped,
    coalesce(sum(credits * (enrolled + completed)), 0.0) AS credits,
    coalesce(max(students), 0) AS students
FROM (
-- include: census_line.sql
) AS line;

-- name: list_window_changes(term_id, now, enroll_from, enroll_until, opens)
-- With this window of the term, in which open courses can students enroll now who could not before, or no longer? And
-- which stay closed, or open, by times of their own? opens says which of the two is wanted.
SELECT id, label, was_open <> is_open AS has_changed
FROM (
    SELECT course.id, course.code, course.label,
        coalesce(coalesce(course.enroll_from, term.enroll_from) <= :now, true)
            AND coalesce(coalesce(course.enroll_until, term.enroll_until) > :now, true) AS was_open,
        coalesce(coalesce(course.enroll_from, :enroll_from) <= :now, true)
            AND coalesce(coalesce(course.enroll_until, :enroll_until) > :now, true) AS is_open
    FROM term
    JOIN course ON course.term = term.code
    WHERE term.id = :term_id AND course.status = 'open'
) AS offered
WHERE was_open <> is_open OR is_open <> :opens
ORDER BY code, label, id;

-- name: list_student_marks(ids, term)
-- How many credits do these students take in this term, and how many holds are on each? ids is a JSON array.
SELECT
    CAST(wanted.value AS bigint) AS student_id,
    (
        SELECT coalesce(sum(course.credits), 0.0)
        FROM student_course
        CROSS JOIN course
        WHERE student_course.student_id = CAST(wanted.value AS bigint)
            AND student_course.status = 'enrolled'
            AND course.id = student_course.course_id
            AND course.term IS NOT DISTINCT FROM :term
            AND course.status <> 'cancelled'
    ) AS credits,
    (
        SELECT count(*) FROM hold
        WHERE student_id = CAST(wanted.value AS bigint) AND released_at IS NULL
    ) AS holds
FROM json_each(:ids) AS wanted
ORDER BY wanted.key;

-- name: list_schedule(student_id)
-- Which courses is or was this student in, the latest term first? meetings is a JSON array.
SELECT
    enrollment.student_id, enrollment.course_id, enrollment.status, enrollment.position,
    enrollment.enrolled_at, enrollment.waitlisted_at, enrollment.completed_at, enrollment.dropped_at,
    enrollment.passed, enrollment.grade, enrollment.instead_of, enrollment.version, course.code, course.section,
    course.label, course.title, course.term, course.credits, course.instructor, course.status AS course_status,
    (
        SELECT count(*) FROM student_course AS other
        WHERE other.course_id = course.id AND other.status = 'waitlisted'
    ) AS waiting,
    coalesce(course.drop_until, term.drop_until, term.end_on) AS drop_until,
-- include: meetings.sql
FROM enrollment
CROSS JOIN course
LEFT JOIN term ON term.code = course.term
WHERE enrollment.student_id = :student_id AND course.id = enrollment.course_id
ORDER BY term.start_on DESC NULLS LAST, course.code, course.label, course.id;

-- name: list_late_drops(pairs, at, today)
-- In which of these courses is the student enrolled, and students cannot drop it any more? pairs is a JSON array of
-- [student_id, course_id]. drop_until is a time, or the last day of the term.
SELECT enrollment.student_id, course.id AS course_id, course.label,
    coalesce(course.drop_until, term.drop_until, term.end_on) AS drop_until
FROM json_each(:pairs) AS pair
CROSS JOIN student_course AS enrollment
CROSS JOIN course
LEFT JOIN term ON term.code = course.term
WHERE enrollment.student_id = CAST(pair.value ->> 0 AS bigint)
    AND enrollment.course_id = CAST(pair.value ->> 1 AS bigint)
    AND enrollment.status = 'enrolled'
    AND course.id = enrollment.course_id
-- include: drop_is_over.sql
ORDER BY pair.key;

-- name: list_catalog(term, words, last, show, after_code, after_label, after_id, limit)
-- Which courses of this term, or without a term, with each of these words, follow this place in the order of
-- codes? show is one of all, open, full, waiting and cancelled. meetings is a JSON array.
SELECT id, version, code, label, title, term, instructor, credits, capacity, waitlist_capacity, promotion,
    enroll_from, enroll_until, status, enrolled, waitlisted,
-- include: meetings.sql
FROM (
    SELECT id, version, code, label, title, term, instructor, credits, capacity, waitlist_capacity, promotion,
        enroll_from, enroll_until, status,
        (SELECT count(*) FROM student_course WHERE course_id = course.id AND status = 'enrolled') AS enrolled,
        (SELECT count(*) FROM student_course WHERE course_id = course.id AND status = 'waitlisted') AS waitlisted
    FROM course
    WHERE term IS NOT DISTINCT FROM :term
        AND (code, label, id) > (:after_code, :after_label, :after_id)
        AND NOT EXISTS (
            SELECT 1 FROM json_each(:words) AS wanted
            WHERE NOT EXISTS (
                SELECT 1 FROM course_word
                WHERE course_id = course.id AND word >= wanted.atom AND word < wanted.atom || :last
            )
        )
) AS course
WHERE :show = 'all'
    OR :show = 'open' AND status = 'open' AND coalesce(enrolled < capacity, true)
    OR :show = 'full' AND status = 'open' AND enrolled >= capacity
    OR :show = 'waiting' AND waitlisted > 0
    OR :show = 'cancelled' AND status = 'cancelled'
ORDER BY code, label, id
LIMIT :limit;

-- name: get_course_facts(course_id)^
-- When do students enroll in this course, and until when do they drop it: by its own times, or else by those of its term?
-- And which codes does it require that no course has or counts as? unknown_codes is a JSON array.
SELECT
    term.title AS term_title,
    coalesce(course.enroll_from, term.enroll_from) AS enroll_from,
    coalesce(course.enroll_until, term.enroll_until) AS enroll_until,
    coalesce(course.drop_until, term.drop_until, term.end_on) AS drop_until,
    (
        SELECT json_group_array(code)
        FROM (
            SELECT DISTINCT required.code
            FROM course_requirement AS required
            WHERE required.course_id = course.id
                AND NOT EXISTS (SELECT 1 FROM course AS other WHERE other.code = required.code)
                -- This search has no index. It is for the few codes that no course has as its own.
                AND NOT EXISTS (SELECT 1 FROM course_code WHERE course_code.code = required.code)
            ORDER BY required.code
        ) AS unknown_code
    ) AS unknown_codes
FROM course
LEFT JOIN term ON term.code = course.term
WHERE course.id = :course_id;

-- name: get_course_without_term()^
-- Which is a course without a term, if there is one?
SELECT id
FROM course
WHERE term IS NULL
LIMIT 1;

-- name: list_students_named(names)
-- Which students have these numbers or emails, or these ids, written #6? names is a JSON array. A name that no one has
-- gives a row without a student; one that several have gives several.
SELECT wanted.atom AS name, student.id AS student_id
FROM json_each(:names) AS wanted
LEFT JOIN student ON student.id IN (
    SELECT id FROM student AS numbered WHERE numbered.number = CAST(wanted.atom AS citext)
    UNION
    SELECT id FROM student AS mailed WHERE mailed.email = CAST(wanted.atom AS citext)
    UNION
    SELECT id FROM student AS known
    WHERE known.id = CASE
            WHEN length(wanted.atom) BETWEEN 2 AND 17 AND trim(substr(wanted.atom, 2), '0123456789') = ''
                THEN CAST(substr(wanted.atom, 2) AS bigint)
        END
        AND '#' || CAST(known.id AS text) = wanted.atom
)
ORDER BY wanted.key, student.id;

-- name: list_people(ids)
-- Who are these students? ids is a JSON array.
SELECT student.id, student.number, student.given_name, student.family_name
FROM student
WHERE student.id IN (SELECT CAST(value AS bigint) FROM json_each(:ids))
ORDER BY student.id;

-- name: get_record_end(student_id)^
-- Into which record was this student merged, and when? When was the data erased? An active student is not merged.
SELECT merge.merged_at, merge.into_id, other.family_name, other.given_name, erasure.erased_at
FROM student
LEFT JOIN merge ON merge.student_id = student.id AND student.status = 'inactive'
LEFT JOIN student AS other ON other.id = merge.into_id
LEFT JOIN erasure ON erasure.student_id = student.id
WHERE student.id = :student_id;

-- name: list_labels(ids)
-- What are these courses called? ids is a JSON array.
SELECT course.id, course.label
FROM course
WHERE course.id IN (SELECT CAST(value AS bigint) FROM json_each(:ids))
ORDER BY course.id;

-- name: list_seats_since(after_id, limit)
-- Which students got a seat from a waitlist after this event, and in which courses?
SELECT student_id, course_id FROM student_course_event
WHERE id > :after_id AND from_status = 'waitlisted' AND to_status = 'enrolled'
ORDER BY id
LIMIT :limit;

-- name: get_token_of_student(student_id, now)^
-- Which valid token of this student is the oldest? NULL: there is none.
SELECT min(id) AS id
FROM token
WHERE student_id = :student_id
    AND role = 'student'
    AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > :now);

-- name: list_codes_to_copy(source, target)
-- Which codes do the courses of this term have, without the cancelled ones; how many sections, and how many of these
-- are in the other term already?
SELECT course.code, min(course.title) AS title, count(*) AS sections, count(other.id) AS present
FROM course
LEFT JOIN course AS other ON other.term = :target AND other.code = course.code AND other.label = course.label
WHERE course.term = :source AND course.status <> 'cancelled'
GROUP BY course.code
ORDER BY course.code;
