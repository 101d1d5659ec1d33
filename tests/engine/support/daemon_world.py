"""A small world for real daemons: directories of its own, a bundle, a stand-in detector, and nothing left running afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aicodelint import __version__
from aicodelint.detection.bundle import Bundle
from aicodelint.engine.client import ask
from aicodelint.engine.rendezvous import Rendezvous, existing_keys, is_held, rendezvous
from aicodelint.engine.runtime_directory import DaemonUnavailableError
from aicodelint.finding import Snippet

HERE = Path(__file__).parent.parent
FAMILIES = ("A", "B", "C")
BOUND_SECONDS = 60.0

SCAN = """
import json, sys
from pathlib import Path
from aicodelint.engine.select import open_engine
from aicodelint.engine.verdict_json import verdict_to_json
from aicodelint.finding import Snippet
options = json.loads(sys.argv[1])
snippets = [Snippet(text, language) for text, language in json.loads(sys.stdin.read())]
notes = []
engine = open_engine(model_dir=Path(options.pop("model")), note=notes.append, warn=notes.append, **options)
name = engine.name
verdicts = [verdict_to_json(verdict) for verdict in engine.judge(snippets)]
engine.close()
print(json.dumps([verdicts, notes, name]))
"""
STRANGER = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.settimeout(20)
sys.exit(len(connection.recv(1)))
"""
"""What another user does who wants an answer from a socket: exits with the number of bytes that it got."""


def write_bundle(directory: Path, name: str = "stand-in") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    thresholds = {"ai": 0.9, "human": 0.5, "family": 0.4, "gate": 0.1}
    labels = ["Human", *FAMILIES]
    manifest = {"format_version": 1, "name": name, "labels": labels, "thresholds": thresholds, "files": {}, "window_tokens": 512, "minimum_tokens": 8}
    (directory / "bundle.json").write_text(json.dumps(manifest))
    return directory


def expected(snippets: list[Snippet]) -> list[list[Any]]:
    """What the stand-in says of these texts, worked out here."""
    said = []
    for snippet in snippets:
        digest = hashlib.sha256(f"{snippet.language}\0{snippet.text}".encode("utf-8", "surrogatepass")).digest()
        families = [round(byte / 255, 4) for byte in digest[: len(FAMILIES)]]
        window = [1, snippet.text.count("\n") + 1, round(digest[-2] / 255, 4), families]
        said.append([round(digest[-1] / 255, 4), families, [window], False])
    return said


def wait_until(condition: Callable[[], Any], what: str, seconds: float = BOUND_SECONDS) -> Any:
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"in {seconds} seconds it did not happen that {what}"
        time.sleep(0.01)
    return result


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
        return True


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


class Scan:
    """A process that scans texts with an engine."""

    def __init__(self, process: subprocess.Popen[str], snippets: list[Snippet]) -> None:
        self.process = process
        self.snippets = snippets
        assert process.stdin is not None
        process.stdin.write(json.dumps([(snippet.text, snippet.language) for snippet in snippets]))
        process.stdin.close()

    def finish(self, seconds: float = BOUND_SECONDS) -> tuple[list[str], str]:
        """Wait for it; the verdicts have to be right. Return what was noted, and the engine's name at the start."""
        self.process.stdin = None
        out, err = self.process.communicate(timeout=seconds)
        assert self.process.returncode == 0, err
        assert err == ""
        verdicts, notes, name = json.loads(out)
        assert verdicts == expected(self.snippets)
        return notes, name


def copy_package(site: Path) -> Path:
    """Copy the package under test into ``site``: a daemon leaves when its package changes, and in a working tree that is any time."""
    shutil.copytree(Path(sys.modules["aicodelint"].__file__ or "").parent, site / "aicodelint")
    return site


class World:
    """Directories, a bundle and an environment of their own; ``site`` holds the package that its processes import."""

    def __init__(self, root: Path, site: Path) -> None:
        self.root = root
        self.site = site
        self.bundle = write_bundle(root / "bundle")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AICODELINT_", "XDG_")) and name != "CI"},
            "PYTHONPATH": os.pathsep.join((str(HERE / "standin"), str(site))),
            "XDG_RUNTIME_DIR": str(root / "run"),
            "AICODELINT_CACHE_DIR": str(root / "cache"),
            "AICODELINT_STATE_DIR": str(root / "state"),
        }
        (root / "run").mkdir(mode=0o700)
        self._running: list[subprocess.Popen[str]] = []

    @property
    def meeting(self) -> Rendezvous:
        os.environ["XDG_RUNTIME_DIR"] = self.environment["XDG_RUNTIME_DIR"]
        return rendezvous(Bundle.open(self.bundle).model.fingerprint, "cpu", __version__)

    @property
    def log(self) -> str:
        return "".join(path.read_text() for path in (self.root / "state").glob("*.log"))

    def popen(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        process = subprocess.Popen([sys.executable, *arguments], text=True, env=self.environment, cwd=self.root, **pipes)
        self._running.append(process)
        return process

    def start_scan(self, snippets: list[Snippet], **options: Any) -> Scan:
        settings = {"model": str(self.bundle), "cache": False, **options}
        return Scan(self.popen("-c", SCAN, json.dumps(settings)), snippets)

    def scan(self, snippets: list[Snippet], **options: Any) -> tuple[list[str], str]:
        return self.start_scan(snippets, **options).finish()

    def start_daemon(self) -> int:
        """Start a daemon as a first scan does and return its pid once it is ready."""
        self.scan([Snippet("start", None)], name="daemon")
        return self.wait_for_daemon()

    def wait_for_daemon(self) -> int:
        return int(wait_until(lambda: (self.status() or {}).get("ready") and self.status(), "a daemon is ready")["pid"])

    def status(self) -> dict[str, Any] | None:
        try:
            return ask(self.meeting.socket_path, {"type": "status"})
        except DaemonUnavailableError:
            return None

    def daemons(self) -> list[int]:
        """The pids of all processes that run as a daemon of this world, whoever started them."""
        return self._processes(b"daemon_process")

    def _processes(self, name: bytes) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and is_alive(int(entry.name)):
                try:
                    is_ours = str(self.root).encode() in (entry / "environ").read_bytes() and name in (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if is_ours:
                    found.append(int(entry.name))
        return sorted(found)

    def fork_servers(self) -> list[int]:
        """The pids of the fork servers of this world and of their children."""
        return self._processes(b"warm.server")

    def wait_for_fork_server(self) -> int:
        """Return the pid of the fork server, once it listens."""
        directory = Path(self.environment["XDG_RUNTIME_DIR"], "aicodelint")
        wait_until(lambda: any(_accepts(path) for path in directory.glob("*.fork")), "a fork server listens")
        daemons = self.daemons()
        return next(pid for pid in self.fork_servers() if parent_of(pid) in daemons)

    def end(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None and not stream.closed:
                    stream.close()
        for pid in (*self.daemons(), *self.fork_servers()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.daemons() and not self.fork_servers(), "all daemons are gone")
        shutil.rmtree(self.root, ignore_errors=True)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_package(tmp_path_factory.mktemp("site"))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, site: Path) -> Iterator[World]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    world = World(Path(tempfile.mkdtemp(prefix="aic-", dir="/tmp")), site)  # a short path: pytest's are too long for a socket
    yield world
    world.end()


def nothing_left(world: World) -> None:
    """No process, no socket, no held lock."""
    wait_until(lambda: not world.daemons() and not world.fork_servers(), "no daemon runs")
    directory = Path(world.environment["XDG_RUNTIME_DIR"], "aicodelint")
    if directory.is_dir():
        assert not [path for pattern in ("*.sock", "*.fork", "*.fork-lock") for path in directory.glob(pattern)]
        assert not any(is_held(str(directory / f"{key}.lock")) for key in existing_keys(str(directory)))
        assert not is_held(str(directory / "spawn.lock"))
