-- Within the period whose last row is last_id. coalesce keeps the index of times out. event.sql and record_change.sql
-- include it.
    AND id <= :last_id
    AND coalesce(recorded_at, '') >= :since
    AND coalesce(recorded_at, '') < :until
