-- name: list_latest_events(student_id, course_id, actor, only_overrides, since, until, after_id, before_id, limit)
-- Which events come last before this one: all of them, of a student, of a course or by an actor? Of the five
-- searches only one runs, each by its index; what is NULL is not asked for. coalesce keeps the index of times out.
SELECT event.id, event.recorded_at, event.effective_at, event.actor, 'enrollment' AS subject,
    event.from_status, event.to_status, event.passed, event.grade, event.reason, event.overridden,
    event.corrects, event.restores, event.position, other.label AS instead_of, NULL AS before, NULL AS after,
    NULL AS part, NULL AS term,
    event.student_id, event.course_id, student.number, student.given_name, student.family_name, course.label
FROM (
    SELECT id
    FROM (
        SELECT id FROM student_course_event
        WHERE :student_id IS NULL AND :course_id IS NULL AND :actor IS NULL AND NOT :only_overrides
-- include: between_changes.sql
        ORDER BY id DESC
        LIMIT :limit
    ) AS of_all
    UNION ALL
    SELECT id
    FROM (
        SELECT id FROM student_course_event
        WHERE student_id = :student_id
            AND (:course_id IS NULL OR course_id = :course_id)
            AND (:actor IS NULL OR actor = :actor)
-- include: between_changes.sql
            AND (NOT :only_overrides OR overridden IS NOT NULL)
        ORDER BY id DESC
        LIMIT :limit
    ) AS of_student
    UNION ALL
    SELECT id
    FROM (
        SELECT id FROM student_course_event
        WHERE :student_id IS NULL AND course_id = :course_id
            AND (:actor IS NULL OR actor = :actor)
-- include: between_changes.sql
            AND (NOT :only_overrides OR overridden IS NOT NULL)
        ORDER BY id DESC
        LIMIT :limit
    ) AS of_course
    UNION ALL
    SELECT id
    FROM (
        SELECT id FROM student_course_event
        WHERE :student_id IS NULL AND :course_id IS NULL AND actor = :actor AND NOT :only_overrides
-- include: between_changes.sql
        ORDER BY id DESC
        LIMIT :limit
    ) AS of_actor
    UNION ALL
    SELECT id
    FROM (
        SELECT id FROM student_course_event
        WHERE :student_id IS NULL AND :course_id IS NULL AND :only_overrides AND overridden IS NOT NULL
            AND (:actor IS NULL OR actor = :actor)
-- include: between_changes.sql
        ORDER BY id DESC
        LIMIT :limit
    ) AS of_overrides
) AS found
CROSS JOIN student_course_event AS event
LEFT JOIN student ON student.id = event.student_id
LEFT JOIN course ON course.id = event.course_id
LEFT JOIN course AS other ON other.id = event.instead_of
WHERE event.id = found.id
ORDER BY event.id DESC;

-- name: list_latest_record_changes(student_id, course_id, actor, since, until, after_id, before_id, limit)
-- Which changes of records come last before this one: all of them, of a student with the holds, of a course or by
-- an actor? Of the searches only those run that are asked for, each by its index: those of one id are
-- fewer than those of one kind (coalesce keeps the indexes of kinds and times out). Changes of tokens are left out.
SELECT change.id, change.recorded_at, NULL AS effective_at, change.actor, change.subject,
    NULL AS from_status, NULL AS to_status, NULL AS passed, NULL AS grade, hold.reason, NULL AS overridden,
    NULL AS corrects, NULL AS restores, NULL AS position, NULL AS instead_of, change.before, change.after,
    change.part, term.title AS term,
    CASE change.subject WHEN 'student' THEN change.subject_id WHEN 'hold' THEN hold.student_id END AS student_id,
    CASE change.subject WHEN 'course' THEN change.subject_id END AS course_id,
    student.number, student.given_name, student.family_name, course.label
FROM (
    SELECT id
    FROM (
        SELECT id FROM record_change
        WHERE :student_id IS NULL AND :course_id IS NULL AND :actor IS NULL
            AND subject <> 'token'
-- include: between_changes.sql
        ORDER BY id DESC
        LIMIT :limit
    ) AS of_all
    UNION ALL
    SELECT id
    FROM (
        SELECT id FROM record_change
        WHERE :course_id IS NULL AND subject_id = :student_id AND coalesce(subject, '') = 'student'
            AND (:actor IS NULL OR actor = :actor)
-- include: between_changes.sql
        ORDER BY id DESC
        LIMIT :limit
    ) AS of_student
    UNION ALL
    SELECT id
    FROM (
        SELECT record_change.id
        FROM hold
        CROSS JOIN record_change
        WHERE :course_id IS NULL AND hold.student_id = :student_id
            AND record_change.subject_id = hold.id AND coalesce(record_change.subject, '') = 'hold'
            AND (:actor IS NULL OR record_change.actor = :actor)
            AND record_change.id > :after_id AND record_change.id < :before_id
            AND coalesce(record_change.recorded_at, '') >= :since AND coalesce(record_change.recorded_at, '') < :until
        ORDER BY record_change.id DESC
        LIMIT :limit
    ) AS of_holds
    UNION ALL
    SELECT id
    FROM (
        SELECT id FROM record_change
        WHERE :student_id IS NULL AND subject_id = :course_id AND coalesce(subject, '') = 'course'
            AND (:actor IS NULL OR actor = :actor)
-- include: between_changes.sql
        ORDER BY id DESC
        LIMIT :limit
    ) AS of_course
    UNION ALL
    SELECT id
    FROM (
        SELECT id FROM record_change
        WHERE :student_id IS NULL AND :course_id IS NULL AND actor = :actor
            AND subject <> 'token'
-- include: between_changes.sql
        ORDER BY id DESC
        LIMIT :limit
    ) AS of_actor
) AS found
CROSS JOIN record_change AS change
LEFT JOIN hold ON hold.id = change.subject_id AND change.subject = 'hold'
LEFT JOIN term ON term.id = change.subject_id AND change.subject = 'term'
LEFT JOIN student
    ON student.id = CASE change.subject WHEN 'student' THEN change.subject_id WHEN 'hold' THEN hold.student_id END
LEFT JOIN course ON course.id = change.subject_id AND change.subject = 'course'
WHERE change.id = found.id
ORDER BY change.id DESC
LIMIT :limit;

-- name: list_actors_named(text)
-- Who has made changes, or can, under a name that has this text in it? The history names a token by its name and id.
SELECT :text AS actor
WHERE EXISTS (SELECT 1 FROM student_course_event WHERE actor = :text)
    OR EXISTS (SELECT 1 FROM record_change WHERE actor = :text)
UNION
SELECT name || ' #' || CAST(id AS text)
FROM token
-- Not LIKE: in a text, _ and % are no wildcards.
WHERE replace(lower(name), lower(:text), '') <> lower(name)
ORDER BY actor
LIMIT 20;
