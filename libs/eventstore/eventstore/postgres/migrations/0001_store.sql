-- One service's streams and events. Read architecture.md's reasons in docs/decisions/0002-one-position-orders-everything.md.

CREATE TABLE streams (
    stream_id      text COLLATE "C" PRIMARY KEY,
    category       text        NOT NULL,
    version        integer     NOT NULL,
    state          json        NOT NULL,
    -- The revision of the fold that made the state, and the version it stopped at: behind `version` where code of an
    -- older revision appended to a stream whose state it must not overwrite.
    state_revision integer     NOT NULL,
    state_version  integer     NOT NULL,
    updated_at     timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE events (
    position       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream_id      text COLLATE "C" NOT NULL,
    version        integer     NOT NULL,
    event_id       uuid        NOT NULL,
    type           text        NOT NULL,
    schema_version smallint    NOT NULL,
    data           json        NOT NULL,
    metadata       json        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    UNIQUE (stream_id, version)
);

CREATE TABLE idempotency_keys (
    key         text COLLATE "C" PRIMARY KEY,
    body_hash   bytea       NOT NULL,
    stream_id   text        NOT NULL,
    version     integer     NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (recorded_at);

CREATE TABLE marks (
    subscription text        NOT NULL,
    topic        text        NOT NULL,
    partition    integer     NOT NULL,
    position     bigint      NOT NULL,
    recorded_at  timestamptz NOT NULL,
    PRIMARY KEY (subscription, topic, partition)
);
