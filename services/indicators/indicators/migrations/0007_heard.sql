-- When something was last recorded on each day that a role could decide, by what it was: whom the programme hears of.
CREATE TABLE heard (
    role text COLLATE "C" NOT NULL,
    topic text COLLATE "C" NOT NULL,            -- as its category names it
    partition smallint NOT NULL,                -- each is written by one worker at a time
    type text COLLATE "C" NOT NULL,
    axis smallint NOT NULL,                     -- as the event says, which few do; else 0
    day date NOT NULL,                          -- in Europe/Paris
    sample boolean NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (role, topic, partition, type, axis, day, sample)
);
