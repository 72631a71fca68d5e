-- Which reaction asked for what a message tells, as its own store remembers it.
ALTER TABLE parked_messages ADD COLUMN reaction text;
