-- The setting that was called `pace` is a rate limit, as everybody calls it.

UPDATE settings SET key = 'rate_limit' WHERE key = 'pace';
UPDATE changes SET key = 'rate_limit' WHERE key = 'pace';
