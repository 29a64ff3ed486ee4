-- name: get_course(id)^
-- Which course has this id?
SELECT id, version, code, title, term, credits, capacity, waitlist_capacity,
    promotion, enroll_from, enroll_until, status, repeatable
FROM course
WHERE id = :id;

-- name: get_course_tag(id)^
-- What changes whenever the course does, or who is in it or waits for it?
SELECT format(
    '%d-%d',
    version,
    (SELECT coalesce(max(id), 0) FROM student_course_event WHERE course_id = :id)
) AS tag
FROM course
WHERE id = :id;

-- name: list_courses(code, title, status, after_code, after_id, limit)
-- Which courses follow this place in the order of codes? A first page follows (code, 0).
SELECT id, version, code, title, term, credits, capacity, waitlist_capacity,
    promotion, enroll_from, enroll_until, status, repeatable
FROM course
WHERE (code, id) > (:after_code, :after_id)
    AND code < :code || char(0x10FFFF)
    AND title >= :title
    AND title < :title || char(0x10FFFF)
    AND (:status IS NULL OR status = :status)
ORDER BY code, id
LIMIT :limit;

-- name: list_courses_of_term(term, code, title, status, after_code, after_id, limit)
-- The same within one term.
SELECT id, version, code, title, term, credits, capacity, waitlist_capacity,
    promotion, enroll_from, enroll_until, status, repeatable
FROM course
WHERE term = :term
    AND (code, id) > (:after_code, :after_id)
    AND code < :code || char(0x10FFFF)
    AND title >= :title
    AND title < :title || char(0x10FFFF)
    AND (:status IS NULL OR status = :status)
ORDER BY code, id
LIMIT :limit;

-- name: list_course_details(ids)
-- What do these courses require, when do they meet, and how many students are in them? ids is a JSON array;
-- each list is JSON.
SELECT
    course_seat.course_id AS id,
    (
        SELECT json_group_array(
            json_object('code', code, 'concurrent', json(CASE kind WHEN 'concurrent' THEN 'true' ELSE 'false' END))
        )
        FROM (
            SELECT code, kind FROM course_requirement
            WHERE course_requirement.course_id = course_seat.course_id AND kind <> 'corequisite'
            ORDER BY code
        ) AS required
    ) AS prerequisites,
    (
        SELECT json_group_array(code)
        FROM (
            SELECT code FROM course_requirement
            WHERE course_requirement.course_id = course_seat.course_id AND kind = 'corequisite'
            ORDER BY code
        ) AS required
    ) AS corequisites,
    (
        SELECT json_group_array(json_object('weekday', weekday, 'from', from_time, 'to', to_time))
        FROM (
            SELECT weekday, from_time, to_time FROM course_meeting
            WHERE course_meeting.course_id = course_seat.course_id
            ORDER BY weekday, from_time
        ) AS meeting
    ) AS meetings,
    course_seat.enrolled,
    course_seat.waitlisted
FROM json_each(:ids) AS wanted
CROSS JOIN course_seat
WHERE course_seat.course_id = CAST(wanted.value AS bigint)
ORDER BY course_seat.course_id;

-- name: list_broken_course_rules(id, code, term, enroll_from, enroll_until, requirements, meetings)
-- What speaks against a course with these fields? A new course has no id.
SELECT '/enroll_until' AS pointer, 'ends_before_start' AS code,
    format('Enrollment ends at %s, which is not after it starts at %s.', :enroll_until, :enroll_from)
        AS detail,
    json_object('start', :enroll_from, 'end', :enroll_until) AS details
WHERE :enroll_until <= :enroll_from
UNION ALL
SELECT '/term', 'unknown_term',
    format('There is no term with the code %s.', :term),
    json_object('term', :term)
WHERE :term IS NOT NULL AND NOT EXISTS (SELECT 1 FROM term WHERE code = :term)
UNION ALL
SELECT '/code', 'course_code_taken',
    format('Course %d in the same term has the code %s.', id, code),
    json_object('course_id', id)
FROM course
WHERE code = :code AND term IS :term AND id IS NOT :id
UNION ALL
SELECT format('/%s/%d', value ->> 'field', value ->> 'place'), 'duplicate_requirement',
    format('%s is already required.', value ->> 'code'),
    json_object('code', value ->> 'code')
FROM (
    SELECT value,
        row_number() OVER (PARTITION BY value ->> 'code' COLLATE NOCASE ORDER BY key) AS mention
    FROM json_each(:requirements)
)
WHERE mention > 1
UNION ALL
SELECT format('/%s/%d', value ->> 'field', value ->> 'place'), 'requires_itself',
    format('%s cannot require itself.', :code),
    json_object('code', value ->> 'code')
FROM json_each(:requirements)
WHERE value ->> 'code' = :code COLLATE NOCASE
UNION ALL
SELECT format('/meetings/%d/to', key), 'ends_before_start',
    format('The meeting ends at %s, which is not after it starts at %s.', value ->> 'to', value ->> 'from'),
    json_object('start', value ->> 'from', 'end', value ->> 'to')
FROM json_each(:meetings)
WHERE value ->> 'to' <= value ->> 'from'
UNION ALL
SELECT format('/meetings/%d', later.key), 'meetings_overlap',
    'The meeting overlaps an earlier one in the list.',
    json_object('weekday', later.value ->> 'weekday')
FROM json_each(:meetings) AS later
WHERE EXISTS (
    SELECT 1 FROM json_each(:meetings) AS earlier
    WHERE earlier.key < later.key
        AND earlier.value ->> 'weekday' = later.value ->> 'weekday'
        AND earlier.value ->> 'from' < later.value ->> 'to'
        AND earlier.value ->> 'to' > later.value ->> 'from'
)
ORDER BY pointer, code;

-- name: insert_course(code, title, term, credits, capacity, waitlist_capacity, promotion, enroll_from, enroll_until, status, repeatable)^
INSERT INTO course (
    code, title, term, credits, capacity, waitlist_capacity, promotion, enroll_from, enroll_until,
    status, repeatable
)
VALUES (
    :code, :title, (SELECT code FROM term WHERE code = :term), :credits, :capacity,
    :waitlist_capacity, :promotion, :enroll_from, :enroll_until, :status, :repeatable
)
RETURNING id;

-- name: update_course(id, code, title, term, credits, capacity, waitlist_capacity, promotion, enroll_from, enroll_until, status, repeatable)!
UPDATE course
SET code = :code, title = :title, term = (SELECT code FROM term WHERE code = :term),
    credits = :credits, capacity = :capacity, waitlist_capacity = :waitlist_capacity,
    promotion = :promotion, enroll_from = :enroll_from, enroll_until = :enroll_until, status = :status,
    repeatable = :repeatable, version = version + 1
WHERE id = :id;

-- name: delete_requirements(course_id)!
DELETE FROM course_requirement WHERE course_id = :course_id;

-- name: insert_requirements(course_id, requirements)!
INSERT INTO course_requirement (course_id, code, kind)
SELECT :course_id, value ->> 'code', value ->> 'kind' FROM json_each(:requirements);

-- name: delete_meetings(course_id)!
DELETE FROM course_meeting WHERE course_id = :course_id;

-- name: insert_meetings(course_id, meetings)!
INSERT INTO course_meeting (course_id, weekday, from_time, to_time)
SELECT :course_id, value ->> 'weekday', value ->> 'from', value ->> 'to' FROM json_each(:meetings);

-- name: list_broken_course_deletion_rules(id)
-- What speaks against deleting this course? History does.
SELECT '' AS pointer, 'course_has_enrollments' AS code,
    format('Enrollments in the course, present and past: %d.', count(*)) AS detail,
    json_object('enrollments', count(*)) AS details
FROM student_course
WHERE course_id = :id
HAVING count(*) > 0;

-- name: delete_course(id)!
DELETE FROM course WHERE id = :id;

-- name: list_course_ids(term, after_course_id, limit)
-- Which courses, of this term or of any, follow this one in the order of ids?
SELECT id
FROM course
WHERE id > :after_course_id AND (:term IS NULL OR term = :term)
ORDER BY id
LIMIT :limit;
