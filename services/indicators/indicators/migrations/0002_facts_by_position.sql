-- The events behind a figure are read by position, a page at a time: without it each page would sort them all.
CREATE INDEX facts_by_position ON facts (generation, indicator, service, position, ordinal);
