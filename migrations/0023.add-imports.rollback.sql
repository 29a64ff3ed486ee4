-- Takes the records of imports away. What they brought in stays; the next import finds people by number and email.

DROP VIEW exported_record;

DROP TABLE source_record;

DROP TABLE import;
