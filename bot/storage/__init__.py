"""What is kept: conversations, replies and settings in SQLite."""
