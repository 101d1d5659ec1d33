"""A world in which scans are forked, and ways to see whether they were."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from daemon_world import World, nothing_left

NOT_FORKED = 99
FORKED_OR_NOT = f"""
import sys
from aicodelint.warm.client import scan_warm
code = scan_warm(["aicodelint", *sys.argv[1:]])
sys.exit({NOT_FORKED} if code is None else code)
"""
ALIKE = ("-m", "aicodelint")
ORDINARY = ("-X", "ordinary", "-m", "aicodelint")  # an interpreter started otherwise than the fork server scans by itself
SECONDS = re.compile(rb'"seconds": [0-9.]+|time="[0-9.]+"|in [0-9.]+ s\b')


class Outcome(NamedTuple):
    """How a process ended, with the time it took left out of what it said."""

    code: int
    out: bytes
    err: bytes


class Warm:
    """A world with a ready daemon and a ready fork server, and a few files that the stand-in calls AI-generated or human."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.directory = world.root / "work"
        self.directory.mkdir()
        (self.directory / "ai.py").write_text(text_judged(lambda p: 0.95 <= p < 0.99))
        (self.directory / "human.py").write_text(text_judged(lambda p: p < 0.3))
        world.environment.pop("PYTHONUNBUFFERED", None)
        self.start()

    def stop(self) -> None:
        process = self.world.popen("-m", "aicodelint", "daemon", "stop", "--all")
        assert process.wait(60) == 0
        nothing_left(self.world)

    def start(self) -> None:
        world = self.world
        assert world.popen("-m", "aicodelint", "daemon", "start", "--model", str(world.bundle)).wait(60) == 0
        world.wait_for_daemon()
        self.pid = world.wait_for_fork_server()

    def children(self) -> list[int]:
        """The pids of the children that have taken a client's place: they are where it is, the server and its spare are at the root."""
        found = []
        for pid in self.world.fork_servers():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/cwd").readlink() == self.directory:
                    found.append(pid)
        return found

    def popen(self, *arguments: str, **more: Any) -> subprocess.Popen[bytes]:
        environment = {**self.world.environment, **more.pop("environment", {})}
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": self.directory, **more}
        process = subprocess.Popen([sys.executable, *arguments], env=environment, **pipes)
        self.world._running.append(process)
        return process

    def run(self, *arguments: str, stdin: bytes | None = None, **more: Any) -> Outcome:
        process = self.popen(*arguments, **more, **({} if stdin is None else {"stdin": subprocess.PIPE}))
        out, err = process.communicate(stdin, timeout=60)
        return Outcome(process.returncode, SECONDS.sub(b"", out or b""), SECONDS.sub(b"", err or b""))

    def scan(self, *arguments: str, how: tuple[str, ...] = ALIKE, **more: Any) -> Outcome:
        return self.run(*how, "scan", "--model", str(self.world.bundle), "--no-cache", *arguments, **more)

    def forks(self, *arguments: str, **more: Any) -> bool:
        """Say whether such a scan is done by a child of the fork server."""
        return self.scan(*arguments, how=("-c", FORKED_OR_NOT), **more).code != NOT_FORKED

    def engine(self, *arguments: str, **more: Any) -> str:
        """Scan; the verdict has to be right. Return the engine's name."""
        code, out, err = self.scan("ai.py", "--format", "json", *arguments, **more)
        assert (code, err) == (1, b"")
        report = json.loads(re.sub(rb", }", b"}", out))
        assert [file["status"] for file in report["files"]] == ["ai"]
        return str(report["tool"]["engine"])


def text_judged(wanted: Any, language: str = "Python") -> str:
    """Code of which the stand-in says a probability that is ``wanted``."""
    for number in range(10_000):
        text = "".join(f"value_{line} = compute(value_{line}, {number})\n" for line in range(12))
        if wanted(hashlib.sha256(f"{language}\0{text}".encode()).digest()[-1] / 255):
            return text
    raise AssertionError


@pytest.fixture
def warm(world: World) -> Iterator[Warm]:
    warm = Warm(world)
    yield warm
    warm.stop()
