-- Between these two, and within the period. change_list.sql includes it.
            AND id > :after_id AND id < :before_id
            AND coalesce(recorded_at, '') >= :since AND coalesce(recorded_at, '') < :until
