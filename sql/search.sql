-- name: get_sort_key(text)^
-- How is this text sorted and searched: with each character by its base, without case and accents?
WITH RECURSIVE spelled (place, sort_key) AS (
    SELECT 0, coalesce((SELECT base FROM letter WHERE letter = ''), '')
    UNION ALL
    SELECT place + 1, sort_key || coalesce(
            (SELECT base FROM letter WHERE letter = substr(:text, place + 1, 1)),
            substr(:text, place + 1, 1)
        )
    FROM spelled
    WHERE place < length(:text)
)

SELECT sort_key
FROM spelled
WHERE place = length(:text);

-- name: get_rarest_word(words, last, limit)^
-- Which of these words begins the fewest words of students, and how many, counted up to the limit? words is a JSON
-- array.
SELECT
    wanted.atom AS word,
    (
        SELECT count(*)
        FROM (
            SELECT student_id FROM student_word
            WHERE word >= wanted.atom AND word < wanted.atom || :last
            LIMIT :limit
        ) AS found
    ) AS uses
FROM json_each(:words) AS wanted
ORDER BY uses
LIMIT 1;
