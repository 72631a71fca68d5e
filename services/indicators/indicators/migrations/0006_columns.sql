-- Whoever answers questions adds facts up in columns of its own, which hold six decimals, and reads each fact once.
DROP TABLE cells;
DROP INDEX facts_by_day;
ALTER TABLE facts ALTER COLUMN value TYPE numeric(18, 6), ALTER COLUMN stands TYPE numeric(18, 6);
