"""HTTP as this project uses it: sessions, retries, and what answers mean."""
