-- Of an estimated entry, the part that the provider did report: it stays when the estimate gives way to the record.

ALTER TABLE ledger ADD COLUMN reported_nano_usd BIGINT NOT NULL DEFAULT 0;
