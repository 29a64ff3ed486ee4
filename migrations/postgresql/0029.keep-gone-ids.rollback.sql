-- Takes away which ids of other systems are gone. A delta does not name them then.

DROP TRIGGER source_record_blank_leaves_the_id ON source_record;

DROP TRIGGER source_record_delete_leaves_the_id ON source_record;

DROP FUNCTION leave_the_id();

DROP TABLE gone_id;
