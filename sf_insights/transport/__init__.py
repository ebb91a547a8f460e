"""HTTP: sessions, retries, and the meaning of answers."""
