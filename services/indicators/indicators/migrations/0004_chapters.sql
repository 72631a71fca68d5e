-- Chapters are folded apart, and what questions read is kept in numbers. What was folded before is folded anew.
DROP TABLE facts, cells, generations;

-- The definitions under which the facts of a chapter are folded, named as their subscription is.
CREATE TABLE generations (
    generation text COLLATE "C" PRIMARY KEY,
    chapter text COLLATE "C" NOT NULL,
    definitions jsonb NOT NULL,                 -- {measure: {version, kind}}
    began_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE measures (
    id bigint PRIMARY KEY,                      -- made of the two others
    generation text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL
);

-- What of a measure has the same contributor and the same dimensions.
CREATE TABLE slices (
    id bigint PRIMARY KEY,                      -- made of the three others
    measure bigint NOT NULL,
    contributor text COLLATE "C" NOT NULL,      -- the person, firm or machine that `n` counts
    dimensions jsonb NOT NULL
);
CREATE INDEX slices_by_measure ON slices (measure);

-- What each event counts for in each measure: the source of every figure, and its proof. Inserted once, never changed.
CREATE TABLE facts (
    measure bigint NOT NULL,
    position bigint NOT NULL,                   -- in the service
    partition smallint NOT NULL,                -- of the topic: where an answer ends in it is a position
    ordinal smallint NOT NULL,                  -- an event may count several times: a correction is a minus and a plus
    times smallint NOT NULL,                    -- of a quantile: how often the value is there more, or less
    sample boolean NOT NULL,
    effective_on date NOT NULL,
    slice bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    topic text COLLATE "C" NOT NULL,            -- as its category names it
    type text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,          -- the stream, and which of its subjects
    value numeric NOT NULL,                     -- what adds up: of a level, the difference to the value before
    stands numeric,                             -- of a level's step: what the level is from that day on
    PRIMARY KEY (measure, topic, position, ordinal)
);
CREATE INDEX facts_by_day ON facts (measure, effective_on);

-- Facts added up by slice: all of them (grain 0), those of a year (1) and those of a month (2). A level on a day is what
-- has been added up to then.
CREATE TABLE cells (
    measure bigint NOT NULL,
    slice bigint NOT NULL,
    recorded_at timestamptz NOT NULL,           -- of the latest fact in it
    since date NOT NULL,                        -- the first day; of grain 0 there is none
    grain smallint NOT NULL,
    sample boolean NOT NULL,                    -- whether any fact in it is made up
    value numeric NOT NULL,
    PRIMARY KEY (measure, grain, since, slice)
) WITH (fillfactor = 60);

-- The value that each subject of a level has had since its latest step.
CREATE TABLE latest (
    measure bigint NOT NULL,
    subject text COLLATE "C" NOT NULL,
    slice bigint NOT NULL,
    effective_on date NOT NULL,
    value numeric NOT NULL,
    PRIMARY KEY (measure, subject)
) WITH (fillfactor = 60);
