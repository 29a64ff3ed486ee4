-- Takes the sessions and the links away: everyone signs in again. No record is lost.

DROP TABLE sign_in_link;

DROP TABLE session;
