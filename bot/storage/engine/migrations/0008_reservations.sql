-- What the answers under way in each process will probably cost, on the accounts that have a budget. A process that is
-- gone renews its rows no more, and then they count no more.

CREATE TABLE reservations (
    process TEXT NOT NULL,
    account TEXT NOT NULL,
    nano_usd BIGINT NOT NULL,
    renewed_at BIGINT NOT NULL,
    PRIMARY KEY (account, process)
);

CREATE INDEX reservations_by_time ON reservations (renewed_at);
