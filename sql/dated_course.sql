, dated_course AS MATERIALIZED (
-- When did each course last change, or the catalog of which it is a part? That is so when a course with a lower id
-- gets or leaves the code: the first that has it stands for it. export.sql and sourced.sql include it.
    SELECT course_id, max(dated.changed_at) AS updated_at
    FROM (
        SELECT id AS course_id, updated_at AS changed_at
        FROM course
        UNION ALL
        SELECT course.id, moved.recorded_at
        FROM (
            SELECT subject_id, before ->> 'code' AS code, recorded_at
            FROM record_change
            WHERE subject = 'course' AND part IS NULL AND before ->> 'code' IS NOT NULL
            UNION ALL
            SELECT subject_id, after ->> 'code', recorded_at
            FROM record_change
            WHERE subject = 'course' AND part IS NULL AND before IS NOT NULL AND after ->> 'code' IS NOT NULL
        ) AS moved
        CROSS JOIN course
        WHERE course.code = CAST(moved.code AS citext) AND course.id > moved.subject_id
    ) AS dated
    GROUP BY course_id
)
