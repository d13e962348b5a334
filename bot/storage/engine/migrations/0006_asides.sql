-- What an answer brought besides its words, shown to one person by a button: the model's thoughts, further sources.
-- It is no part of memory, of an export or of a request, and goes with its answer.

CREATE TABLE asides (
    turn_id BIGINT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,  -- the answer's
    kind TEXT NOT NULL,                     -- thinking, sources
    text TEXT NOT NULL,
    kept_at BIGINT NOT NULL,
    PRIMARY KEY (turn_id, kind)
);

CREATE INDEX asides_by_time ON asides (kind, kept_at);

-- The setting `reasoning` was a switch; now it says how thoughts are shown.
UPDATE settings SET value = 'live' WHERE key = 'reasoning' AND value = 'on';
UPDATE changes SET old = 'live' WHERE key = 'reasoning' AND old = 'on';
UPDATE changes SET new = 'live' WHERE key = 'reasoning' AND new = 'on';
