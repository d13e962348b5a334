"""How it looks in Discord: reply targets, buttons and every sentence a user reads."""
