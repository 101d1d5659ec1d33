"""Where detection runs. Every engine gives the same verdicts."""
