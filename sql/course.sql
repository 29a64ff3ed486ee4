-- name: get_course(id)^
-- Which course has this id?
SELECT
-- include: course_columns.sql
FROM course
WHERE id = :id;

-- name: get_course_tag(id)^
-- What changes whenever the course or one of its enrollments changes?
SELECT CAST(version AS text) || '-' || CAST(
        (SELECT coalesce(max(id), 0) FROM student_course_event WHERE course_id = :id) AS text
    ) AS tag
FROM course
WHERE id = :id;

-- name: list_courses(term, code_end, title, title_end, status, section, instructor, instructor_end, seats, waiting, updated_since, words, last, after_code, after_label, after_id, limit)
-- Which courses of this term, or of any if it is NULL, follow this place in the order of codes? Of the two searches one
-- runs, by its index. A first page follows (the prefix of the code, '', 0). Each _end is the end of a prefix.
SELECT
-- include: course_columns.sql
FROM (
    SELECT
-- include: course_columns.sql
    FROM course
    WHERE :term IS NULL
    UNION ALL
    SELECT
-- include: course_columns.sql
    FROM course
    WHERE term = :term
) AS course
WHERE (code, label, id) > (:after_code, :after_label, :after_id)
    AND code < :code_end
    AND title >= :title
    AND title < :title_end
    AND (:status IS NULL OR status = :status)
    AND (:updated_since IS NULL OR updated_at >= :updated_since)
    AND (
        :words = '[]'
        OR NOT EXISTS (
            SELECT 1 FROM json_each(:words) AS wanted
            WHERE NOT EXISTS (
                SELECT 1 FROM course_word
                WHERE course_id = course.id AND word >= wanted.atom AND word < wanted.atom || :last
            )
        )
    )
    AND (:section IS NULL OR section = :section)
    AND (:instructor = '' OR instructor >= :instructor AND instructor < :instructor_end)
    AND (
        :seats IS NULL
        OR :seats = CASE
            WHEN capacity <= (SELECT enrolled FROM course_seat WHERE course_id = course.id) THEN 'full'
            ELSE 'open'
        END
    )
    AND (
        NOT :waiting
        OR EXISTS (
            SELECT 1 FROM student_course
            WHERE student_course.course_id = course.id AND student_course.status = 'waitlisted'
        )
    )
ORDER BY code, label, id
LIMIT :limit;

-- name: list_course_details(ids)
-- What do these courses require, when do they meet, and how many students are in them? ids is a JSON array;
-- each list is JSON.
SELECT
    course.id,
    (
        SELECT json_group_array(
            json_object('choice', choice, 'kind', kind, 'code', code)
        )
        FROM (
            SELECT choice, kind, code FROM course_requirement
            WHERE course_requirement.course_id = course.id AND kind <> 'corequisite'
            ORDER BY choice, code
        ) AS required
    ) AS prerequisites,
    (
        SELECT json_group_array(code)
        FROM (
            SELECT code FROM course_requirement
            WHERE course_requirement.course_id = course.id AND kind = 'corequisite'
            ORDER BY code
        ) AS required
    ) AS corequisites,
    course_seat.enrolled,
    course_seat.waitlisted,
-- include: meetings.sql
FROM json_each(:ids) AS wanted
CROSS JOIN course
CROSS JOIN course_seat
WHERE course.id = CAST(wanted.value AS bigint) AND course_seat.course_id = course.id
ORDER BY course.id;

-- name: list_courses_to_copy(term, codes)
-- Which courses of this term have these codes, without the cancelled ones? codes is a JSON array; NULL: all codes.
SELECT
-- include: course_columns.sql
FROM course
WHERE term = :term
    AND status <> 'cancelled'
    AND (:codes IS NULL OR code IN (SELECT CAST(atom AS citext) FROM json_each(:codes)))
ORDER BY code, label, id;

-- name: list_broken_copy_rules(term, codes)
-- Which rules would it break to copy the courses of this term with these codes?
SELECT '/copy_from' AS pointer, 'unknown_term' AS code,
    'There is no term with the code ' || :term || '.' AS detail,
    json_object('term', :term) AS details
WHERE NOT EXISTS (SELECT 1 FROM term WHERE code = :term)
UNION ALL
SELECT '/codes/' || CAST(listed.key AS text), 'nothing_to_copy',
    'The term ' || term.code || ' has no course with the code ' || listed.atom || ' to copy.',
    json_object('term', term.code, 'code', listed.atom)
FROM json_each(:codes) AS listed
CROSS JOIN term
WHERE term.code = :term
    AND NOT EXISTS (
        SELECT 1 FROM course
        WHERE course.term = term.code AND course.code = CAST(listed.atom AS citext) AND course.status <> 'cancelled'
    )
ORDER BY pointer, code;

-- name: list_offers(ids)
-- What is shown of these courses to a student who can enroll in them? ids is a JSON array.
SELECT
    course.id AS course_id, course.code, course.section, course.label, course.title, course.term, course.credits,
    course.instructor,
-- include: meetings.sql
FROM json_each(:ids) AS wanted
CROSS JOIN course
WHERE course.id = CAST(wanted.value AS bigint)
ORDER BY course.id;

-- name: list_broken_course_rules(id, code, section, term, enroll_from, enroll_until, prerequisites, requirements, meetings, open_to, early_access_items, counts_as)
-- Which rules would a course with these fields break? A new course has no id. The days of a meeting are numbers.
WITH requirement AS MATERIALIZED (
    SELECT
        value ->> 'pointer' AS pointer,
        value ->> 'code' AS code,
        row_number() OVER (PARTITION BY value ->> 'choice', lower(value ->> 'code') ORDER BY key) AS occurrence
    FROM json_each(:requirements)
),

meeting AS MATERIALIZED (
    SELECT key AS item, CAST(value ->> 'weekday' AS bigint) AS weekday, value ->> 'from' AS from_time,
        value ->> 'to' AS to_time, value ->> 'start_on' AS start_on, value ->> 'end_on' AS end_on,
        CAST(value ->> 'every' AS bigint) AS every, CAST(value ->> 'first_day' AS bigint) AS first_day,
        CAST(value ->> 'last_day' AS bigint) AS last_day
    FROM json_each(:meetings)
),

listed_group AS MATERIALIZED (
    SELECT pointer, code, row_number() OVER (PARTITION BY field, lower(code) ORDER BY key) AS occurrence
    FROM (
        SELECT 'open' AS field, key, '/open_to/' || CAST(key AS text) AS pointer, atom AS code
        FROM json_each(:open_to)
        UNION ALL
        SELECT 'early', key, '/early_access/' || CAST(key AS text) || '/group', value ->> 'group'
        FROM json_each(:early_access_items)
    ) AS listed
)

SELECT '/enroll_until' AS pointer, 'ends_before_start' AS code,
    'Enrollment ends at ' || :enroll_until || ', which is not after it starts at ' || :enroll_from || '.'
        AS detail,
    json_object('start', :enroll_from, 'end', :enroll_until) AS details
WHERE :enroll_until <= :enroll_from
UNION ALL
SELECT '/term', 'unknown_term',
    'There is no term with the code ' || :term || '.',
    json_object('term', :term)
WHERE :term IS NOT NULL AND NOT EXISTS (SELECT 1 FROM term WHERE code = :term)
UNION ALL
SELECT '/code', 'course_code_taken',
    'The course ' || title || ' in the same term has the code ' || code
        || CASE WHEN section IS NULL THEN '.' ELSE ' and the section ' || section || '.' END,
    json_object('course_id', id)
FROM course
WHERE code = :code
    AND section IS NOT DISTINCT FROM :section
    AND term IS NOT DISTINCT FROM :term
    AND id IS DISTINCT FROM :id
UNION ALL
SELECT pointer, 'duplicate_requirement',
    code || ' is already required.',
    json_object('code', code)
FROM requirement
WHERE occurrence > 1
UNION ALL
SELECT '/prerequisites/' || CAST(key AS text), 'code_or_any_of',
    'A prerequisite has either `code` or `any_of`.',
    json_object('index', key)
FROM json_each(:prerequisites)
WHERE (value ->> 'code' IS NULL) = (value ->> 'any_of' IS NULL)
UNION ALL
SELECT pointer, 'requires_itself',
    :code || ' cannot require itself.',
    json_object('code', code)
FROM requirement
WHERE lower(code) = lower(:code)
UNION ALL
SELECT '/meetings/' || CAST(item AS text) || '/to', 'ends_before_start',
    'The meeting ends at ' || to_time || ', which is not after it starts at ' || from_time || '.',
    json_object('start', from_time, 'end', to_time)
FROM meeting
WHERE to_time <= from_time
UNION ALL
SELECT '/meetings/' || CAST(item AS text), 'meetings_overlap',
    'The meeting overlaps an earlier one in the list.',
    json_object('weekday', weekday)
FROM meeting
WHERE EXISTS (
    SELECT 1 FROM meeting AS earlier
    WHERE earlier.item < meeting.item
        AND earlier.weekday = meeting.weekday
        AND earlier.from_time < meeting.to_time
        AND earlier.to_time > meeting.from_time
        AND coalesce(earlier.first_day <= meeting.last_day, true)
        AND coalesce(earlier.last_day >= meeting.first_day, true)
        -- Each is every second week, and they take turns.
        AND NOT (
            earlier.every = 2 AND meeting.every = 2
            AND coalesce((earlier.first_day - meeting.first_day) % 14 <> 0, false)
        )
)
UNION ALL
SELECT pointer, 'duplicate_group',
    'The group ' || code || ' is listed before.',
    json_object('group', code)
FROM listed_group
WHERE occurrence > 1
UNION ALL
SELECT '/counts_as/' || CAST(key AS text), 'duplicate_code',
    'The code ' || atom || ' is listed before.',
    json_object('code', atom)
FROM (
    SELECT key, atom, row_number() OVER (PARTITION BY lower(atom) ORDER BY key) AS occurrence
    FROM json_each(:counts_as)
) AS listed_code
WHERE occurrence > 1
UNION ALL
SELECT '/early_access/' || CAST(item AS text) || '/enroll_from', 'not_earlier',
    code || ' could enroll from ' || starts_at || ' on, no earlier than everyone.',
    json_object('group', code, 'starts_at', starts_at, 'enroll_from', :enroll_from)
FROM (
    SELECT key AS item, value ->> 'group' AS code, value ->> 'enroll_from' AS starts_at
    FROM json_each(:early_access_items)
) AS early
WHERE coalesce(starts_at >= :enroll_from, true)
UNION ALL
SELECT '/meetings/' || CAST(item AS text) || '/end_on', 'ends_before_start',
    'The meetings end on ' || end_on || ', before they start on ' || start_on || '.',
    json_object('start', start_on, 'end', end_on)
FROM meeting
WHERE end_on < start_on
UNION ALL
SELECT '/meetings/' || CAST(item AS text) || '/weekday', 'meeting_without_day',
    'No day from ' || start_on || ' to ' || end_on || ' is weekday ' || CAST(weekday AS text) || '.',
    json_object('weekday', weekday, 'start_on', start_on, 'end_on', end_on)
FROM meeting
WHERE first_day > last_day AND end_on >= start_on
ORDER BY pointer, code;

-- name: list_broken_replacement_rules(id, left_out)
-- Which limits of this course would be lifted without anyone saying so, while students wait for it? left_out is a
-- JSON array of the fields that the request leaves out. They get their defaults, which limit nothing.
SELECT '/' || field.atom AS pointer, 'limit_not_named' AS code,
    'Students wait for ' || present.label || ', and without `' || field.atom || '` in the body that limit is lifted.'
        AS detail,
    json_object('course', present.label, 'field', field.atom) AS details
FROM (
    SELECT label, term, capacity, waitlist_capacity, enroll_from, enroll_until,
        CASE WHEN credits > 0 THEN credits END AS credits,
        CASE WHEN promotion <> 'automatic' THEN promotion END AS promotion,
        CASE WHEN status <> 'open' THEN status END AS status,
        CASE WHEN open_to <> '[]' THEN open_to END AS open_to,
        (
            SELECT max(code) FROM course_requirement WHERE course_id = course.id AND kind <> 'corequisite'
        ) AS prerequisites,
        (
            SELECT max(code) FROM course_requirement WHERE course_id = course.id AND kind = 'corequisite'
        ) AS corequisites,
        (SELECT max(weekday) FROM course_meeting WHERE course_id = course.id) AS meetings
    FROM course
    WHERE id = :id
        AND EXISTS (
            SELECT 1 FROM student_course
            WHERE student_course.course_id = course.id AND student_course.status = 'waitlisted'
        )
) AS present
CROSS JOIN json_each(:left_out) AS field
WHERE CASE field.atom
    WHEN 'term' THEN present.term IS NOT NULL
    WHEN 'credits' THEN present.credits IS NOT NULL
    WHEN 'capacity' THEN present.capacity IS NOT NULL
    WHEN 'waitlist_capacity' THEN present.waitlist_capacity IS NOT NULL
    WHEN 'promotion' THEN present.promotion IS NOT NULL
    WHEN 'enroll_from' THEN present.enroll_from IS NOT NULL
    WHEN 'enroll_until' THEN present.enroll_until IS NOT NULL
    WHEN 'status' THEN present.status IS NOT NULL
    WHEN 'prerequisites' THEN present.prerequisites IS NOT NULL
    WHEN 'corequisites' THEN present.corequisites IS NOT NULL
    WHEN 'meetings' THEN present.meetings IS NOT NULL
    WHEN 'open_to' THEN present.open_to IS NOT NULL
END
ORDER BY pointer;

-- name: insert_course(now, code, section, title, term, instructor, credits, capacity, waitlist_capacity, promotion, enroll_from, enroll_until, drop_until, status, repeatable, open_to, early_access, counts_as)^
INSERT INTO course (
    code, section, title, term, instructor, credits, capacity, waitlist_capacity, promotion, enroll_from,
    enroll_until, drop_until, status, repeatable, open_to, early_access, counts_as, updated_at
)
VALUES (
    :code, :section, :title, (SELECT code FROM term WHERE code = :term), :instructor, :credits, :capacity,
    :waitlist_capacity, :promotion, :enroll_from, :enroll_until, :drop_until, :status, :repeatable, :open_to,
    :early_access, :counts_as, :now
)
RETURNING id;

-- name: update_course(id, now, code, section, title, term, instructor, credits, capacity, waitlist_capacity, promotion, enroll_from, enroll_until, drop_until, status, repeatable, open_to, early_access, counts_as, requirements, meetings)!
-- Change the course, if a column or a part differs. The parts follow: their changes on record have the new version.
-- Without || a difference in case would not count. That of the term does not: a course spells it as the term does.
WITH present AS (
    SELECT CAST(json_array(choice, code, kind) AS text) AS part
    FROM course_requirement
    WHERE course_id = :id
    UNION ALL
    SELECT CAST(json_array(weekday, from_time, to_time, room, start_on, end_on, every) AS text)
    FROM course_meeting
    WHERE course_id = :id
),

wanted AS (
    SELECT CAST(
        json_array(CAST(value ->> 'choice' AS bigint), value ->> 'code', value ->> 'kind') AS text
    ) AS part
    FROM json_each(:requirements)
    UNION ALL
    SELECT CAST(
        json_array(
            CAST(value ->> 'weekday' AS bigint), value ->> 'from', value ->> 'to', value ->> 'room',
            value ->> 'start_on', value ->> 'end_on', CAST(value ->> 'every' AS bigint)
        ) AS text
    )
    FROM json_each(:meetings)
)

UPDATE course
SET code = :code, section = :section, title = :title,
    term = (SELECT code FROM term WHERE code = :term), instructor = :instructor, credits = :credits,
    capacity = :capacity, waitlist_capacity = :waitlist_capacity, promotion = :promotion,
    enroll_from = :enroll_from, enroll_until = :enroll_until, drop_until = :drop_until, status = :status,
    repeatable = :repeatable, open_to = :open_to, early_access = :early_access, counts_as = :counts_as,
    updated_at = :now, version = version + 1
WHERE id = :id
    AND (
        (
            code || '', section || '', title || '', term, instructor || '', credits, capacity, waitlist_capacity,
            promotion, enroll_from, enroll_until, drop_until, status, repeatable, open_to, early_access, counts_as
        ) IS DISTINCT FROM (
            :code, :section, :title, :term, :instructor, :credits, :capacity, :waitlist_capacity,
            :promotion, :enroll_from, :enroll_until, :drop_until, :status, :repeatable, :open_to, :early_access,
            :counts_as
        )
        OR EXISTS (SELECT part FROM present EXCEPT SELECT part FROM wanted)
        OR EXISTS (SELECT part FROM wanted EXCEPT SELECT part FROM present)
    );

-- name: list_requiring_courses(code, new_code)
-- Which courses require this code, if the new code is another one?
SELECT DISTINCT course.id AS course_id, course.label, course.term
FROM course_requirement
JOIN course ON course.id = course_requirement.course_id
WHERE course_requirement.code = :code AND lower(:code) <> lower(:new_code)
ORDER BY course.id;

-- name: list_possible_corequisites(missing)
-- Which open courses of the same term have the code that a course is taken together with, or count as such a course?
-- missing is a JSON array of [course_id, code].
SELECT course.id AS course_id, pair.value ->> 1 AS code, other.id, other.label
FROM json_each(:missing) AS pair
CROSS JOIN course
CROSS JOIN course AS other
CROSS JOIN course_code
WHERE course.id = CAST(pair.value ->> 0 AS bigint)
    AND other.term IS NOT DISTINCT FROM course.term
    AND other.status = 'open'
    AND course_code.course_id = other.id
    AND course_code.code = CAST(pair.value ->> 1 AS citext)
ORDER BY pair.key, other.code, other.label, other.id;

-- name: delete_other_requirements(course_id, requirements)!
-- Delete the requirements that are not exactly among these. What stays leaves no change on record.
-- requirements is a JSON array. Without || a difference in case would not count.
DELETE FROM course_requirement
WHERE course_id = :course_id
    AND NOT EXISTS (
        SELECT 1 FROM json_each(:requirements)
        WHERE choice = CAST(value ->> 'choice' AS bigint)
            AND code || '' = value ->> 'code'
            AND kind = value ->> 'kind'
    );

-- name: insert_requirements(course_id, requirements)!
-- Add the requirements that the course does not have.
INSERT INTO course_requirement (course_id, choice, code, kind)
SELECT :course_id, CAST(value ->> 'choice' AS bigint), value ->> 'code', value ->> 'kind'
FROM json_each(:requirements)
WHERE true
ON CONFLICT (course_id, choice, code) DO NOTHING;

-- name: delete_other_meetings(course_id, meetings)!
-- Delete the meetings that are not exactly among these. meetings is a JSON array.
DELETE FROM course_meeting
WHERE course_id = :course_id
    AND NOT EXISTS (
        SELECT 1 FROM json_each(:meetings)
        WHERE weekday = CAST(value ->> 'weekday' AS bigint)
            AND from_time = value ->> 'from'
            AND to_time = value ->> 'to'
            AND room IS NOT DISTINCT FROM value ->> 'room'
            AND start_on IS NOT DISTINCT FROM value ->> 'start_on'
            AND end_on IS NOT DISTINCT FROM value ->> 'end_on'
            AND every = CAST(value ->> 'every' AS bigint)
    );

-- name: insert_meetings(course_id, meetings)!
-- Add the meetings that the course does not have.
INSERT INTO course_meeting (course_id, weekday, from_time, to_time, room, start_on, end_on, every)
SELECT :course_id, CAST(value ->> 'weekday' AS bigint), value ->> 'from', value ->> 'to', value ->> 'room',
    value ->> 'start_on', value ->> 'end_on', CAST(value ->> 'every' AS bigint)
FROM json_each(:meetings)
WHERE true
ON CONFLICT DO NOTHING;

-- name: list_broken_course_deletion_rules(id)
-- Which rules would the deletion of this course break? Its enrollments are history and must stay.
SELECT '' AS pointer, 'course_has_enrollments' AS code,
    'Enrollments in the course, present and past: ' || CAST(count(*) AS text) || '.' AS detail,
    json_object('enrollments', count(*)) AS details
FROM student_course
WHERE course_id = :id AND status <> 'void'
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
