-- Takes the kept answers away: a retry is then another request.

DROP TABLE kept_answer;
