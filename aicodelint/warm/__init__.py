"""Warm scans: ``aicodelint scan`` forked from a process that has imported everything already. See ``protocol``."""
