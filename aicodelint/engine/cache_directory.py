"""Where things are kept that can be made again: verdicts, embeddings, encoders made int8."""

from __future__ import annotations

import os
from pathlib import Path

DIRECTORY_VARIABLE = "AICODELINT_CACHE_DIR"


def cache_directory() -> Path:
    """Return ``AICODELINT_CACHE_DIR`` if it is set, else aicodelint's part of the user's cache directory."""
    override = os.environ.get(DIRECTORY_VARIABLE)
    if override:
        return Path(override)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("aicodelint", appauthor=False))
