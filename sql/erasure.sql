-- name: list_erasures(after_student_id, limit)
-- The data of which students was erased: when, by whom and why?
SELECT student_id, erased_at, erased_by, reason
FROM erasure
WHERE student_id > :after_student_id
ORDER BY student_id
LIMIT :limit;

-- name: list_broken_erasure_rules(student_id)
-- Which rules would it break to erase the data of this student? Counts must stay what they are.
SELECT '' AS pointer, 'student_erased' AS code,
    'Student ' || CAST(student_id AS text) || ' was erased.' AS detail,
    json_object('student_id', student_id) AS details
FROM erasure
WHERE student_id = :student_id
UNION ALL
SELECT '', 'student_is_enrolled',
    'Courses in which the student is enrolled or waitlisted: ' || CAST(count(*) AS text) || '.',
    json_object('courses', count(*))
FROM student_course
WHERE student_id = :student_id AND status IN ('enrolled', 'waitlisted')
HAVING count(*) > 0
ORDER BY code;

-- name: update_student_erased(id, at)!
-- Blank the record of this student.
UPDATE student
SET number = NULL, given_name = NULL, family_name = 'Erased', email = NULL, status = 'inactive',
    max_credits = NULL, groups = '[]', version = version + 1, updated_at = :at
WHERE id = :id;

-- name: insert_erasure(student_id, at, actor, reason)^
INSERT INTO erasure (student_id, erased_at, erased_by, reason)
VALUES (:student_id, :at, :actor, :reason)
RETURNING student_id, erased_at, erased_by, reason;

-- name: update_reasons_erased(student_id)!
-- Blank the reasons of the events of this student.
UPDATE student_course_event
SET reason = NULL
WHERE student_id = :student_id AND reason IS NOT NULL;

-- name: update_actors_erased(student_id)!
-- Blank the names of the student's own tokens in events: also in those of students who got a seat that was left.
UPDATE student_course_event
SET actor = (SELECT remains FROM erased_actor WHERE erased_actor.actor = student_course_event.actor)
WHERE actor IN (SELECT name || ' #' || CAST(id AS text) FROM token WHERE student_id = :student_id);

-- name: update_last_reasons_erased(student_id)!
-- Blank the reasons of the last changes of this student's enrollments.
UPDATE student_course
SET change_reason = NULL
WHERE student_id = :student_id AND change_reason IS NOT NULL;

-- name: update_last_actors_erased(student_id)!
-- Blank the names of the student's own tokens in the last changes of enrollments. The events lead to them.
UPDATE student_course
SET changed_by = (SELECT remains FROM erased_actor WHERE erased_actor.actor = student_course.changed_by)
WHERE changed_by IN (SELECT name || ' #' || CAST(id AS text) FROM token WHERE student_id = :student_id)
    AND (student_id, course_id) IN (
        SELECT student_id, course_id FROM student_course_event
        WHERE actor IN (SELECT '#' || CAST(id AS text) FROM token WHERE student_id = :student_id)
    );

-- name: update_holds_erased(student_id)!
-- Blank the reasons of the holds of this student.
UPDATE hold
SET reason = 'erased', version = version + 1
WHERE student_id = :student_id;

-- name: update_tokens_erased(student_id, at, actor)!
-- Blank the names of the student's own tokens, and revoke them.
UPDATE token
SET name = 'erased', revoked_at = coalesce(revoked_at, :at), revoked_by = coalesce(revoked_by, :actor),
    version = version + 1
WHERE student_id = :student_id;

-- name: update_stored_responses_erased(student_id, content)!
-- Blank the stored responses that may speak of this student: those to the student's own tokens, those that name the
-- student, those that have the record of the student, and reports of imports, which quote files.
UPDATE kept_answer
SET content = :content
WHERE token_id IN (SELECT id FROM token WHERE student_id = :student_id)
    OR CAST(content AS text) LIKE '%"student_id":' || CAST(:student_id AS text) || ',%'
    OR CAST(content AS text) LIKE '%"student_id":' || CAST(:student_id AS text) || '}%'
    OR CAST(content AS text) LIKE '%"id":' || CAST(:student_id AS text) || ',%_name"%'
    OR CAST(content AS text) LIKE '%"faults":[%';

-- name: update_record_changes_erased(student_id, before, after)!
-- Blank the changes on record of this student, and of the student's holds and tokens.
UPDATE record_change
SET before = CASE WHEN before IS NOT NULL THEN :before END,
    after = CASE WHEN after IS NOT NULL THEN :after END
WHERE subject = 'student' AND subject_id = :student_id
    OR subject = 'hold' AND subject_id IN (SELECT id FROM hold WHERE student_id = :student_id)
    OR subject = 'token' AND subject_id IN (SELECT id FROM token WHERE student_id = :student_id);

-- name: delete_references_erased(student_id)!
-- Remove the enrollments and the roles that other systems have of this person, also those as a teacher.
DELETE FROM source_record
WHERE kind IN ('enrollments', 'roles')
    AND (
        student_id = :student_id
        OR (user_ref, source) IN (
            SELECT sourced_id, source FROM source_record WHERE student_id = :student_id AND kind = 'users'
        )
    );

-- name: delete_gone_ids_erased(student_id)!
-- Remove which ids of enrollments of this person are gone: some systems make such an id of those of the user and the
-- class.
DELETE FROM gone_id
WHERE kind = 'enrollments'
    AND (user_ref, source) IN (
        SELECT sourced_id, source FROM source_record WHERE student_id = :student_id AND kind = 'users'
    );

-- name: delete_source_records_erased(student_id)!
-- Remove what other systems have said of this student, also under an id that was then given up: the last version of
-- that one is of no student. The record of the person is kept, to be blanked.
DELETE FROM source_record
WHERE student_id = :student_id AND NOT (kind = 'users' AND is_current = 1)
    OR student_id IS NULL
    AND is_deleted = 1
    AND (kind, sourced_id, source) IN (
        SELECT kind, sourced_id, source FROM source_record WHERE student_id = :student_id
    );

-- name: update_source_records_erased(student_id)!
-- Leave the ids that other systems have for this student: an import can say then that the person is back. They are no
-- student's any more.
UPDATE source_record
SET content = CAST(json_object() AS text), taken = NULL, is_deleted = 1, student_id = NULL
WHERE student_id = :student_id;

-- name: list_quoting_imports()
-- Which imports quote files? What they quote may speak of the student.
SELECT id, report
FROM import
WHERE report ->> 'faults' <> '[]'
ORDER BY id;

-- name: update_import_erased(id, report)!
UPDATE import
SET report = :report
WHERE id = :id;
