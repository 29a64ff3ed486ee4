-- Takes the holds, requirements, meetings and limits away.

DROP TABLE course_meeting;

DROP TABLE course_requirement;

DROP TABLE hold;

ALTER TABLE course DROP COLUMN repeatable;

ALTER TABLE student DROP COLUMN max_credits;
