"""The demo's page: a chat on the make-believe Discord, for a browser on this machine."""
