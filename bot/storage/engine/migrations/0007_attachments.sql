-- What came with questions. Bytes are stored once, under their SHA-256, however many turns they came with.

CREATE TABLE blobs (
    hash TEXT PRIMARY KEY,
    size BIGINT NOT NULL,
    data BYTEA NOT NULL
);

-- An attachment whose text and bytes were too old or too many keeps its name.
CREATE TABLE attachments (
    turn_id BIGINT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,               -- from 0, as they were sent
    channel_id BIGINT NOT NULL,             -- the turn's
    name TEXT NOT NULL,
    kind TEXT NOT NULL,                     -- text, picture, document, audio
    text TEXT NOT NULL,
    hash TEXT REFERENCES blobs (hash),
    media_type TEXT NOT NULL,
    width BIGINT,
    height BIGINT,
    pages BIGINT,
    seconds DOUBLE PRECISION,
    note TEXT NOT NULL,
    author_id BIGINT,                       -- of a message that the question was about: who wrote it
    PRIMARY KEY (turn_id, ordinal)
);

CREATE INDEX attachments_by_hash ON attachments (hash) WHERE hash IS NOT NULL;
CREATE INDEX attachments_by_author ON attachments (author_id) WHERE author_id IS NOT NULL;
CREATE INDEX attachments_by_channel ON attachments (channel_id, turn_id);
