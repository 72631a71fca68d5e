-- breaks the release before: it keeps refused reactions where this one does not look, and stops before what is parked.

-- Messages that a subscription could not handle, as they came, and behind the first of a stream whatever came later of
-- it. Only a first has a reason; one without is tried by whoever has its partition, and so is one that is asked for.
CREATE TABLE parked_messages (
    id             text GENERATED ALWAYS AS
                   ('message-' || left(md5(subscription || ' ' || source || ' ' || position::text), 12)) STORED,
    subscription   text COLLATE "C" NOT NULL,
    source         text COLLATE "C" NOT NULL,
    stream_id      text COLLATE "C" NOT NULL,
    position       bigint      NOT NULL,
    previous       bigint,
    version        integer     NOT NULL,
    event_id       uuid        NOT NULL,
    type           text        NOT NULL,
    schema_version integer     NOT NULL,
    recorded_at    timestamptz NOT NULL,
    sample         boolean     NOT NULL,
    data           bytea       NOT NULL,
    -- Where it was read. Another version of the topic may have taken that one's place since.
    topic          text        NOT NULL,
    partition      integer     NOT NULL,
    "offset"       bigint      NOT NULL,
    correlation_id text,
    causation_id   text,
    traceparent    text,
    reason         text,
    unknown        boolean     NOT NULL DEFAULT false,
    asked          boolean     NOT NULL DEFAULT false,
    attempts       integer     NOT NULL DEFAULT 0,
    parked_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (subscription, source, stream_id, position)
);
COMMENT ON COLUMN parked_messages.unknown IS 'whether it is there because the release did not know its type';

DROP VIEW dead_letters;

-- Reactions that were refused become messages to try again, where they are to events of this store; what they are to is
-- told by the marks. Those to another service's events are given up, as their events are not here; and where a record
-- lies in its topic is not known any more, which reactions do not ask.
INSERT INTO parked_messages (subscription, source, stream_id, position, version, event_id, type, schema_version,
                             recorded_at, sample, data, topic, partition, "offset", correlation_id, causation_id,
                             traceparent, reason, attempts, parked_at)
SELECT DISTINCT ON (e.position)
       m.subscription, '/' || replace(regexp_replace(m.topic, '\.v[0-9]+$', ''), '.', '/'), e.stream_id, e.position,
       e.version, e.event_id, e.type, e.schema_version, e.recorded_at, coalesce(e.metadata ->> 'sample' = 'true', false),
       convert_to(e.data::text, 'UTF8'), m.topic, 0, 0, e.metadata ->> 'correlation_id', e.metadata ->> 'causation_id',
       e.metadata ->> 'traceparent', r.reason, 1, r.recorded_at
FROM reactions r
JOIN events e ON e.event_id = split_part(r.key, '/', 1)::uuid
JOIN (SELECT DISTINCT subscription, topic FROM marks WHERE NOT superseded) m
  ON m.topic ~ ('\.' || regexp_replace(m.subscription, '-reactions$', '') || '\.v[0-9]+$')
     AND m.subscription LIKE '%-reactions'
WHERE r.outcome = 'refused'
ORDER BY e.position, r.recorded_at;
DELETE FROM reactions r USING parked_messages p WHERE r.outcome = 'refused' AND starts_with(r.key, p.event_id || '/');
UPDATE reactions SET outcome = 'passed' WHERE outcome IN ('refused', 'discarded');

-- What is left of them: what each led to, by event, reaction and target, kept for ever.
DROP INDEX reactions_parked;
ALTER TABLE reactions DROP COLUMN name, DROP COLUMN body, DROP COLUMN metadata, DROP COLUMN reason;

-- What could not be done, by the names that ops know it by; of parked messages the first of each stream.
CREATE VIEW dead_letters AS
    SELECT 'due-' || left(md5(concat_ws(' ', stream_id, name, body)), 12) AS id, 'due' AS kind, stream_id, name, body,
           reason, parked_at, 0::bigint AS behind
    FROM due WHERE parked_at IS NOT NULL
    UNION ALL
    SELECT id, 'message', stream_id, type,
           json_build_object('event_id', event_id, 'version', version, 'subscription', subscription)::text,
           coalesce(reason, 'it is about to be tried'), parked_at, behind
    FROM (
        SELECT DISTINCT ON (subscription, source, stream_id) *,
               count(*) OVER (PARTITION BY subscription, source, stream_id) - 1 AS behind
        FROM parked_messages
        ORDER BY subscription, source, stream_id, position
    ) AS first;
