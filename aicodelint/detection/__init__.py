"""What a text is: from texts to verdicts. Knows nothing of git, files, the command line or reports."""
