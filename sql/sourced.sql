-- name: list_sourced(kind, source)
-- Which records of this kind are kept as another system has them?
-- include: exported_record.sql

SELECT known.sourced_id, lower(known.source) AS source, known.content,
-- include: kept_changed_at.sql
    AS updated_at
FROM exported_record AS known
WHERE known.kind = :kind AND known.is_deleted = 0
ORDER BY known.sourced_id;

-- name: list_foreign_ids(source)
-- Which ids of orgs, sessions and courses of the catalog has a system given to something else than what is exported
-- with them, which is that of another system?
-- include: exported_record.sql

SELECT record.kind, lower(record.source) AS source, record.sourced_id
FROM source_record AS record
CROSS JOIN exported_record
WHERE record.kind IN ('orgs', 'academicSessions', 'courses')
    AND record.is_current = 1
    AND exported_record.kind = record.kind
    AND exported_record.sourced_id = record.sourced_id
    AND exported_record.id <> record.id
    AND (
        lower(coalesce(record.content ->> 'courseCode', record.content ->> 'name', record.content ->> 'title'))
            IS DISTINCT FROM lower(
                coalesce(
                    exported_record.content ->> 'courseCode', exported_record.content ->> 'name',
                    exported_record.content ->> 'title'
                )
            )
        OR record.content ->> 'startDate' IS DISTINCT FROM exported_record.content ->> 'startDate'
        OR record.content ->> 'endDate' IS DISTINCT FROM exported_record.content ->> 'endDate'
    );

-- name: list_sourced_terms(since, source)
-- Which terms does another system have, and what was taken of each? Of two systems that know one record, `source` is
-- exported, else the first; so it is with courses, students and enrollments. renamed_at is when a term or what it refers
-- to got another id since; so it is with those.
-- include: exported_record.sql
-- include: renamed.sql

SELECT exported_record.sourced_id, exported_record.taken,
    term.id, term.code, term.title, term.start_on, term.end_on, term.updated_at, renamed.renamed_at
FROM exported_record
CROSS JOIN term
LEFT JOIN renamed ON renamed.term_id = term.id
WHERE exported_record.kind = 'academicSessions'
    AND exported_record.is_deleted = 0
    AND term.id = exported_record.term_id
    AND exported_record.id = (
        SELECT first.id FROM exported_record AS first
        WHERE first.term_id = term.id AND first.is_deleted = 0
        ORDER BY first.source = :source DESC, first.first_id
        LIMIT 1
    )
ORDER BY exported_record.sourced_id;

-- name: list_sourced_courses(since, source)
-- Which courses are classes of another system, and what was taken of each? Of one that names a course of our catalog,
-- dated_at says when it last changed.
-- include: exported_record.sql
-- include: dated_course.sql
-- include: renamed.sql

SELECT exported_record.sourced_id, lower(exported_record.source) AS source, exported_record.content,
    exported_record.taken, course.id, course.code, course.section, course.title, course.label, course.term,
    term.id AS term_id, course.status, course.updated_at, dated_course.updated_at AS dated_at,
    coalesce(renamed.renamed_at, renamed_term.renamed_at) AS renamed_at,
    (SELECT min(first.id) FROM course AS first WHERE first.code = course.code) AS code_id
FROM exported_record
CROSS JOIN course
CROSS JOIN dated_course
LEFT JOIN term ON term.code = course.term
LEFT JOIN renamed ON renamed.course_id = course.id
LEFT JOIN renamed AS renamed_term ON renamed_term.term_id = term.id
WHERE exported_record.kind = 'classes'
    AND course.id = exported_record.course_id
    AND dated_course.course_id = course.id
    AND exported_record.id = (
        SELECT first.id FROM exported_record AS first
        WHERE first.course_id = course.id AND first.kind = 'classes'
        ORDER BY first.source = :source DESC, first.first_id
        LIMIT 1
    )
ORDER BY exported_record.sourced_id;

-- name: list_sourced_students(since, source)
-- Which students are users of another system, and what was taken of each?
-- include: exported_record.sql
-- include: renamed.sql

SELECT known.sourced_id, lower(known.source) AS source, known.content, known.taken, known.is_deleted,
    student.id, student.number, student.given_name, student.family_name, student.email, student.status,
-- include: user_changed_at.sql
    AS updated_at,
    renamed.renamed_at,
-- include: agents_of_user.sql
FROM exported_record AS known
CROSS JOIN student
LEFT JOIN renamed ON renamed.student_id = student.id
WHERE known.kind = 'users'
    AND student.id = known.student_id
    AND known.id = (
        SELECT first.id FROM exported_record AS first
        WHERE first.student_id = student.id AND first.kind = 'users'
        ORDER BY first.source = :source DESC, first.first_id
        LIMIT 1
    )
ORDER BY known.sourced_id;

-- name: list_sourced_stretches(term, since, with_history, source)
-- Which enrollments has another system, and what was taken of each? A record that is there is exported before one that
-- is not any more.
-- include: exported_record.sql
-- include: renamed.sql
-- include: renamed_stretch.sql

SELECT exported_record.sourced_id, lower(exported_record.source) AS source, exported_record.content,
    exported_record.taken, exported_record.is_deleted,
    stretch.student_id, stretch.course_id, stretch.began_at, stretch.status, stretch.ended_at,
    ending.passed, ending.grade,
    coalesce(renamed.renamed_at, renamed_course.renamed_at, renamed_stretch.renamed_at) AS renamed_at,
-- include: changed_at.sql
-- include: left_at.sql
-- include: user_of_stretch.sql
FROM exported_record
CROSS JOIN enrollment_stretch AS stretch
CROSS JOIN course
LEFT JOIN renamed ON renamed.student_id = stretch.student_id
LEFT JOIN renamed AS renamed_course ON renamed_course.course_id = stretch.course_id
LEFT JOIN renamed_stretch ON renamed_stretch.event_id = stretch.id
-- include: end_of_stretch.sql
WHERE exported_record.kind = 'enrollments'
    AND stretch.student_id = exported_record.student_id
    AND stretch.course_id = exported_record.course_id
    AND stretch.id = exported_record.event_id
    AND course.id = stretch.course_id
    AND (:term IS NULL OR course.term = :term)
    AND (:with_history OR course.status <> 'cancelled' OR :since IS NOT NULL AND stretch.status = 'dropped')
    AND (:with_history OR :since IS NOT NULL OR stretch.status <> 'dropped')
    AND exported_record.id = (
        SELECT first.id FROM exported_record AS first
        WHERE first.event_id = exported_record.event_id
        ORDER BY first.is_deleted, first.source = :source DESC, first.first_id
        LIMIT 1
    )
ORDER BY exported_record.sourced_id;

-- name: list_gone_enrollments(term, since, source)
-- Which ids have had an enrollment, and have none any more since? The row was deleted and the enrollment has another id,
-- it was none of a student, it was taken back, its class is gone, or a merge has left it without one.
-- include: exported_record.sql
, changed AS MATERIALIZED (
    SELECT sourced_id, max(changed_at) AS updated_at
    FROM (
        SELECT version.sourced_id, coalesce(import.undone_at, import.made_at) AS changed_at
        FROM import
        CROSS JOIN source_record AS version
        WHERE version.import_id = import.id AND version.kind = 'enrollments'
        UNION ALL
        SELECT record.sourced_id, correction.recorded_at
        FROM exported_record AS record
        CROSS JOIN student_course_event AS correction
        WHERE record.kind = 'enrollments'
            AND record.event_id IS NOT NULL
            AND correction.student_id = record.student_id
            AND correction.course_id = record.course_id
            AND correction.corrects IS NOT NULL
        UNION ALL
        SELECT record.sourced_id, merge.merged_at
        FROM merge
        CROSS JOIN source_record AS record
        WHERE record.student_id = merge.into_id AND record.kind = 'enrollments'
        UNION ALL
        SELECT sourced_id, gone_at
        FROM gone_id
        WHERE kind = 'enrollments'
        UNION ALL
        SELECT place.sourced_id, class.gone_at
        FROM gone_id AS class
        CROSS JOIN source_record AS place
        WHERE class.kind = 'classes'
            AND place.kind = 'enrollments'
            AND place.class_ref = class.sourced_id
            AND place.source = class.source
    ) AS dated
    WHERE changed_at >= :since
    GROUP BY sourced_id
),

-- The last that was known of each.
gone AS (
    SELECT changed.sourced_id, changed.updated_at, last.student_id, last.course_id,
        coalesce(last.source, gone_id.source) AS source,
        coalesce(last.content, gone_id.content) AS content,
        coalesce(last.user_ref, gone_id.user_ref) AS user_ref,
        coalesce(last.class_ref, gone_id.class_ref) AS class_ref
    FROM changed
    LEFT JOIN source_record AS last ON last.id = (
        SELECT max(version.id) FROM source_record AS version
        WHERE version.kind = 'enrollments' AND version.sourced_id = changed.sourced_id
    )
    LEFT JOIN gone_id ON gone_id.kind = 'enrollments' AND gone_id.sourced_id = changed.sourced_id
    WHERE NOT EXISTS (
        SELECT 1 FROM exported_record AS known
        WHERE known.kind = 'enrollments'
            AND known.sourced_id = changed.sourced_id
            AND CASE
                WHEN known.event_id IS NULL
                    THEN known.is_deleted = 0
                        AND EXISTS (
                            SELECT 1 FROM source_record AS class
                            WHERE class.kind = 'classes'
                                AND class.sourced_id = known.class_ref
                                AND class.source = known.source
                                AND class.is_current = 1
                        )
                ELSE EXISTS (
                        SELECT 1 FROM enrollment_stretch AS standing
                        WHERE standing.student_id = known.student_id
                            AND standing.course_id = known.course_id
                            AND standing.id = known.event_id
                    )
                    AND known.id = (
                        SELECT first.id FROM exported_record AS first
                        WHERE first.event_id = known.event_id
                        ORDER BY first.is_deleted, first.source = :source DESC, first.first_id
                        LIMIT 1
                    )
            END
    )
),

stretch AS (
    SELECT gone.sourced_id, lower(gone.source) AS source, gone.content, gone.user_ref, gone.class_ref, gone.student_id,
        coalesce(gone.course_id, class.course_id) AS course_id, gone.updated_at,
        gone_class.sourced_id IS NOT NULL AS has_lost_class
    FROM gone
    LEFT JOIN source_record AS class ON class.id = (
        SELECT max(version.id) FROM source_record AS version
        WHERE version.kind = 'classes' AND version.sourced_id = gone.class_ref AND version.source = gone.source
    )
    LEFT JOIN gone_id AS gone_class ON gone_class.kind = 'classes' AND gone_class.sourced_id = gone.class_ref
)

SELECT stretch.sourced_id, stretch.source, stretch.content, stretch.user_ref, stretch.class_ref, stretch.student_id,
    course.id AS course_id, stretch.updated_at,
-- include: user_of_stretch.sql
FROM stretch
LEFT JOIN course ON course.id = stretch.course_id
WHERE CASE WHEN course.id IS NULL THEN stretch.has_lost_class ELSE :term IS NULL OR course.term = :term END
ORDER BY stretch.sourced_id;

-- name: list_gone_records(kind, since, source)
-- Which ids of records of this kind, but for enrollments, are no longer in use since then? The row was deleted, it came
-- with an import that is undone, or what had it was deleted, erased or merged here. A term stays that is here. A role goes
-- with its user.
-- include: exported_record.sql
, lost AS MATERIALIZED (
    SELECT kind, sourced_id, source, gone_at AS changed_at
    FROM gone_id
    WHERE gone_at >= :since AND kind IN (:kind, 'users')
    UNION ALL
    SELECT record.kind, record.sourced_id, record.source, merge.merged_at
    FROM merge
    CROSS JOIN source_record AS record
    WHERE merge.merged_at >= :since AND record.student_id = merge.into_id AND record.kind = 'users'
),

changed AS MATERIALIZED (
    SELECT sourced_id, max(changed_at) AS updated_at
    FROM (
        SELECT version.sourced_id, coalesce(import.undone_at, import.made_at) AS changed_at
        FROM import
        CROSS JOIN source_record AS version
        WHERE coalesce(import.undone_at, import.made_at) >= :since
            AND version.import_id = import.id
            AND version.kind = :kind
            -- What is a record of ours loses an id only with the import that gave it.
            AND (import.undone_at IS NOT NULL OR coalesce(version.student_id, version.course_id) IS NULL)
        UNION ALL
        SELECT sourced_id, changed_at
        FROM lost
        WHERE kind = :kind
        UNION ALL
        SELECT role.sourced_id, lost.changed_at
        FROM lost
        CROSS JOIN source_record AS role
        WHERE :kind = 'roles'
            AND lost.kind = 'users'
            AND role.kind = 'roles'
            AND role.user_ref = lost.sourced_id
            AND role.source = lost.source
    ) AS dated
    GROUP BY sourced_id
)

SELECT changed.sourced_id, lower(coalesce(last.source, gone_id.source)) AS source,
    -- Of someone who was erased, nothing is known.
    CASE WHEN last.content ->> 'sourcedId' IS NOT NULL THEN last.content ELSE gone_id.content END AS content,
    coalesce(last.user_ref, gone_id.user_ref) AS user_ref,
    last.student_id, coalesce(last.first_id, last.id, gone_id.first_id) AS id,
    changed.updated_at, changed.updated_at AS deleted_at, NULL AS agents,
    EXISTS (
        SELECT 1 FROM source_record AS role
        WHERE role.kind = 'roles'
            AND role.user_ref = changed.sourced_id
            AND role.source = coalesce(last.source, gone_id.source)
    ) AS has_role
FROM changed
LEFT JOIN gone_id ON gone_id.kind = :kind AND gone_id.sourced_id = changed.sourced_id
-- What another system says under the same id is of someone else.
LEFT JOIN source_record AS last ON last.id = (
    SELECT max(version.id) FROM source_record AS version
    WHERE version.kind = :kind
        AND version.sourced_id = changed.sourced_id
        AND coalesce(version.source = gone_id.source OR gone_id.gone_at < :since, true)
)
WHERE (:kind <> 'classes' OR gone_id.sourced_id IS NOT NULL OR last.course_id IS NOT NULL)
    AND NOT EXISTS (
        SELECT 1
        FROM exported_record AS known
        LEFT JOIN exported_record AS person
            ON person.kind = 'users'
            AND person.sourced_id = CASE :kind WHEN 'users' THEN known.sourced_id WHEN 'roles' THEN known.user_ref END
            AND person.source = known.source
        WHERE known.kind = :kind
            AND known.sourced_id = changed.sourced_id
            AND CASE
                WHEN :kind IN ('users', 'roles')
                    THEN (:kind = 'users' OR known.is_deleted = 0)
                        AND (
-- include: exported_user.sql
                        )
                WHEN :kind = 'classes'
                    THEN known.id = (
                        SELECT first.id FROM exported_record AS first
                        WHERE first.course_id = known.course_id AND first.kind = 'classes'
                        ORDER BY first.source = :source DESC, first.first_id
                        LIMIT 1
                    )
                ELSE known.is_deleted = 0 OR known.term_id IS NOT NULL
            END
    )
ORDER BY changed.sourced_id;

-- name: list_kept_people(source)
-- Which users of another system are none of our students?
-- include: exported_record.sql

SELECT known.sourced_id, lower(known.source) AS source, known.content,
-- include: kept_changed_at.sql
    AS updated_at,
-- include: agents_of_user.sql
FROM exported_record AS known
WHERE known.kind = 'users'
    AND known.is_deleted = 0
    AND known.student_id IS NULL
ORDER BY known.sourced_id;

-- name: list_kept_roles(source)
-- Which roles has another system given to people who are exported? The school of each is its own. A role is back with
-- its user.
-- include: exported_record.sql

SELECT role.sourced_id, lower(role.source) AS source, role.content, person.sourced_id AS user_id,
    (
        SELECT max(coalesce(import.undone_at, import.made_at))
        FROM (
            SELECT role.kind, role.sourced_id, role.source
            UNION ALL
            SELECT person.kind, person.sourced_id, person.source
        ) AS named
-- include: version_of_named.sql
    ) AS updated_at
FROM exported_record AS role
CROSS JOIN exported_record AS person
WHERE role.kind = 'roles'
    AND role.is_deleted = 0
    AND person.kind = 'users'
    AND person.sourced_id = role.user_ref
    AND person.source = role.source
    AND (
-- include: exported_user.sql
    )
ORDER BY role.sourced_id;

-- name: list_people_without_role(since, source)
-- Which users have no role of their own in a file of roles? In OneRoster 1.1 there is no such file. The role of a user
-- changes with the user.
-- include: exported_record.sql
-- include: renamed.sql

SELECT person.first_id AS id, person.sourced_id, lower(person.source) AS source, person.content, person.student_id,
    coalesce(
-- include: user_changed_at.sql
        , (
            SELECT max(coalesce(import.undone_at, import.made_at))
            FROM (SELECT person.kind, person.sourced_id, person.source) AS named
-- include: version_of_named.sql
        )
    ) AS updated_at,
    renamed.renamed_at
FROM exported_record AS person
LEFT JOIN student ON student.id = person.student_id
LEFT JOIN renamed ON renamed.student_id = student.id
WHERE person.kind = 'users'
    AND (
-- include: exported_user.sql
    )
    AND NOT EXISTS (
        SELECT 1 FROM exported_record AS role
        WHERE role.user_ref = person.sourced_id
            AND role.kind = 'roles'
            AND role.source = person.source
            AND role.is_deleted = 0
    )
ORDER BY person.first_id;

-- name: list_kept_enrollments(term, with_history, source)
-- Which enrollments of another system are none of students, but of teachers and others who are exported? One is back with
-- its class.
-- include: exported_record.sql

SELECT place.sourced_id, lower(place.source) AS source, place.content, class.course_id,
    (
        SELECT max(coalesce(import.undone_at, import.made_at))
        FROM (
            SELECT place.kind, place.sourced_id, place.source
            UNION ALL
            SELECT class.kind, class.sourced_id, class.source
        ) AS named
-- include: version_of_named.sql
    ) AS updated_at
FROM exported_record AS place
CROSS JOIN exported_record AS person
CROSS JOIN source_record AS class
CROSS JOIN course
WHERE
-- include: kept_enrollment.sql
    AND course.id = class.course_id
    AND (:term IS NULL OR course.term = :term)
    AND (course.status <> 'cancelled' OR :with_history)
ORDER BY place.sourced_id;

-- name: get_left_out(term, with_history, source)^
-- How many users who are none of our students, and how many enrollments of teachers and others, are not exported since
-- another system has their ids? Users of one name with one id are one person, whose enrollment in a course is exported
-- once.
-- include: exported_record.sql

SELECT
    (
        SELECT count(*)
        FROM source_record AS person
        CROSS JOIN exported_record AS other
        WHERE person.kind = 'users'
            AND person.is_current = 1
            AND person.is_deleted = 0
            AND person.student_id IS NULL
            AND other.kind = 'users'
            AND other.sourced_id = person.sourced_id
            AND (
                lower(other.content ->> 'familyName') IS DISTINCT FROM lower(person.content ->> 'familyName')
                OR lower(other.content ->> 'givenName') IS DISTINCT FROM lower(person.content ->> 'givenName')
            )
    ) AS users,
    (
        SELECT count(*)
        FROM (
            SELECT place.user_ref, class.course_id
            FROM source_record AS place
            CROSS JOIN source_record AS person
            CROSS JOIN source_record AS class
            CROSS JOIN course
            WHERE
-- include: kept_enrollment.sql
                AND place.is_current = 1
                AND person.is_current = 1
                AND course.id = class.course_id
                AND (:term IS NULL OR course.term = :term)
                AND (course.status <> 'cancelled' OR :with_history)
            GROUP BY place.user_ref, class.course_id, place.content ->> 'role'
            HAVING 0 = sum(
                CASE
                    WHEN EXISTS (SELECT 1 FROM exported_record WHERE exported_record.id = place.id)
                        AND EXISTS (SELECT 1 FROM exported_record WHERE exported_record.id = person.id)
                        THEN 1
                    ELSE 0
                END
            )
        ) AS missing
    ) AS enrollments;

-- name: get_school_updated_at(since, source)^
-- When did a student or a course that is ours alone last change, since? The school of ours may be new with it.
-- include: exported_record.sql
-- include: renamed.sql

SELECT max(changed_at) AS updated_at
FROM (
    SELECT CASE WHEN renamed.renamed_at > student.updated_at THEN renamed.renamed_at ELSE student.updated_at END
        AS changed_at
    FROM student
    LEFT JOIN renamed ON renamed.student_id = student.id
    WHERE (student.updated_at >= :since OR renamed.renamed_at IS NOT NULL)
        AND NOT EXISTS (
            SELECT 1 FROM exported_record AS known
            WHERE known.student_id = student.id AND known.kind = 'users'
        )
        AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.student_id = student.id)
    UNION ALL
    SELECT CASE WHEN renamed.renamed_at > course.updated_at THEN renamed.renamed_at ELSE course.updated_at END
    FROM course
    LEFT JOIN renamed ON renamed.course_id = course.id
    WHERE (course.updated_at >= :since OR renamed.renamed_at IS NOT NULL)
        AND NOT EXISTS (
            SELECT 1 FROM exported_record AS known
            WHERE known.course_id = course.id AND known.kind = 'classes'
        )
) AS dated;

-- name: list_own_columns(kind, term, since, with_history, source)
-- Which columns of their own have the records of this kind that are exported? A column without a cell would be gone with
-- the next export of who imports it.
-- include: exported_record.sql

SELECT DISTINCT cell.key AS name
FROM exported_record
CROSS JOIN json_each(json(exported_record.content)) AS cell
LEFT JOIN course ON course.id = exported_record.course_id
LEFT JOIN student_course AS present
    ON present.student_id = exported_record.student_id
    AND present.course_id = exported_record.course_id
    AND present.status = 'dropped'
    AND exported_record.taken ->> 'status' = 'dropped'
WHERE exported_record.kind = :kind
    AND cell.key LIKE 'metadata.%'
    AND (exported_record.is_deleted = 0 OR exported_record.student_id IS NOT NULL OR course.id IS NOT NULL)
    AND (
        course.id IS NULL
        OR (:term IS NULL OR course.term = :term)
        AND (:with_history OR :since IS NOT NULL OR course.status <> 'cancelled' AND present.student_id IS NULL)
    )
ORDER BY name;

-- name: get_own_records(source)^
-- Are there students or courses that have no id of another system? Then they need a school.
-- include: exported_record.sql

SELECT EXISTS (
        SELECT 1 FROM student
        WHERE NOT EXISTS (
                SELECT 1 FROM exported_record AS known
                WHERE known.student_id = student.id AND known.kind = 'users'
            )
            AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.student_id = student.id)
    )
    OR EXISTS (
        SELECT 1 FROM course
        WHERE NOT EXISTS (
            SELECT 1 FROM exported_record AS known
            WHERE known.course_id = course.id AND known.kind = 'classes'
        )
    ) AS found,
    EXISTS (SELECT 1 FROM source_record) OR EXISTS (SELECT 1 FROM gone_id) AS has_sources;
