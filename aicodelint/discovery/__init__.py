"""Which files, and their text."""
