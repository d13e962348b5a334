-- How a reply's text is shown, so that whoever goes on with it shows it alike.
ALTER TABLE replies ADD COLUMN rich_text INTEGER NOT NULL DEFAULT 0;
