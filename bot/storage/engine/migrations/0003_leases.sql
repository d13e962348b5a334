-- What several processes on one database, and a crash in the middle of a reply, need to know; and indexes that
-- queries use, in place of those that none did.

-- A message is answered by the process that claims it first.
CREATE TABLE claims (
    message_id BIGINT PRIMARY KEY,
    claimed_by TEXT NOT NULL,               -- a process
    claimed_at BIGINT NOT NULL
);

CREATE INDEX claims_by_time ON claims (claimed_at);

-- A reply in state `streaming` belongs to a process as long as that renews its lease.
ALTER TABLE replies ADD COLUMN leased_by TEXT;
ALTER TABLE replies ADD COLUMN leased_at BIGINT NOT NULL DEFAULT 0;

-- What a reply may cost, from before the model is called until it's in the ledger; NULL: nothing is open.
ALTER TABLE replies ADD COLUMN reserved_nano_usd BIGINT;
ALTER TABLE replies ADD COLUMN payer_id BIGINT;

DROP INDEX replies_by_channel;
DROP INDEX replies_by_guild;
DROP INDEX replies_by_time;

CREATE INDEX conversations_by_parent ON conversations (parent_id) WHERE parent_id IS NOT NULL;

DROP INDEX ledger_by_user;
DROP INDEX ledger_by_channel;
CREATE INDEX ledger_by_user ON ledger (user_id, guild_id, booked_at);
CREATE INDEX ledger_by_channel ON ledger (channel_id, guild_id, booked_at);
