-- Takes away which records were merged. The records stay as the merges left them.

DROP TABLE merge;
