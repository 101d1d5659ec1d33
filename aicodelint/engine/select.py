"""Which engine runs a scan."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.engine.base import Engine
from aicodelint.engine.in_process import InProcessEngine
from aicodelint.engine.runtime_directory import daemon_by_default
from aicodelint.errors import EngineError, UsageError

ENGINES = ("auto", "in-process", "daemon")
DEVICES = ("auto", "cpu", "cuda")
NVIDIA_PLACES = ("/proc/driver/nvidia/version", "/dev/nvidia0", "/dev/dxg")

Say = Callable[[str], None]


def open_engine(
    name: str = "auto",
    model_dir: Path | None = None,
    device: str = "auto",
    jobs: int | None = None,
    *,
    daemon: bool = True,
    cache: bool = True,
    warn: Say | None = None,
    note: Say | None = None,
) -> Engine:
    """Return the engine ``name`` on the bundle in ``model_dir`` (default: the one that ships); raise ``AicodelintError`` if it cannot run.

    ``daemon`` false keeps ``auto`` from using the daemon; ``cache`` false judges every text anew. ``warn`` is told, once, of a cache that
    cannot be used, ``note`` of a daemon that was of no use.
    """
    if name not in ENGINES:
        raise UsageError(f"unknown engine {name!r}: choose one of {', '.join(ENGINES)}")
    bundle = Bundle.open(model_dir or default_path())
    engine = _open(name, bundle, resolve_device(device), jobs, daemon=daemon, fresh=not cache, note=note)
    if not cache:
        return engine
    from aicodelint.engine.cache import VerdictCache
    from aicodelint.engine.cached import CachedEngine

    return CachedEngine(engine, VerdictCache(engine.model, warn=warn))


def resolve_device(device: str) -> str:
    """Return the device that ``device`` stands for on this machine; raise ``UsageError`` for another, ``EngineError`` if it is not here.

    Torch is not imported to find out: that would cost more than a scan.
    """
    if device not in DEVICES:
        raise UsageError(f"unknown device {device!r}: choose one of {', '.join(DEVICES)}")
    if device == "cpu":
        return "cpu"
    missing = _missing_for_cuda()
    if device == "cuda" and missing:
        raise EngineError(f"the device cuda cannot be used: {missing}")
    return "cpu" if missing else "cuda"


def _missing_for_cuda() -> str | None:
    """Return what keeps torch from running on a GPU here, or None."""
    if not any(Path(place).exists() for place in NVIDIA_PLACES):
        return "there is no NVIDIA driver on this machine"
    try:
        torch = version("torch")
        version("transformers")
    except PackageNotFoundError as error:
        return f"{error.name} is not installed: pip install 'aicodelint[gpu]'"
    return "this torch was built for CPUs alone" if torch.endswith("+cpu") else None


def daemon_runs_here() -> bool:
    """Say whether this system has what the daemon needs: Unix sockets and processes that fork."""
    return os.name == "posix" and hasattr(socket, "AF_UNIX")


def _open(name: str, bundle: Bundle, device: str, jobs: int | None, *, daemon: bool, fresh: bool, note: Say | None) -> Engine:
    if name == "daemon" and not daemon:
        raise UsageError("the engine daemon was asked for and turned off")
    if name == "daemon" and not daemon_runs_here():
        raise EngineError("the daemon needs Unix sockets, which this system does not have: use the engine in-process")
    if name == "in-process" or (name == "auto" and not (daemon and daemon_runs_here() and daemon_by_default())):
        return InProcessEngine(bundle, device, jobs)
    from aicodelint.engine.daemon import DaemonEngine

    return DaemonEngine(bundle, device, jobs, patient=name == "daemon", fresh=fresh, note=note)
