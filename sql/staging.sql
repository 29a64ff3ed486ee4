-- name: insert_staged(id, file, line, kind, sourced_id, is_deleted, is_sound, cells, user_ref, class_ref, number, second_on)!
-- Keep a row.
INSERT INTO staged (
    id, file, line, kind, sourced_id, is_deleted, is_sound, content, user_ref, class_ref, number, second_on
)
VALUES (
    :id, :file, :line, :kind, :sourced_id, CASE WHEN :is_deleted THEN 1 ELSE 0 END, :is_sound, :cells, :user_ref,
    :class_ref, :number, :second_on
);

-- name: insert_staged_references(places)!
-- Keep the ids by which rows name others. places is a JSON array of [kind, column, kind of what is named]. Ids in one
-- cell stand with commas: so they are made a JSON array.
INSERT INTO staged_reference (staged_id, place, nth, target_kind, target)
SELECT staged.id, listed.value ->> 1, CAST(named.key AS bigint), listed.value ->> 2, named.atom
FROM json_each(:places) AS listed
CROSS JOIN staged
CROSS JOIN json_each(replace(CAST(json_array(staged.content ->> (listed.value ->> 1)) AS text), ',', '","')) AS named
WHERE staged.kind = listed.value ->> 0 AND named.atom <> '';

-- name: update_staged_unsound(ids)!
-- Leave rows out. ids is a JSON array.
UPDATE staged
SET is_sound = false
WHERE id IN (SELECT CAST(value AS bigint) FROM json_each(:ids));

-- name: get_staged(after_id, last_id)^
-- Which rows are there, and which of them can be meant? They are a JSON array.
SELECT json_group_array(
    json_array(id, file, line, kind, sourced_id, is_deleted, is_sound, content, user_ref, class_ref, number)
) AS staged
FROM staged
WHERE id > :after_id AND id <= :last_id;

-- name: get_staged_sessions()^
-- Which sessions does each class name, and at which place? They are a JSON array.
SELECT json_group_array(json_array(staged_id, place, target)) AS sessions
FROM (
    SELECT staged_id, min(nth) AS place, target
    FROM staged_reference
    WHERE place = 'termSourcedIds'
    GROUP BY staged_id, target
) AS named;

-- name: list_staged_faults(whole_kinds)
-- What is wrong between the rows: what stands twice, names what is not there, or contradicts another?
-- `whole_kinds` are those of which all is there; other ids may be known from before. The first row of an id counts.
-- No branch may take longer than in proportion to the rows, whatever they are.
WITH student (sourced_id) AS (
    SELECT DISTINCT user_ref
    FROM staged
    WHERE kind IN ('roles', 'enrollments') AND content ->> 'role' = 'student'
),

stretch AS (
    SELECT id, file, line, begin_on, second_on, end_on,
        first_value(line) OVER pair AS first_line,
        lag(begin_on) OVER pair AS last_begin_on,
        lag(end_on) OVER pair AS last_end_on,
        -- Rows with two ids that say the same of a student are one enrollment.
        role = 'student'
            AND begin_on = lag(begin_on) OVER pair
            AND end_on = lag(end_on) OVER pair
            AND outcome = lag(outcome) OVER pair AS is_same,
        max(end_on) OVER earlier AS busy_until,
        max(end_on) FILTER (WHERE outcome NOT IN ('completed', 'failed')) OVER earlier AS open_until
    FROM (
        SELECT id, file, line, user_ref, class_ref, second_on, content ->> 'role' AS role,
            coalesce(content ->> 'beginDate', '') AS begin_on,
            coalesce(content ->> 'endDate', '9') AS end_on,
            coalesce(content ->> '$."metadata.outcome"', '') AS outcome
        FROM staged
        WHERE kind = 'enrollments'
            AND is_deleted = 0
            AND id = (
                SELECT min(id) FROM staged AS same
                WHERE same.kind = staged.kind AND same.sourced_id = staged.sourced_id
            )
    ) AS present
    WINDOW
        pair AS (PARTITION BY user_ref, class_ref, role ORDER BY begin_on, id),
        earlier AS (pair ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)

SELECT later.id, later.file, later.line,
    CASE WHEN later.content <> first.content THEN 'sourcedId' END AS place,
    later.sourced_id AS value,
    CASE WHEN later.content <> first.content THEN 'duplicate_id' ELSE 'duplicate_row' END AS code,
    NULL AS severity,
    CASE
        WHEN later.content <> first.content
            THEN 'The id is that of row ' || CAST(first.line AS text) || ', which is another.'
        ELSE 'The row is the same as row ' || CAST(first.line AS text) || '.'
    END AS detail
FROM staged AS later
CROSS JOIN staged AS first
WHERE first.id = (
        SELECT min(id) FROM staged AS same
        WHERE same.kind = later.kind AND same.sourced_id = later.sourced_id
    )
    AND first.id < later.id
UNION ALL
SELECT id, file, line,
    CASE WHEN begin_on <> last_begin_on OR end_on <> last_end_on THEN 'beginDate' END,
    begin_on,
    CASE
        WHEN is_same THEN 'same_enrollment'
        WHEN begin_on <> last_begin_on OR end_on <> last_end_on THEN 'overlapping'
        ELSE 'duplicate_row'
    END,
    NULL,
    'From row ' || CAST(first_line AS text) || ' on, this person is in this class on the same days already.'
        || CASE WHEN is_same THEN ' It is one enrollment, which ends with the last of its rows.' ELSE '' END
FROM stretch
-- A person may leave and come back on one day, which is the last of the one and the first of the other. A row without a
-- last day may say that a student takes a class again that is completed, whatever the day.
WHERE coalesce(second_on, begin_on) < CASE end_on WHEN '9' THEN open_until ELSE busy_until END
UNION ALL
SELECT staged.id, staged.file, staged.line, staged_reference.place, staged_reference.target, 'unresolved_reference',
    CASE
        WHEN staged.kind <> 'enrollments' OR staged_reference.target_kind = 'orgs' THEN 'warning'
    END,
    'There is no ' || staged_reference.target || ' among the ' || staged_reference.target_kind
        || CASE
            WHEN EXISTS (
                SELECT 1 FROM staged AS target
                WHERE target.kind = staged_reference.target_kind
                    AND target.sourced_id = staged_reference.target
            )
                THEN ' that is not to be deleted.'
            ELSE '.'
        END
FROM staged_reference
CROSS JOIN staged
WHERE staged.id = staged_reference.staged_id
    AND staged.is_deleted = 0
    AND staged_reference.target_kind IN (SELECT atom FROM json_each(:whole_kinds))
    AND NOT EXISTS (
        SELECT 1 FROM staged AS target
        WHERE target.kind = staged_reference.target_kind
            AND target.is_deleted = 0
            AND target.sourced_id = staged_reference.target
    )
UNION ALL
SELECT class.id, class.file, class.line, 'schoolSourcedId', org.sourced_id, 'wrong_org', NULL,
    org.sourced_id || ' is a ' || coalesce(org.content ->> 'type', '') || ', and no school.'
FROM staged AS class
CROSS JOIN staged AS org
WHERE class.kind = 'classes'
    AND org.id = (
        SELECT min(id) FROM staged AS named
        WHERE named.kind = 'orgs' AND named.sourced_id = class.content ->> 'schoolSourcedId'
    )
    AND org.content ->> 'type' <> 'school'
UNION ALL
SELECT enrollment.id, enrollment.file, enrollment.line, 'schoolSourcedId',
    enrollment.content ->> 'schoolSourcedId', 'wrong_org', NULL,
    'The class is one of ' || (class.content ->> 'schoolSourcedId') || '.'
FROM staged AS enrollment
CROSS JOIN staged AS class
WHERE enrollment.kind = 'enrollments'
    AND class.id = (
        SELECT min(id) FROM staged AS named
        WHERE named.kind = 'classes' AND named.sourced_id = enrollment.class_ref
    )
    AND class.content ->> 'schoolSourcedId' <> enrollment.content ->> 'schoolSourcedId'
UNION ALL
SELECT class.id, class.file, class.line, 'termSourcedIds', class.content ->> 'termSourcedIds', 'several_terms', NULL,
    'The class is in ' || CAST(count(*) AS text) || ' terms that are not of one year. It is in the first.'
FROM staged_reference
CROSS JOIN staged AS class
CROSS JOIN staged AS session
WHERE staged_reference.place = 'termSourcedIds'
    AND class.id = staged_reference.staged_id
    AND session.id = (
        SELECT min(id) FROM staged AS named
        WHERE named.kind = 'academicSessions' AND named.sourced_id = staged_reference.target
    )
GROUP BY class.id, class.file, class.line, class.content
HAVING count(*) > 1
    AND (
        count(session.content ->> 'parentSourcedId') < count(*)
        OR count(DISTINCT session.content ->> 'parentSourcedId') > 1
    )
UNION ALL
SELECT id, file, line, 'email', email, 'email_taken', CASE WHEN own_line < line THEN 'error' END,
    CASE
        WHEN own_line < line
            THEN 'The address and the name are also those of row ' || CAST(own_line AS text)
                || ': one student has one row. Correct or remove one of the two.'
        ELSE 'The address is also that of row ' || CAST(first_line AS text) || '. It is kept.'
    END
FROM (
    SELECT id, file, line, content ->> 'email' AS email,
        row_number() OVER same AS number, first_value(line) OVER same AS first_line,
        -- Rows with a number are those of one student by that.
        CASE
            WHEN kind = 'list' AND number IS NULL
                THEN first_value(line) OVER (PARTITION BY user_ref, lower(content ->> 'course') ORDER BY id)
        END AS own_line
    FROM staged
    WHERE kind IN ('users', 'list') AND content ->> 'email' IS NOT NULL
    -- In a list, a student has a row for each course.
    WINDOW same AS (PARTITION BY lower(content ->> 'email'), lower(content ->> 'course') ORDER BY id)
) AS addressed
WHERE number > 1
UNION ALL
SELECT id, file, line, CASE kind WHEN 'list' THEN 'number' ELSE 'identifier' END, identifier, 'number_taken',
    CASE kind WHEN 'list' THEN 'error' END,
    'The number is also that of row ' || CAST(first_line AS text) || '.'
FROM (
    SELECT id, file, line, kind, identifier,
        row_number() OVER same AS number, first_value(line) OVER same AS first_line
    FROM (
        SELECT id, file, line, kind, content ->> 'course' AS course,
            coalesce(content ->> 'identifier', content ->> 'number') AS identifier
        FROM staged
        WHERE kind = 'list'
            OR kind = 'users'
            AND (content ->> 'role' = 'student' OR sourced_id IN (SELECT sourced_id FROM student))
    ) AS person
    WHERE identifier IS NOT NULL
    WINDOW same AS (PARTITION BY lower(identifier), lower(course) ORDER BY id)
) AS numbered
WHERE number > 1
UNION ALL
SELECT id, file, line, 'number', identifier, 'number_taken', 'error',
    'The number is also that of row ' || CAST(first_line AS text) || ', under another name.'
FROM (
    SELECT id, file, line, content ->> 'number' AS identifier,
        lower(content ->> 'course') AS course, first_value(lower(content ->> 'course')) OVER same AS first_course,
        lower(content ->> 'family_name') AS family, first_value(lower(content ->> 'family_name')) OVER same AS first_family,
        lower(content ->> 'given_name') AS given, first_value(lower(content ->> 'given_name')) OVER same AS first_given,
        first_value(line) OVER same AS first_line
    FROM staged
    WHERE kind = 'list' AND content ->> 'number' IS NOT NULL
    WINDOW same AS (PARTITION BY lower(content ->> 'number') ORDER BY id)
) AS named
-- One part alone may be spelled in two ways. Two rows for one course were found above.
WHERE family <> first_family AND given <> first_given AND course <> first_course
ORDER BY 1, 4;
