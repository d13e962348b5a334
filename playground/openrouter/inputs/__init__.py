"""What a request brings besides words: pictures, documents, recordings."""
