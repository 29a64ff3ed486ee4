-- Of the records `named`, which import made each version, and when did it last change them? An undo changes them too.
-- changed_at.sql, kept_changed_at.sql and user_changed_at.sql include it.
            CROSS JOIN source_record AS version
            CROSS JOIN import
            WHERE version.kind = named.kind
                AND version.sourced_id = named.sourced_id
                AND version.source = named.source
                AND import.id = version.import_id
