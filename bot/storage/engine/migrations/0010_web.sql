-- Whether the model may search the web for a question: Retry and Regenerate ask in the same way.

ALTER TABLE turns ADD COLUMN web INTEGER NOT NULL DEFAULT 0;
