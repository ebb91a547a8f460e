"""What happens in the demo org as days pass, and what is true of it on each."""
