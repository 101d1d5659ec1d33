"""A forked scan is the scan itself: the same bytes, the same exit code, whatever it was started with."""

from __future__ import annotations

import json
import os
import pty
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from daemon_world import wait_until
from warm_world import ALIKE, ORDINARY, Warm

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="scans are forked on Linux alone")

SCANS = (
    ("ai.py", "human.py"),
    ("human.py",),
    (),
    ("--format", "json"),
    ("--format", "json-lines", "--verbose"),
    ("--format", "sarif"),
    ("--format", "junit", "--exit-zero"),
    ("--show-source", "--color", "always", "ai.py"),
    ("--engine=daemon", "--quiet"),
    ("--help",),
    ("nowhere.py",),
    ("--threshold", "7"),
    ("--no-such-option",),
    ("--staged", "--diff", "HEAD"),
    ("--model", "/nowhere"),
    ("--config", "nowhere.toml"),
    ("--output", "no/such/directory"),
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Any:
    def compare(warm: Warm, *arguments: str, **more: Any) -> Any:
        assert warm.forks(*arguments, **more)
        forked = warm.scan(*arguments, **more)
        assert forked == warm.scan(*arguments, how=ORDINARY, **more)
        return forked

    return compare


def test_output_and_exit_code(warm: Warm, both: Any) -> None:
    codes = [both(warm, *arguments).code for arguments in SCANS]
    assert codes == [1, 0, 1, 1, 1, 1, 0, 1, 1, 0, 2, 2, 2, 2, 2, 2, 2]


def test_stdin_directory_environment_and_umask_are_the_clients(warm: Warm, both: Any) -> None:
    text = (warm.directory / "ai.py").read_bytes()
    assert both(warm, "-", "--stdin-filename", "piped.py", stdin=text).code == 1
    assert both(warm, "--files-from", "-", stdin=b"human.py\0").code == 0

    deeper = warm.directory / "deeper"
    deeper.mkdir()
    (deeper / "name with ünïcode.py").write_bytes(text)
    said = both(warm, cwd=deeper)
    assert b"ai.py" not in said.out and "ünïcode".encode() in said.out
    assert both(warm, cwd=deeper, environment={"LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo", "COLUMNS": "40"}).code == 1

    configuration = warm.world.root / "configuration" / "aicodelint"
    configuration.mkdir(parents=True)
    (configuration / "config.toml").write_text("threshold = 1.0\n")
    assert both(warm, environment={"XDG_CONFIG_HOME": str(configuration.parent)}).code == 0

    for mask in (0o077, 0o002):
        report = warm.directory / f"report-{mask:o}.json"
        warm.scan("ai.py", "--format", "json", "--output", report.name, umask=mask)
        assert stat.S_IMODE(report.stat().st_mode) == 0o666 & ~mask
        assert json.loads(report.read_bytes())["tool"]["engine"] == "daemon"


def test_the_index_a_hook_is_given(warm: Warm, both: Any) -> None:
    def git(*arguments: str, **environment: str) -> None:
        subprocess.run(["git", *arguments], cwd=warm.directory, env={**os.environ, **environment}, check=True, capture_output=True)

    git("init")
    git("add", "human.py")
    git("add", "ai.py", GIT_INDEX_FILE=".git/other")
    assert both(warm, "--staged").code == 0
    environment = {"GIT_INDEX_FILE": ".git/other", "GIT_DIR": ".git"}
    said = both(warm, "--staged", environment=environment)
    assert said.code == 1 and b"ai.py" in said.out


def test_standard_streams_of_all_kinds(warm: Warm, both: Any) -> None:
    with Path("/dev/full").open("wb") as full:
        assert both(warm, stdout=full).code == 2
    for environment in ({"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "POSIX"}, {"PYTHONUNBUFFERED": "1"}):
        assert not warm.forks(environment=environment), "another interpreter"
        assert warm.scan(environment=environment) == warm.scan(environment=environment, how=ORDINARY)
    answers = []
    for how in (ALIKE, ORDINARY):
        reading, writing = os.pipe()
        os.close(reading)
        process = warm.popen(*how, "scan", "--model", str(warm.world.bundle), stdout=writing)
        os.close(writing)
        answers.append((process.wait(60), process.communicate()[1]))
    assert answers[0] == answers[1] == (141, b"")
    closed = 'exec "$@" >&- 2>&-'
    for how in (ALIKE, ORDINARY):
        shell = ["sh", "-c", closed, "sh", sys.executable, *how, "scan", "--model", str(warm.world.bundle)]
        assert subprocess.run(shell, cwd=warm.directory, env=warm.world.environment, timeout=60, check=False).returncode in (1, 2)


def test_unbuffered_streams(warm: Warm, both: Any) -> None:
    warm.stop()
    warm.world.environment["PYTHONUNBUFFERED"] = "1"
    warm.start()
    for arguments in (("--format", "json"), ("nowhere.py",), ("-", "--verbose")):
        both(warm, *arguments, stdin=(warm.directory / "human.py").read_bytes())


def test_a_terminal_is_one_to_the_child(warm: Warm) -> None:
    said = []
    for how in (ALIKE, ORDINARY):
        ours, theirs = pty.openpty()
        environment = {"TERM": "xterm"}
        process = warm.popen(*how, "scan", "ai.py", "--model", str(warm.world.bundle), stdout=theirs, environment=environment)
        os.close(theirs)
        data = b""
        while True:
            try:
                data += os.read(ours, 4096)
            except OSError:
                break
        os.close(ours)
        assert process.wait(60) == 1
        said.append(data.partition(b" in ")[0])
    assert b"\x1b[" in said[0]
    assert said[0] == said[1]


def test_limits_are_the_clients(warm: Warm, both: Any) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    said = both(warm, "--format", "json", "--output", "report.json", preexec_fn=small_files)
    assert said.code == 2 and b"report.json" in said.err
    assert not list(warm.directory.glob(".*part"))


def test_a_configuration_without_daemon_is_heeded_in_the_child(warm: Warm) -> None:
    assert warm.engine() == "daemon"
    (warm.directory / "pyproject.toml").write_text("[tool.aicodelint]\ndaemon = false\n")
    assert warm.forks("ai.py")
    assert warm.engine() == "in-process"


def test_ignored_signals_stay_ignored(warm: Warm) -> None:
    (warm.directory / "slow.py").write_text("# stand-in: sleep 2\n" + "x = 1\n" * 20)

    def deaf() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    process = warm.popen("-m", "aicodelint", "scan", "slow.py", "--exit-zero", "--no-cache", "--model", str(warm.world.bundle), preexec_fn=deaf)
    (child,) = wait_until(warm.children, "a child is forked")
    for pid in (process.pid, child):
        os.kill(pid, signal.SIGINT)
    assert process.wait(60) == 0


def test_what_is_installed_as_the_command_is_the_same(warm: Warm) -> None:
    """As ``[project.scripts]`` makes it."""
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    module, _, function = project["project"]["scripts"]["aicodelint"].partition(":")
    script = warm.directory / "aicodelint-script"
    script.write_text(f"import sys\nfrom {module} import {function}\nif __name__ == '__main__':\n    sys.exit({function}())\n")
    plain = warm.run(str(script), "scan", "--model", str(warm.world.bundle), "ai.py")
    assert plain == warm.run(*ORDINARY, "scan", "--model", str(warm.world.bundle), "ai.py")
    assert plain.code == 1
