-- Takes all tokens away: whoever has one can do nothing any more.

DROP TABLE token;
