-- Whether a generation has caught up is told by its marks: each once at the end that its partition had.
ALTER TABLE generations DROP COLUMN catch_up;
