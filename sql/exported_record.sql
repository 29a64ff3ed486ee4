WITH exported_record AS NOT MATERIALIZED (
-- The records of other systems whose ids are exported: of two with one id that of :source, or else the first, as in the
-- view of this name. export.sql and sourced.sql include it.
    SELECT id, coalesce(first_id, id) AS first_id, import_id, source, kind, sourced_id, is_deleted, content, taken,
        user_ref, class_ref, student_id, term_id, course_id, event_id
    FROM source_record AS record
    WHERE is_current = 1
        AND NOT EXISTS (
            SELECT 1 FROM source_record AS other
            WHERE other.kind = record.kind
                AND other.sourced_id = record.sourced_id
                AND other.is_current = 1
                AND (other.source IS DISTINCT FROM :source, coalesce(other.first_id, other.id))
                    < (record.source IS DISTINCT FROM :source, coalesce(record.first_id, record.id))
        )
)
