"""Whether the code and the model a daemon runs are still those on disk."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from aicodelint.detection.bundle import Bundle
from aicodelint.errors import BundleError

PACKAGE = Path(__file__).resolve().parent.parent
LOOK_AGAIN_SECONDS = 0.5

Signature = tuple[tuple[str, int, int], ...]


def package_signature(directory: Path = PACKAGE) -> Signature:
    """Return name, size and time of change of every module of the package."""
    return tuple(sorted(_modules(str(directory))))


def change_watch(package: Signature, bundle: Path, fingerprint: str, directory: Path = PACKAGE) -> Callable[[], bool]:
    """Return a function that says whether the package or the bundle is another than it was; it looks twice a second at most."""
    changed = False
    next_look = 0.0

    def is_changed() -> bool:
        nonlocal changed, next_look
        now = time.monotonic()
        if not changed and now >= next_look:
            next_look = now + LOOK_AGAIN_SECONDS
            changed = package_signature(directory) != package or _fingerprint(bundle) != fingerprint
        return changed

    return is_changed


def _fingerprint(bundle: Path) -> str | None:
    try:
        return Bundle.open(bundle).model.fingerprint
    except BundleError:
        return None


def _modules(directory: str) -> Iterator[tuple[str, int, int]]:
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _modules(entry.path)
                elif entry.name.endswith(".py"):
                    found = entry.stat()
                    yield entry.path, found.st_size, found.st_mtime_ns
    except OSError:
        return
