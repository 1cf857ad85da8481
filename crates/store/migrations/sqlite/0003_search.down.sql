DROP TABLE search_rows;
DROP TABLE search_blocks;
DROP TRIGGER search_tail_begins;
DROP TABLE search_tails;
