"""Sentences about what people send: files, pictures, recordings."""
