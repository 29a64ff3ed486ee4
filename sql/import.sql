-- name: insert_import(source, format, file_name, digest, at, actor, reason)^
-- Begin an import. Its changes and events are those after the last ones now.
INSERT INTO import (
    source, format, file_name, digest, made_at, made_by, reason, after_change, last_change, after_event, last_event
)
SELECT :source, :format, :file_name, :digest, :at, :actor, :reason, last_change, last_change, last_event, last_event
FROM (
    SELECT coalesce((SELECT max(id) FROM record_change), 0) AS last_change,
        coalesce((SELECT max(id) FROM student_course_event), 0) AS last_event
) AS present
RETURNING id;

-- name: update_import(id, report)!
-- Note what an import has done.
UPDATE import
SET report = :report,
    last_change = (SELECT coalesce(max(id), 0) FROM record_change),
    last_event = (SELECT coalesce(max(id), 0) FROM student_course_event)
WHERE id = :id;

-- name: get_import(id)^
-- Which import has this id?
SELECT id, source, format, file_name, digest, made_at, made_by, reason, report, undone_at, undone_by, version
FROM import
WHERE id = :id;

-- name: list_imports(after_id, limit)
-- Which imports follow this one?
SELECT id, source, format, file_name, digest, made_at, made_by, reason, report, undone_at, undone_by, version
FROM import
WHERE id > :after_id
ORDER BY id
LIMIT :limit;

-- name: list_import_changes(id, limit)
-- What did this import change? Records first, then enrollments, in the order in which they changed.
SELECT kind, record_id, course_id, before, after
FROM (
    SELECT 1 AS part, record_change.id, record_change.subject AS kind, record_change.subject_id AS record_id,
        NULL AS course_id, record_change.before, record_change.after
    FROM import
    CROSS JOIN record_change
    WHERE import.id = :id
        AND record_change.id > import.after_change
        AND record_change.id <= import.last_change
    UNION ALL
    SELECT 2, event.id, 'enrollment', event.student_id, event.course_id,
        CASE
            WHEN event.from_status IS NOT NULL
                THEN CAST(json_object('status', coalesce(corrected.to_status, event.from_status)) AS text)
        END,
        CAST(json_object('status', event.to_status, 'effective_at', event.effective_at) AS text)
    FROM import
    CROSS JOIN student_course_event AS event
    LEFT JOIN student_course_event AS corrected ON corrected.id = event.corrects
    WHERE import.id = :id AND event.id > import.after_event AND event.id <= import.last_event
) AS changed
ORDER BY part, id
LIMIT :limit;

-- name: list_import_marks(id, student_id, course_id, term_id)
-- What makes this import what it is? A line for each change, without what differs each time: the times, and the ids
-- of what is new, counted from the last ids before.
SELECT kind || ' ' || coalesce(part, '') || ' '
    || CASE WHEN record_id > first_id THEN '+' || CAST(record_id - first_id AS text) ELSE CAST(record_id AS text) END
    || ' ' || coalesce(before, '') || ' ' || coalesce(after, '') AS mark
FROM (
    SELECT 1 AS place, record_change.id, subject AS kind, part, subject_id AS record_id,
        CASE subject WHEN 'student' THEN :student_id WHEN 'course' THEN :course_id ELSE :term_id END AS first_id,
        before, after
    FROM import
    CROSS JOIN record_change
    WHERE import.id = :id
        AND record_change.id > import.after_change
        AND record_change.id <= import.last_change
    UNION ALL
    SELECT 2, event.id, 'event',
        CASE
            WHEN event.course_id > :course_id THEN '+' || CAST(event.course_id - :course_id AS text)
            ELSE CAST(event.course_id AS text)
        END,
        event.student_id, :student_id, coalesce(event.from_status, '') || '>' || event.to_status,
        coalesce(event.overridden, '') || coalesce(CAST(event.passed AS text), '') || coalesce(event.grade, '')
            || CASE WHEN event.effective_at < event.recorded_at THEN event.effective_at ELSE '' END
    FROM import
    CROSS JOIN student_course_event AS event
    WHERE import.id = :id AND event.id > import.after_event AND event.id <= import.last_event
) AS changed
ORDER BY place, id;

-- name: get_last_ids()^
-- What are the highest ids? 0: there is none.
SELECT (SELECT coalesce(max(id), 0) FROM student) AS student_id,
    (SELECT coalesce(max(id), 0) FROM course) AS course_id,
    (SELECT coalesce(max(id), 0) FROM term) AS term_id;

-- name: list_planned_counts()
-- How many terms, courses and students are new, changed, ended or as they were?
SELECT record.name,
    count(*) FILTER (WHERE is_new) AS created,
    count(*) FILTER (WHERE NOT is_new AND NOT is_ended AND is_changed) AS changed,
    count(*) FILTER (WHERE is_ended) AS ended,
    count(*) FILTER (WHERE NOT is_new AND NOT is_ended AND NOT is_changed) AS unchanged
FROM (
    SELECT 'terms' AS name, 'term' AS kind UNION ALL SELECT 'courses', 'course' UNION ALL SELECT 'students', 'student'
) AS record
LEFT JOIN (
    SELECT kind, is_new, is_ended, before, wanted,
        CASE kind
            WHEN 'course' THEN before ->> 'code' <> wanted ->> 'code'
                OR coalesce(before ->> 'section', '') <> coalesce(wanted ->> 'section', '')
                OR before ->> 'title' <> wanted ->> 'title'
                OR coalesce(before ->> 'term', '') <> coalesce(wanted ->> 'term', '')
                OR before ->> 'status' <> wanted ->> 'status'
            WHEN 'term' THEN before ->> 'title' <> wanted ->> 'title'
                OR before ->> 'start_on' <> wanted ->> 'start_on'
                OR before ->> 'end_on' <> wanted ->> 'end_on'
            ELSE before <> wanted
        END AS is_changed
    FROM planned
) AS counted ON counted.kind = record.kind
GROUP BY record.name
ORDER BY record.name;

-- name: get_stretch_counts(import_id, promoted)^
-- How many enrollments began, were completed, were dropped, and were as they are; and how many students got a seat from
-- a waitlist? One that has two rows counts once.
SELECT
    count(*) FILTER (WHERE begins AND is_decided = 2) AS enrolled,
    count(*) FILTER (WHERE ends AND (NOT begins OR is_decided = 2) AND wanted = 'completed') AS completed,
    count(*) FILTER (WHERE ends AND (NOT begins OR is_decided = 2) AND wanted = 'dropped') AS dropped,
    count(*) FILTER (WHERE NOT begins AND NOT ends AND is_deleted = 0) AS unchanged,
    (
        SELECT count(*) FROM student_course_event
        WHERE id > (SELECT after_event FROM import WHERE import.id = :import_id)
            AND to_status = 'enrolled' AND reason = :promoted
    ) AS promoted
FROM (
    SELECT DISTINCT student_id, course_id, begin_at, wanted, begins, ends, is_deleted, is_decided
    FROM stretch
    WHERE same_id IS NULL
) AS enrollment;

-- name: list_set_aside()
-- How often was each rule set aside?
SELECT rule.atom AS code, count(*) AS count
FROM stretch
CROSS JOIN json_each(stretch.overridden) AS rule
WHERE (stretch.is_decided = 2 OR NOT stretch.begins) AND stretch.overridden IS NOT NULL
GROUP BY rule.atom
ORDER BY rule.atom;

-- name: get_known_counts(source, course_id)^
-- How many students, courses and enrollments has the source here, or the course?
SELECT
    (
        SELECT count(*)
        FROM source_record
        CROSS JOIN student
        WHERE source_record.kind = 'users'
            AND source_record.source = :source
            AND source_record.is_current = 1
            AND source_record.is_deleted = 0
            AND student.id = source_record.student_id
            AND student.status = 'active'
    ) AS students,
    (
        SELECT count(*) FROM source_record
        WHERE kind = 'classes' AND source = :source AND is_current = 1 AND is_deleted = 0
    ) AS courses,
    CASE
        WHEN :course_id IS NOT NULL THEN (
            SELECT count(*) FROM student_course WHERE course_id = :course_id AND status = 'enrolled'
        )
        ELSE (
            SELECT count(*)
            FROM (
                SELECT DISTINCT student_course.student_id, student_course.course_id
                FROM source_record
                CROSS JOIN student_course
                WHERE source_record.kind = 'enrollments'
                    AND source_record.source = :source
                    AND source_record.is_current = 1
                    AND source_record.is_deleted = 0
                    AND student_course.student_id = source_record.student_id
                    AND student_course.course_id = source_record.course_id
                    AND student_course.status = 'enrolled'
            ) AS known
        )
    END AS enrollments;

-- name: get_removed_counts()^
-- How many students become inactive, how many courses are cancelled, and how many enrollments are dropped since the
-- files no longer have them?
SELECT
    (
        SELECT count(DISTINCT planned.student_id)
        FROM planned
        LEFT JOIN incoming ON incoming.id = planned.incoming_id
        WHERE planned.kind = 'student' AND planned.is_ended AND coalesce(incoming.kind, '') <> 'list'
    ) AS students,
    (SELECT count(*) FROM planned WHERE kind = 'course' AND is_ended) AS courses,
    (
        SELECT count(*)
        FROM (SELECT DISTINCT student_id, course_id FROM stretch WHERE ends AND is_deleted = 1) AS removed
    ) AS enrollments;

-- name: list_freed_courses(import_id)
-- In which courses did seats become free, or who in them may be eligible elsewhere? Where others began, seats that
-- were free may have been left to those who wait. A course that has changed, or whose term has, may have opened.
SELECT course_id FROM stretch
WHERE ends OR begins
UNION
SELECT change.subject_id
FROM import
CROSS JOIN record_change AS change
WHERE import.id = :import_id
    AND change.id > import.after_change
    AND change.subject = 'course'
    AND change.before IS NOT NULL
UNION
SELECT course.id
FROM import
CROSS JOIN record_change AS change
CROSS JOIN term
CROSS JOIN course
WHERE import.id = :import_id
    AND change.id > import.after_change
    AND change.subject = 'term'
    AND change.before IS NOT NULL
    AND term.id = change.subject_id
    AND course.term = term.code
ORDER BY course_id;

-- name: list_changed_students(import_id)
-- Which students who wait for a course did this import change?
SELECT DISTINCT student_course.student_id
FROM import
CROSS JOIN record_change AS change
CROSS JOIN student_course
WHERE import.id = :import_id
    AND change.id > import.after_change
    AND change.subject = 'student'
    AND change.before IS NOT NULL
    AND student_course.student_id = change.subject_id
    AND student_course.status = 'waitlisted'
ORDER BY student_course.student_id;

-- name: list_moved_students()
-- Which students began or ended an enrollment?
SELECT DISTINCT student_id
FROM stretch
WHERE ends OR begins
ORDER BY student_id;
