-- Files of commands that are decided together. What was sent lies in `personal_data` until the import has ended, a
-- subject for each part, whatever its commands are: nobody knows what is in a file.
CREATE TABLE imports (
    id          uuid PRIMARY KEY,
    -- Whose it is: the client, with the roles and organisations that it acted for.
    sender      text COLLATE "C" NOT NULL,
    -- What was asked and sent, hashed with the key of the store; NULL while it arrives.
    content     bytea,
    status      text COLLATE "C" NOT NULL,
    -- What the lines are read by: JSON that the database does not look into.
    form        text        NOT NULL,
    partial     boolean     NOT NULL,
    metadata    text        NOT NULL,
    lines       integer     NOT NULL DEFAULT 0,
    checked     integer     NOT NULL DEFAULT 0,
    done        integer     NOT NULL DEFAULT 0,
    refused     integer     NOT NULL DEFAULT 0,
    -- Of which worker it is that checks it.
    turn        uuid,
    -- Parts that were run to their end.
    parts_done  integer     NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL DEFAULT now(),
    begun_at    timestamptz,
    ended_at    timestamptz
);
-- The same file is one import, unless it was refused.
CREATE UNIQUE INDEX imports_by_content ON imports (sender, content) WHERE status NOT IN ('refused', 'halted');
CREATE INDEX imports_by_sender ON imports (sender, received_at);
CREATE INDEX imports_open ON imports (received_at) WHERE ended_at IS NULL;

CREATE TABLE import_parts (
    import    uuid    NOT NULL REFERENCES imports ON DELETE CASCADE,
    part      integer NOT NULL,
    last_line integer NOT NULL,
    subject   text COLLATE "C" NOT NULL,
    -- Of each line: its number, the id of its record, and the lines of the part that it waits for.
    plan      text,
    PRIMARY KEY (import, part)
);

-- What lines call the records that they begin, for lines behind them.
CREATE TABLE import_names (
    import   uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    name     text COLLATE "C" NOT NULL,
    identity text COLLATE "C" NOT NULL,
    PRIMARY KEY (import, name)
);

-- The lines that were refused, with the problem in each language.
CREATE TABLE import_faults (
    import  uuid    NOT NULL REFERENCES imports ON DELETE CASCADE,
    line    integer NOT NULL,
    problem text    NOT NULL,
    PRIMARY KEY (import, line)
);
