-- A reply is in the ledger once at most: before it's booked it is looked up there.

CREATE INDEX ledger_by_reply ON ledger (reply_id) WHERE reply_id IS NOT NULL;
