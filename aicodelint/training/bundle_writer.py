"""Writing a bundle: its files and ``bundle.json`` with the sha256 of each, all there or nothing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aicodelint.detection.bundle import FORMAT_VERSION, MANIFEST, Bundle
from aicodelint.errors import UsageError


def write_bundle(directory: Path, manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> Bundle:
    """Write ``files`` and a manifest to ``directory`` and return the bundle, read back and checked.

    ``manifest`` has all that ``bundle.json`` holds but the format version and the files. A bundle that is there already is replaced; other files
    of the directory stay. Raise ``UsageError`` where it cannot be written.
    """
    entries = {name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in sorted(files.items())}
    document = json.dumps({"format_version": FORMAT_VERSION, **manifest, "files": entries}, indent=1, ensure_ascii=False) + "\n"
    partial = directory.parent / f".{directory.name}.{os.getpid()}.partial"
    try:
        partial.mkdir(parents=True)
        for name, data in files.items():
            (partial / name).write_bytes(data)
        (partial / MANIFEST).write_text(document, encoding="utf-8")
        Bundle.open(partial).verify()
        directory.mkdir(parents=True, exist_ok=True)
        (directory / MANIFEST).unlink(missing_ok=True)
        for path in sorted(partial.iterdir(), key=lambda path: path.name == MANIFEST):
            path.replace(directory / path.name)
    except OSError as error:
        raise UsageError(f"cannot write the bundle {directory}: {error.strerror}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Bundle.open(directory)
