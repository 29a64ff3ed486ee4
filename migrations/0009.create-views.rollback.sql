-- Takes the views away; they hold no data of their own.

DROP VIEW course_seat;

DROP VIEW enrollment_version;

DROP VIEW enrollment;
