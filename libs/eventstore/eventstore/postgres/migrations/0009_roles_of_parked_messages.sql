-- In which roles its sender could decide what a message tells.
ALTER TABLE parked_messages ADD COLUMN roles text;
