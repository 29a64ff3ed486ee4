-- Takes the school away. Systems that have had an export will not know the records again.

DROP VIEW enrollment_stretch;

DROP TABLE school;
