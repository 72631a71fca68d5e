-- Appends a group of commands, each judged by itself, in one commit. Returns a row for each command that was not
-- stored: `replayed` (its key was used before, for the same body), `reused` (for another body) or `conflict`.
--
-- The caller sees to it that no two commands of a group touch the same stream, guard or key: one statement sees one
-- snapshot, so they would not see each other.
CREATE FUNCTION append_group(
    command_stream_ids text[], command_categories text[], command_expected integer[], command_events integer[],
    command_states text[], command_revisions integer[],
    event_commands integer[], event_stream_ids text[], event_versions integer[], event_ids uuid[], event_types text[],
    event_schema_versions smallint[], event_data text[], event_metadata text[],
    key_commands integer[], key_keys text[], key_hashes bytea[],
    guard_commands integer[], guard_stream_ids text[], guard_versions integer[]
) RETURNS TABLE (command integer, outcome text, in_stream text, at_version integer)
LANGUAGE plpgsql AS $$
DECLARE
    recorded timestamptz;
BEGIN
    -- Held through the commit: positions become visible in the order in which they were given. The statements below
    -- take their snapshots after it, so they see whatever the last holder wrote.
    PERFORM pg_advisory_xact_lock(7220001);
    recorded := greatest(clock_timestamp(), (SELECT e.recorded_at FROM events e ORDER BY e.position DESC LIMIT 1));

    RETURN QUERY
    WITH commands AS (
        SELECT c.*
        FROM unnest(command_stream_ids, command_categories, command_expected, command_events, command_states,
                    command_revisions)
             WITH ORDINALITY AS c (stream_id, category, expected, events, state, revision, n)
    ),
    -- Nobody else writes while the lock is held, so a command that passes here cannot fail below.
    refused AS MATERIALIZED (
        SELECT k.n, CASE WHEN i.body_hash = k.hash THEN 'replayed' ELSE 'reused' END AS outcome, i.stream_id, i.version
        FROM unnest(key_commands, key_keys, key_hashes) AS k (n, key, hash)
        JOIN idempotency_keys i ON i.key = k.key
        UNION ALL
        SELECT c.n::integer, 'conflict', c.stream_id, s.version
        FROM commands c
        LEFT JOIN streams s ON s.stream_id = c.stream_id
        WHERE coalesce(s.version, 0) <> c.expected
        UNION ALL
        SELECT g.n, 'conflict', g.stream_id, s.version
        FROM unnest(guard_commands, guard_stream_ids, guard_versions) AS g (n, stream_id, version)
        LEFT JOIN streams s ON s.stream_id = g.stream_id
        WHERE coalesce(s.version, 0) <> g.version
    ),
    created AS (
        INSERT INTO streams (stream_id, category, version, state, state_revision, state_version, updated_at)
        SELECT c.stream_id, c.category, c.events, c.state::json, c.revision, c.events, recorded
        FROM commands c
        WHERE c.expected = 0 AND c.n NOT IN (SELECT r.n FROM refused r)
    ),
    moved AS (
        UPDATE streams s
        SET version = c.expected + c.events,
            state = CASE WHEN s.state_revision > c.revision THEN s.state ELSE c.state::json END,
            state_version = CASE WHEN s.state_revision > c.revision THEN s.state_version ELSE c.expected + c.events END,
            state_revision = greatest(s.state_revision, c.revision),
            updated_at = recorded
        FROM commands c
        WHERE s.stream_id = c.stream_id AND c.expected > 0 AND c.n NOT IN (SELECT r.n FROM refused r)
    ),
    stored AS (
        INSERT INTO events (stream_id, version, event_id, type, schema_version, data, metadata, recorded_at)
        SELECT e.stream_id, e.version, e.event_id, e.type, e.schema_version, e.data::json, e.metadata::json, recorded
        FROM unnest(event_commands, event_stream_ids, event_versions, event_ids, event_types, event_schema_versions,
                    event_data, event_metadata)
             WITH ORDINALITY AS e (n, stream_id, version, event_id, type, schema_version, data, metadata, ordinal)
        WHERE e.n NOT IN (SELECT r.n FROM refused r)
        -- Without it a planner is free to number events backwards.
        ORDER BY e.ordinal
    ),
    kept AS (
        INSERT INTO idempotency_keys (key, body_hash, stream_id, version, recorded_at)
        SELECT k.key, k.hash, command_stream_ids[k.n], command_expected[k.n] + command_events[k.n], recorded
        FROM unnest(key_commands, key_keys, key_hashes) AS k (n, key, hash)
        WHERE k.n NOT IN (SELECT r.n FROM refused r)
    )
    SELECT r.n, r.outcome, r.stream_id, r.version FROM refused r;
END
$$;
