from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent / "engine" / "support"))

from daemon_world import World, is_alive, nothing_left, site, wait_until, world

from aicodelint.finding import Snippet

__all__ = ["site", "world"]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the tests look into /proc")


def run(world: World, *arguments: str, model: bool = True) -> tuple[int, str, str]:
    process = world.popen("-m", "aicodelint", *arguments, *(["--model", str(world.bundle)] if model else []))
    out, err = process.communicate(timeout=90)
    return process.returncode, out, err


def status(world: World) -> tuple[int, dict[str, object]]:
    code, out, _ = run(world, "daemon", "status", "--format", "json")
    return code, json.loads(out)


def test_start_status_restart_logs_stop(world: World) -> None:
    code, said = status(world)
    assert (code, said["state"], said["crash"]) == (1, "stopped", None)
    assert run(world, "daemon", "start") == (0, "started\n", "")
    assert run(world, "daemon", "start") == (0, "it runs already\n", "")
    code, said = status(world)
    assert (code, said["state"], said["pid"]) == (0, "running", world.daemons()[0])
    assert {"uptime_seconds", "fingerprint", "device", "queue", "cache_hits", "memory_bytes", "model", "version", "log"} <= said.keys()
    code, text, _ = run(world, "daemon", "status")
    assert code == 0 and str(said["pid"]) in text and "stand-in" in text
    assert run(world, "daemon", "restart") == (0, "started\n", "")
    assert status(world)[1]["pid"] not in (said["pid"], None)
    assert run(world, "daemon", "stop") == (0, "stopped\n", "")
    assert not world.daemons()
    assert run(world, "daemon", "stop") == (0, "it does not run\n", "")
    code, log, _ = run(world, "daemon", "logs")
    assert code == 0 and log.count("started") == 2 and log.count("ended: asked to stop") == 2
    assert run(world, "daemon", "logs", "--lines", "1")[1].count("\n") == 1
    nothing_left(world)


def test_every_daemon_can_be_stopped_at_once(world: World) -> None:
    world.start_daemon()
    assert run(world, "daemon", "stop", "--all", model=False) == (0, "stopped\n", "")
    nothing_left(world)


def test_a_frozen_daemon_is_stopped_all_the_same(world: World) -> None:
    pid = world.start_daemon()
    os.kill(pid, signal.SIGSTOP)
    assert status(world)[1]["state"] == "silent"
    assert run(world, "daemon", "stop")[:2] == (0, "stopped\n")
    wait_until(lambda: not is_alive(pid), "it is dead")
    nothing_left(world)


def test_the_text_of_a_crash_is_kept_and_shown(world: World) -> None:
    world.start_daemon()
    world.scan([Snippet("stand-in: segfault\n", None)])
    code, said = status(world)
    assert (code, said["state"]) == (1, "stopped")
    assert "Segmentation fault" in str(said["crash"])
    code, text, _ = run(world, "daemon", "status")
    assert code == 1 and "did not end in order" in text and "Segmentation fault" in text
    assert run(world, "daemon", "restart")[0] == 0
    assert "Segmentation fault" in str(status(world)[1]["crash"]), "it is still told while the next one runs"
    assert run(world, "daemon", "restart")[0] == 0
    assert status(world)[1]["crash"] is None


def test_a_daemon_that_cannot_start_is_one_line_and_code_2(world: World) -> None:
    world.environment["STANDIN_LOAD"] = "fail"
    code, out, err = run(world, "daemon", "start")
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1
    wait_until(lambda: not world.daemons(), "it ends")
    assert "RuntimeError" in str(status(world)[1]["crash"])
    assert run(world, "daemon", "logs", "--model", "/nowhere", model=False)[0] == 2


def test_a_scan_uses_the_daemon_and_can_be_told_not_to(world: World) -> None:
    source = world.root / "a.py"
    source.write_text("print(1)\n" * 30)
    scan = ("scan", str(source), "--format", "json", "--exit-zero", "--no-cache")

    def engine(*options: str) -> str:
        code, out, err = run(world, *scan, *options)
        assert (code, err) == (0, "")
        return str(json.loads(out)["tool"]["engine"])

    assert engine("--no-daemon") == "in-process"
    (world.root / "pyproject.toml").write_text("[tool.aicodelint]\ndaemon = false\n")
    assert engine() == "in-process"
    (world.root / "pyproject.toml").unlink()
    world.environment["CI"] = "true"
    assert engine() == "in-process"
    del world.environment["CI"]
    world.environment["AICODELINT_NO_DAEMON"] = "1"
    assert engine() == "in-process"
    del world.environment["AICODELINT_NO_DAEMON"]
    assert not world.daemons(), "none of these has started one"
    assert engine() == "in-process"
    world.wait_for_daemon()
    assert engine() == "daemon"
    assert engine("--no-daemon") == "in-process"
    assert run(world, *scan, "--engine", "daemon", "--no-daemon")[0] == 2


def test_a_daemon_of_no_use_is_one_line_under_verbose_and_none_else(world: World) -> None:
    source = world.root / "a.py"
    source.write_text("print(1)\n" * 30)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(world.meeting.socket_path)
    listening.listen()  # and never answers
    scan = ("scan", str(source), "--exit-zero", "--no-cache")
    assert run(world, *scan)[2] == ""
    listening.close()
    listening = socket.socket(socket.AF_UNIX)
    Path(world.meeting.socket_path).unlink(missing_ok=True)
    listening.bind(world.meeting.socket_path)
    listening.listen()
    err = run(world, *scan, "--verbose")[2]
    assert err.count("daemon") >= 1 and err.count("\n") == 1
    listening.close()


def test_the_scan_is_not_held_up_in_a_hook(world: World) -> None:
    """As pre-commit does: all output through a pipe that is read to its end. A daemon that had inherited it would keep it open."""
    source = world.root / "a.py"
    source.write_text("print(1)\n" * 30)
    world.environment["STANDIN_LOAD"] = "0.5"
    process = world.popen("-m", "aicodelint", "scan", "--exit-zero", "--no-cache", "--model", str(world.bundle), str(source))
    process.communicate(timeout=30)
    assert process.returncode == 0
    pid = world.wait_for_daemon()
    assert os.getpgid(pid) not in (os.getpgid(0), process.pid)
