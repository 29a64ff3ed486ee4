-- The last 32 characters of the id of a row: a code and a section have no more. import_course.sql includes it.
        CASE
            WHEN length(incoming.sourced_id) <= 32 THEN incoming.sourced_id
            ELSE substr(incoming.sourced_id, length(incoming.sourced_id) - 31)
        END
