-- The definitions under which facts are folded. A changed definition begins a new generation, folded from the topics
-- beside the others; it is served once it has caught up with what the others had applied when it began.
CREATE TABLE generations (
    generation text COLLATE "C" PRIMARY KEY,
    definitions jsonb NOT NULL,                 -- definition version per indicator
    catch_up jsonb NOT NULL,                    -- {topic: {partition: position}}
    began_at timestamptz NOT NULL DEFAULT now()
);

-- What each event counts for in each indicator: the source of every figure, and its proof. Inserted once, never changed.
CREATE TABLE facts (
    generation text COLLATE "C" NOT NULL,
    indicator text COLLATE "C" NOT NULL,
    event_id uuid NOT NULL,
    ordinal smallint NOT NULL,                  -- an event may count several times: a correction is a minus and a plus
    type text COLLATE "C" NOT NULL,
    service text COLLATE "C" NOT NULL,
    partition smallint NOT NULL,                -- of the service's topic: where an answer ends in it is a position
    position bigint NOT NULL,                   -- in the service
    subject text COLLATE "C" NOT NULL,          -- the stream, of which a level keeps the last value
    contributor text COLLATE "C" NOT NULL,      -- the person or firm that confidentiality counts
    effective_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    dimensions jsonb NOT NULL,
    value numeric NOT NULL,
    PRIMARY KEY (generation, indicator, event_id, ordinal)
);

CREATE INDEX facts_by_day ON facts (generation, indicator, effective_on);

-- The facts of sums added up by month. The contributor is part of the key so that `n` is exact.
CREATE TABLE cells (
    generation text COLLATE "C" NOT NULL,
    indicator text COLLATE "C" NOT NULL,
    month date NOT NULL,                        -- its first day
    contributor text COLLATE "C" NOT NULL,
    dimensions jsonb NOT NULL,
    value numeric NOT NULL,
    recorded_at timestamptz NOT NULL,           -- of the latest fact in it
    PRIMARY KEY (generation, indicator, month, contributor, dimensions)
);
