-- breaks the release before: it would leave aside until when streams need whom they name, and append by a function that is gone.

-- The only place where a person is named: one row for each subject that is known, until it is erased. It is written as a
-- text, which nothing reads in the database, so that no error of the database can quote it.
CREATE TABLE personal_data (
    subject     text COLLATE "C" PRIMARY KEY,
    kind        text COLLATE "C" NOT NULL,
    -- A keyed hash of what identifies the person; NULL for kinds that are never recognised.
    recognition bytea UNIQUE,
    data        text NOT NULL,
    recorded_at timestamptz NOT NULL
);

-- Whom streams name, and the last day on which they need to know who that is.
CREATE TABLE kept (
    stream_id text COLLATE "C" NOT NULL,
    subject   text COLLATE "C" NOT NULL,
    until     date NOT NULL,
    PRIMARY KEY (stream_id, subject)
);
CREATE INDEX kept_by_subject ON kept (subject, until);

-- For mirrors, which decisions look up: when a partition was last found to be read to its end.
ALTER TABLE marks ADD COLUMN current_at timestamptz;

DROP FUNCTION append_group;

-- Appends a group of commands, each judged by itself, in one commit. Returns a row for each command that was not
-- stored: `replayed` (its key was used before, for the same body), `reused` (for another body), `conflict`, `claimed`
-- (what it claims, and does not hold already, is taken, by another stream or up to the limit), or `unknown` (whom it
-- erases). Where a person was recognised as another subject meanwhile it is a conflict, too.
--
-- The caller sees to it that no two commands of a group touch the same stream, key, claim or person, and that none looks
-- at a stream that another changes: the statements below would not tell them apart. Its connection has told in
-- `eventstore.place` where it leads.
--
-- Commands and what goes with them come as columns; `*_command` counts the commands from 1. Each statement does one
-- thing and the parts that no command uses do not run: starting a plan costs as much as several commands.
CREATE FUNCTION append_group(
    command_stream_id text[], command_category text[], command_expected integer[], command_events integer[],
    command_state text[], command_revision integer[], command_metadata text[], command_labels text[],
    command_labelling integer[],
    event_command integer[], event_version integer[], event_id uuid[], event_type text[],
    event_schema_version smallint[], event_data text[],
    key_command integer[], key_key text[], key_hash bytea[],
    reaction_command integer[], reaction_key text[],
    guard_command integer[], guard_stream_id text[], guard_version integer[],
    order_command integer[], order_field text[], order_value text[],
    holder_command integer[],
    claim_command integer[], claim_kind text[], claim_key text[], claim_since timestamptz[], claim_until timestamptz[],
    claim_amount integer[], claim_limit integer[],
    due_command integer[], due_name text[], due_body text[], due_at timestamptz[],
    person_command integer[], person_subject text[], person_kind text[], person_recognition bytea[], person_data text[],
    keeper_command integer[],
    keep_command integer[], keep_subject text[], keep_until date[],
    erasure_command integer[], erasure_subject text[]
) RETURNS TABLE (command integer, outcome text, in_stream text, at_version integer, claim text, taken bigint)
LANGUAGE plpgsql AS $$
DECLARE
    recorded  timestamptz;
    confirmed boolean;
    moved     integer[];
    begun     integer[] = '{}';
    refused   integer[] = '{}';
BEGIN
    -- Held through the commit: positions become visible in the order in which they were given. Each statement below
    -- takes its snapshot after it, so it sees whatever the last holder wrote, and nobody else writes until we commit.
    PERFORM pg_advisory_xact_lock(7220001);
    SELECT greatest(clock_timestamp(), (SELECT e.recorded_at FROM events e ORDER BY e.position DESC LIMIT 1)),
           EXISTS (SELECT FROM confirmation c
                   WHERE c.place = current_setting('eventstore.place') AND c.events_table = 'events'::regclass)
    INTO recorded, confirmed;
    IF NOT confirmed THEN
        IF pg_is_in_recovery() THEN
            RAISE read_only_sql_transaction USING MESSAGE = 'the database is a replica';
        END IF;
        RAISE SQLSTATE 'TI001' USING MESSAGE = 'the store is not confirmed';
    END IF;

    IF cardinality(key_command) > 0 OR cardinality(guard_command) > 0 OR cardinality(reaction_command) > 0 THEN
        FOR command, outcome, in_stream, at_version IN
            SELECT k.n, CASE WHEN i.body_hash = k.hash THEN 'replayed' ELSE 'reused' END, i.stream_id, i.version
            FROM unnest(key_command, key_key, key_hash) AS k (n, key, hash)
            JOIN idempotency_keys i ON i.key = k.key
            UNION ALL
            SELECT k.n, 'replayed', r.stream_id, r.version
            FROM unnest(reaction_command, reaction_key) AS k (n, key)
            JOIN reactions r ON r.key = k.key
            UNION ALL
            SELECT g.n, 'conflict', g.stream_id, s.version
            FROM unnest(guard_command, guard_stream_id, guard_version) AS g (n, stream_id, version)
            LEFT JOIN streams s ON s.stream_id = g.stream_id
            WHERE coalesce(s.version, 0) <> g.version
        LOOP
            refused := refused || command;
            RETURN NEXT;
        END LOOP;
    END IF;

    IF cardinality(person_command) > 0 OR cardinality(erasure_command) > 0 THEN
        at_version := NULL;
        FOR command, outcome IN
            SELECT p.n, 'conflict'
            FROM unnest(person_command, person_subject, person_recognition) AS p (n, subject, recognition)
            JOIN personal_data d ON d.recognition = p.recognition AND d.subject <> p.subject
            UNION ALL
            SELECT e.n, 'unknown'
            FROM unnest(erasure_command, erasure_subject) AS e (n, subject)
            WHERE NOT EXISTS (SELECT FROM personal_data d WHERE d.subject = e.subject)
              AND NOT EXISTS (SELECT FROM streams s WHERE s.stream_id = command_stream_id[e.n])
        LOOP
            CONTINUE WHEN command = ANY (refused);
            in_stream := command_stream_id[command];
            refused := refused || command;
            RETURN NEXT;
        END LOOP;
    END IF;

    IF cardinality(claim_command) > 0 THEN
        at_version := NULL;
        outcome := 'claimed';
        FOR command, in_stream, claim, taken IN
            SELECT k.n, other.stream_id, k.kind, held.amount
            FROM (
                SELECT c.*, sum(c.amount) OVER (PARTITION BY c.n, c.kind, c.key) AS asked,
                       sum(c.amount) OVER (PARTITION BY c.n, c.kind, c.key, c.since, c.until) AS alike
                FROM unnest(claim_command, claim_kind, claim_key, claim_since, claim_until, claim_amount, claim_limit)
                     WITH ORDINALITY AS c (n, kind, key, since, until, amount, most, place)
            ) k
            LEFT JOIN streams s ON s.stream_id = command_stream_id[k.n]
            LEFT JOIN LATERAL (
                SELECT c.stream_id
                FROM claims c
                WHERE k.most IS NULL AND c.kind = k.kind AND c.key = k.key AND c.until > k.since AND c.since < k.until
                  AND c.stream_id <> command_stream_id[k.n]
                ORDER BY c.since, c.stream_id
                LIMIT 1
            ) other ON true
            LEFT JOIN LATERAL (
                SELECT coalesce(sum(c.amount), 0) AS amount
                FROM claims c
                WHERE k.most IS NOT NULL AND c.kind = k.kind AND c.key = k.key AND c.until > k.since
                  AND c.since < k.until AND c.stream_id <> command_stream_id[k.n]
            ) held ON true
            -- On another version it is a conflict, and claims something else when it is decided anew.
            WHERE coalesce(s.version, 0) = command_expected[k.n] AND k.n <> ALL (refused)
              AND (other.stream_id IS NOT NULL OR held.amount + k.asked > k.most)
              -- What it holds already it keeps, whatever limit was lowered and whoever else was found to hold it.
              AND k.alike > (
                  SELECT coalesce(sum(c.amount), 0)
                  FROM claims c
                  WHERE c.stream_id = command_stream_id[k.n] AND c.kind = k.kind AND c.key = k.key
                    AND c.since = k.since AND c.until = k.until
              )
            ORDER BY k.place
        LOOP
            CONTINUE WHEN command = ANY (refused);
            refused := refused || command;
            RETURN NEXT;
        END LOOP;
        claim := NULL;
        taken := NULL;
    END IF;

    WITH moved AS (
        UPDATE streams s
        SET version = c.expected + c.events,
            state = CASE WHEN s.state_revision > c.revision THEN s.state ELSE c.state::json END,
            state_version = CASE WHEN s.state_revision > c.revision THEN s.state_version ELSE c.expected + c.events END,
            state_revision = greatest(s.state_revision, c.revision),
            labels = CASE WHEN c.labels IS NULL OR s.state_revision > c.revision THEN s.labels ELSE c.labels::tsvector END,
            labelling = CASE WHEN s.state_revision > c.revision THEN s.labelling ELSE c.labelling END,
            updated_at = recorded
        FROM unnest(command_stream_id, command_expected, command_events, command_state, command_revision,
                    command_labels, command_labelling)
             WITH ORDINALITY AS c (stream_id, expected, events, state, revision, labels, labelling, n)
        WHERE s.stream_id = c.stream_id AND s.version = c.expected AND c.n <> ALL (refused)
        RETURNING c.n
    )
    SELECT coalesce(array_agg(m.n), '{}') INTO moved FROM moved m;

    IF 0 = ANY (command_expected) THEN
        WITH begun AS (
            INSERT INTO streams AS s
                (stream_id, category, version, state, state_revision, state_version, labels, labelling, updated_at)
            SELECT c.stream_id, c.category, c.events, c.state::json, c.revision, c.events,
                   coalesce(c.labels, '')::tsvector, c.labelling, recorded
            FROM unnest(command_stream_id, command_category, command_expected, command_events, command_state,
                        command_revision, command_labels, command_labelling)
                 WITH ORDINALITY AS c (stream_id, category, expected, events, state, revision, labels, labelling, n)
            WHERE c.expected = 0 AND c.n <> ALL (refused)
            ON CONFLICT DO NOTHING
            RETURNING s.stream_id
        )
        SELECT coalesce(array_agg(array_position(command_stream_id, b.stream_id)), '{}') INTO begun FROM begun b;
    END IF;

    IF cardinality(moved) + cardinality(begun) < cardinality(command_stream_id) THEN
        outcome := 'conflict';
        at_version := NULL;
        FOR command IN
            SELECT generate_subscripts(command_stream_id, 1) EXCEPT SELECT unnest(moved || begun || refused)
        LOOP
            in_stream := command_stream_id[command];
            refused := refused || command;
            RETURN NEXT;
        END LOOP;
    END IF;

    INSERT INTO events (stream_id, version, event_id, type, schema_version, data, metadata, recorded_at)
    SELECT command_stream_id[e.n], e.version, e.event_id, e.type, e.schema_version, e.data::json,
           command_metadata[e.n]::json, recorded
    FROM unnest(event_command, event_version, event_id, event_type, event_schema_version, event_data)
         WITH ORDINALITY AS e (n, version, event_id, type, schema_version, data, ordinal)
    WHERE e.n <> ALL (refused)
    -- Without it a planner is free to number events backwards.
    ORDER BY e.ordinal;

    IF cardinality(key_command) > 0 THEN
        INSERT INTO idempotency_keys (key, body_hash, stream_id, version, recorded_at)
        SELECT k.key, k.hash, command_stream_id[k.n], command_expected[k.n] + command_events[k.n], recorded
        FROM unnest(key_command, key_key, key_hash) AS k (n, key, hash)
        WHERE k.n <> ALL (refused);
    END IF;

    IF cardinality(reaction_command) > 0 THEN
        INSERT INTO reactions (key, outcome, stream_id, version, recorded_at)
        SELECT k.key, 'done', command_stream_id[k.n], command_expected[k.n] + command_events[k.n], recorded
        FROM unnest(reaction_command, reaction_key) AS k (n, key)
        WHERE k.n <> ALL (refused);
    END IF;

    IF cardinality(order_command) > 0 THEN
        INSERT INTO ordered (stream_id, category, field, value)
        SELECT command_stream_id[c.n], command_category[c.n], c.field, c.value
        FROM unnest(order_command, order_field, order_value) AS c (n, field, value)
        WHERE c.n <> ALL (refused)
        ON CONFLICT (stream_id, field) DO UPDATE SET value = excluded.value;
    END IF;

    IF cardinality(holder_command) > 0 THEN
        DELETE FROM claims c
        USING unnest(holder_command) AS h (n)
        WHERE c.stream_id = command_stream_id[h.n] AND h.n <> ALL (refused);

        INSERT INTO claims (kind, key, since, until, amount, most, stream_id)
        SELECT c.kind, c.key, c.since, c.until, c.amount, c.most, command_stream_id[c.n]
        FROM unnest(claim_command, claim_kind, claim_key, claim_since, claim_until, claim_amount, claim_limit)
             AS c (n, kind, key, since, until, amount, most)
        WHERE c.n <> ALL (refused);
    END IF;

    IF cardinality(due_command) > 0 THEN
        DELETE FROM due d
        USING unnest(due_command, due_name, due_body, due_at) AS c (n, name, body, at)
        WHERE c.at IS NULL AND d.stream_id = command_stream_id[c.n] AND c.n <> ALL (refused)
          AND (d.name = c.name AND d.body = c.body
               -- One without a name stands for all that is not told.
               OR c.name IS NULL AND NOT EXISTS (
                   SELECT FROM unnest(due_command, due_name, due_body) AS k (n, name, body)
                   WHERE k.n = c.n AND k.name = d.name AND k.body = d.body
               ));

        INSERT INTO due (stream_id, name, body, at)
        SELECT command_stream_id[c.n], c.name, c.body, c.at
        FROM unnest(due_command, due_name, due_body, due_at) AS c (n, name, body, at)
        WHERE c.at IS NOT NULL AND c.n <> ALL (refused)
        ON CONFLICT (stream_id, name, body)
        DO UPDATE SET at = excluded.at, taken_until = NULL, parked_at = NULL, parked_on = NULL, reason = NULL
        WHERE due.at <> excluded.at;
    END IF;

    IF cardinality(person_command) > 0 THEN
        INSERT INTO personal_data (subject, kind, recognition, data, recorded_at)
        SELECT p.subject, p.kind, p.recognition, p.data, recorded
        FROM unnest(person_command, person_subject, person_kind, person_recognition, person_data)
             AS p (n, subject, kind, recognition, data)
        WHERE p.n <> ALL (refused)
        ON CONFLICT (subject) DO UPDATE SET data = excluded.data, recorded_at = excluded.recorded_at
        WHERE personal_data.data <> excluded.data;
    END IF;

    IF cardinality(keeper_command) > 0 THEN
        DELETE FROM kept k
        USING unnest(keeper_command) AS h (n)
        WHERE k.stream_id = command_stream_id[h.n] AND h.n <> ALL (refused);

        INSERT INTO kept (stream_id, subject, until)
        SELECT command_stream_id[k.n], k.subject, max(k.until)
        FROM unnest(keep_command, keep_subject, keep_until) AS k (n, subject, until)
        WHERE k.n <> ALL (refused)
        GROUP BY k.n, k.subject;
    END IF;

    IF cardinality(erasure_command) > 0 THEN
        DELETE FROM personal_data d
        USING unnest(erasure_command, erasure_subject) AS e (n, subject)
        WHERE d.subject = e.subject AND e.n <> ALL (refused);
    END IF;
END
$$;
