-- A store appends only where its relay has found it to hold what its topic ends with: on this server, on this timeline,
-- in this database and table. A restored dump, a promoted replica and a copy are confirmed anew.
CREATE TABLE confirmation (
    one          boolean     PRIMARY KEY DEFAULT true CHECK (one),
    place        text        NOT NULL,
    events_table oid         NOT NULL,
    confirmed_at timestamptz NOT NULL
);

-- What the topic holds and the store never will: events of a lost timeline that nothing here continues.
CREATE TABLE lost_events (
    position    bigint      PRIMARY KEY,
    event_id    uuid        NOT NULL,
    stream_id   text        NOT NULL,
    version     integer     NOT NULL,
    type        text        NOT NULL,
    data        json        NOT NULL,
    recorded_at timestamptz NOT NULL
);

-- Where this connection leads: the server's system identifier, its timeline, the database.
CREATE FUNCTION connected_place() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN pg_is_in_recovery() THEN 'a replica'
           ELSE concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
                          left(pg_walfile_name(pg_current_wal_lsn()), 8),
                          (SELECT oid FROM pg_database WHERE datname = current_database())) END
$$;

-- All marks of a topic are there from the beginning, so that their number tells how many partitions it had. Older ones
-- are known by an unknown `caught_up`.
ALTER TABLE marks ALTER COLUMN recorded_at DROP NOT NULL;
ALTER TABLE marks ADD COLUMN caught_up boolean;
ALTER TABLE marks ADD COLUMN superseded boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN marks.caught_up IS 'whether it has ever come to the end that its partition had when it was begun';
COMMENT ON COLUMN marks.superseded IS 'whether the subscription goes on in a topic that took the place of this one';

-- Appends a group of commands, each judged by itself, in one commit. Returns a row for each command that was not
-- stored: `replayed` (its key was used before, for the same body), `reused` (for another body) or `conflict`.
--
-- The caller sees to it that no two commands of a group touch the same stream, guard or key: the statements below
-- would not tell them apart. Its connection has told in `eventstore.place` where it leads.
--
-- Commands and events come as columns. Each statement does one thing and the parts that no command uses do not run:
-- starting a plan costs as much as several commands.
CREATE OR REPLACE FUNCTION append_group(
    stream_ids text[], categories text[], expected integer[], counts integer[], states text[], revisions integer[],
    metadata text[],
    event_commands integer[], event_versions integer[], event_ids uuid[], event_types text[],
    event_schema_versions smallint[], event_data text[],
    key_commands integer[], key_keys text[], key_hashes bytea[],
    guard_commands integer[], guard_stream_ids text[], guard_versions integer[]
) RETURNS TABLE (command integer, outcome text, in_stream text, at_version integer)
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

    IF cardinality(key_commands) > 0 OR cardinality(guard_commands) > 0 THEN
        FOR command, outcome, in_stream, at_version IN
            SELECT k.n, CASE WHEN i.body_hash = k.hash THEN 'replayed' ELSE 'reused' END, i.stream_id, i.version
            FROM unnest(key_commands, key_keys, key_hashes) AS k (n, key, hash)
            JOIN idempotency_keys i ON i.key = k.key
            UNION ALL
            SELECT g.n, 'conflict', g.stream_id, s.version
            FROM unnest(guard_commands, guard_stream_ids, guard_versions) AS g (n, stream_id, version)
            LEFT JOIN streams s ON s.stream_id = g.stream_id
            WHERE coalesce(s.version, 0) <> g.version
        LOOP
            refused := refused || command;
            RETURN NEXT;
        END LOOP;
    END IF;

    WITH moved AS (
        UPDATE streams s
        SET version = c.expected + c.events,
            state = CASE WHEN s.state_revision > c.revision THEN s.state ELSE c.state::json END,
            state_version = CASE WHEN s.state_revision > c.revision THEN s.state_version ELSE c.expected + c.events END,
            state_revision = greatest(s.state_revision, c.revision),
            updated_at = recorded
        FROM unnest(stream_ids, expected, counts, states, revisions)
             WITH ORDINALITY AS c (stream_id, expected, events, state, revision, n)
        WHERE s.stream_id = c.stream_id AND s.version = c.expected AND c.n <> ALL (refused)
        RETURNING c.n
    )
    SELECT coalesce(array_agg(m.n), '{}') INTO moved FROM moved m;

    IF 0 = ANY (expected) THEN
        WITH begun AS (
            INSERT INTO streams AS s (stream_id, category, version, state, state_revision, state_version, updated_at)
            SELECT c.stream_id, c.category, c.events, c.state::json, c.revision, c.events, recorded
            FROM unnest(stream_ids, categories, expected, counts, states, revisions)
                 WITH ORDINALITY AS c (stream_id, category, expected, events, state, revision, n)
            WHERE c.expected = 0 AND c.n <> ALL (refused)
            ON CONFLICT DO NOTHING
            RETURNING s.stream_id
        )
        SELECT coalesce(array_agg(array_position(stream_ids, b.stream_id)), '{}') INTO begun FROM begun b;
    END IF;

    IF cardinality(moved) + cardinality(begun) < cardinality(stream_ids) THEN
        outcome := 'conflict';
        at_version := NULL;
        FOR command IN
            SELECT generate_subscripts(stream_ids, 1) EXCEPT SELECT unnest(moved || begun || refused)
        LOOP
            in_stream := stream_ids[command];
            refused := refused || command;
            RETURN NEXT;
        END LOOP;
    END IF;

    INSERT INTO events (stream_id, version, event_id, type, schema_version, data, metadata, recorded_at)
    SELECT stream_ids[e.n], e.version, e.event_id, e.type, e.schema_version, e.data::json, metadata[e.n]::json, recorded
    FROM unnest(event_commands, event_versions, event_ids, event_types, event_schema_versions, event_data)
         WITH ORDINALITY AS e (n, version, event_id, type, schema_version, data, ordinal)
    WHERE e.n <> ALL (refused)
    -- Without it a planner is free to number events backwards.
    ORDER BY e.ordinal;

    IF cardinality(key_commands) > 0 THEN
        INSERT INTO idempotency_keys (key, body_hash, stream_id, version, recorded_at)
        SELECT k.key, k.hash, stream_ids[k.n], expected[k.n] + counts[k.n], recorded
        FROM unnest(key_commands, key_keys, key_hashes) AS k (n, key, hash)
        WHERE k.n <> ALL (refused);
    END IF;
END
$$;
