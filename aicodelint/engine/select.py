"""Which engine runs a scan."""

from __future__ import annotations

from pathlib import Path

from aicodelint.detection.bundle import default_path
from aicodelint.engine.base import Engine
from aicodelint.engine.in_process import InProcessEngine
from aicodelint.errors import UsageError

ENGINES = ("auto", "in-process")
DEVICES = ("auto", "cpu", "cuda")


def open_engine(name: str = "auto", model_dir: Path | None = None, device: str = "auto", jobs: int | None = None) -> Engine:
    """Return the engine ``name`` on the bundle in ``model_dir`` (default: the one that ships); raise ``AicodelintError`` if it cannot run."""
    if name not in ENGINES:
        raise UsageError(f"unknown engine {name!r}: choose one of {', '.join(ENGINES)}")
    if device not in DEVICES:
        raise UsageError(f"unknown device {device!r}: choose one of {', '.join(DEVICES)}")
    if device == "cuda":
        raise UsageError("the device cuda needs an engine that this version does not have yet")
    return InProcessEngine.open(model_dir or default_path(), "cpu", jobs)
