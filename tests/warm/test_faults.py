"""What may befall a forked scan, each row real processes: the verdicts are right, the time is bounded, and nothing is left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from daemon_world import STRANGER, copy_package, is_alive, wait_until
from warm_world import FORKED_OR_NOT, NOT_FORKED, ORDINARY, Warm

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="scans are forked on Linux alone")
NO_NEW_PRIVILEGES = 38


def requests(warm: Warm) -> int:
    return int((warm.world.status() or {"requests": 0})["requests"])


def start_slow_scan(warm: Warm, seconds: float = 20, *arguments: str, **more: Any) -> tuple[subprocess.Popen[bytes], int]:
    """Start a scan that takes a while; return its process and the pid of the child that does it."""
    (warm.directory / "slow.py").write_text(f"# stand-in: sleep {seconds}\n" + "x = 1\n" * 20)
    asked = requests(warm)
    command = ("-m", "aicodelint", "scan", "slow.py", "--exit-zero", "--no-cache", "--model", str(warm.world.bundle), *arguments)
    process = warm.popen(*command, **more)
    (child,) = wait_until(warm.children, "a child is forked")
    wait_until(lambda: requests(warm) > asked, "the daemon is at it")
    return process, child


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_child_and_client(warm: Warm, number: int, code: int) -> None:
    process, child = start_slow_scan(warm, 20, "--format", "json", "--output", "report.json")
    os.kill(process.pid, number)
    assert process.wait(10) == code
    out, err = process.communicate()
    assert out == b"" and err.strip() == b"", "click ends the line that ^C began"
    wait_until(lambda: not is_alive(child), "the child is gone")
    assert not [path for path in warm.directory.iterdir() if "report" in path.name or "part" in path.name]


def test_ctrl_c_in_a_terminal(warm: Warm) -> None:
    """A terminal sends SIGINT to its foreground process group, in which the child is not."""
    process, child = start_slow_scan(warm, start_new_session=True)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(10) == 130
    wait_until(lambda: not is_alive(child), "the child is gone")


def test_a_client_that_dies_takes_its_child_along(warm: Warm) -> None:
    process, child = start_slow_scan(warm, 20, "--output", "report.txt")
    process.kill()
    wait_until(lambda: not is_alive(child), "the child is gone")
    assert not [path for path in warm.directory.iterdir() if "report" in path.name or "part" in path.name]


def test_a_child_that_heeds_nothing_is_killed(warm: Warm) -> None:
    process, child = start_slow_scan(warm)
    os.kill(child, signal.SIGSTOP)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(20) == 130
    wait_until(lambda: not is_alive(child), "the child is gone")


def test_a_killed_child_is_an_error_of_one_line(warm: Warm) -> None:
    process, child = start_slow_scan(warm)
    os.kill(child, signal.SIGKILL)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (2, b"", b"error: the process that scanned was killed by signal 9\n")


def test_a_child_outlives_its_server(warm: Warm) -> None:
    process, child = start_slow_scan(warm, 2)
    os.kill(warm.pid, signal.SIGKILL)
    assert process.wait(20) == 0
    wait_until(lambda: not is_alive(child), "the child is gone")


def test_a_killed_server_is_replaced(warm: Warm) -> None:
    os.kill(warm.pid, signal.SIGKILL)
    assert warm.engine() == "daemon", "the scan goes on without one"
    wait_until(lambda: not is_alive(warm.pid), "it is dead")
    assert warm.world.wait_for_fork_server() != warm.pid
    assert warm.forks("ai.py")
    assert warm.engine() == "daemon"


def test_a_frozen_server(warm: Warm) -> None:
    os.kill(warm.pid, signal.SIGSTOP)
    for _ in range(3):
        started = time.monotonic()
        assert warm.engine() == "daemon"
        assert time.monotonic() - started < 5
    assert not warm.forks("ai.py")
    os.kill(warm.pid, signal.SIGCONT)
    wait_until(lambda: warm.forks("ai.py"), "it thaws")
    wait_until(lambda: not warm.children(), "what was given up on is not scanned after all")
    assert warm.engine() == "daemon"


def test_another_version_finds_nobody(warm: Warm) -> None:
    site = copy_package(warm.world.root / "site")
    (site / "aicodelint" / "__init__.py").write_text(
        (site / "aicodelint" / "__init__.py").read_text().replace("__version__ = ", "__version__ = '9' + ")
    )
    path = warm.world.environment["PYTHONPATH"].replace(str(warm.world.site), str(site))
    assert not warm.forks("ai.py", environment={"PYTHONPATH": path})
    assert warm.scan("ai.py", environment={"PYTHONPATH": path}).code == 1


def test_the_package_changes_under_it(warm: Warm) -> None:
    warm.stop()
    site = copy_package(warm.world.root / "site")
    warm.world.environment["PYTHONPATH"] = warm.world.environment["PYTHONPATH"].replace(str(warm.world.site), str(site))
    warm.start()
    assert warm.forks("ai.py")
    time.sleep(0.6)
    with (site / "aicodelint" / "report" / "text.py").open("a") as file:
        file.write("\nSPELLING = 'new'\n")
    assert not warm.forks("ai.py"), "the server that has the old code forks nobody"
    assert warm.scan("ai.py").code == 1
    wait_until(lambda: not is_alive(warm.pid), "it has left")
    wait_until(lambda: warm.forks("ai.py"), "there is a fresh one")


@pytest.mark.parametrize("saying", [b"", b"F", b"B", b"FBE", b"K\x09", b"HTTP/1.1 400 Bad Request\r\n\r\n", None])
def test_something_else_listens_there(warm: Warm, saying: bytes | None) -> None:
    directory = Path(warm.world.environment["XDG_RUNTIME_DIR"], "aicodelint")
    (path,) = directory.glob("*.fork")
    path.rename(directory / "aside")
    with _Impostor(path, saying):
        started = time.monotonic()
        assert warm.scan("ai.py").code == 1
        assert time.monotonic() - started < 10
    (directory / "aside").rename(path)
    assert warm.forks("ai.py")


class _Impostor:
    """Listens where a fork server would and says one thing to everyone; None is silence."""

    def __init__(self, path: Path, saying: bytes | None) -> None:
        self._path = path
        self._saying = saying
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self._thread = threading.Thread(target=self._run)
        self._silent: list[socket.socket] = []

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for end in (self._listening, *self._silent):
            end.close()
        self._path.unlink()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            if self._saying is None:
                self._silent.append(connection)
                continue
            with connection, contextlib.suppress(OSError):
                connection.sendall(self._saying)
                connection.recv(1)


@pytest.mark.parametrize("kind", ["owned by another", "open to others", "a symbolic link"])
def test_a_directory_that_is_not_safely_ours(warm: Warm, kind: str) -> None:
    directory = Path(warm.world.environment["XDG_RUNTIME_DIR"], "aicodelint")
    if kind == "a symbolic link":
        directory.rename(warm.world.root / "elsewhere")
        directory.symlink_to(warm.world.root / "elsewhere")
    elif kind == "open to others":
        directory.chmod(0o755)
    elif os.getuid() != 0:
        pytest.skip("only root can give a directory away")
    else:
        os.chown(directory, 65534, 65534)
    assert not warm.forks("ai.py")
    assert warm.engine() == "in-process"
    if kind == "a symbolic link":
        directory.unlink()
        (warm.world.root / "elsewhere").rename(directory)
    else:
        os.chown(directory, os.getuid(), os.getgid())
        directory.chmod(0o700)


@pytest.mark.skipif(os.getuid() != 0, reason="needs a second user")
def test_another_user_gets_no_child(warm: Warm) -> None:
    directory = Path(warm.world.environment["XDG_RUNTIME_DIR"], "aicodelint")
    (path,) = directory.glob("*.fork")
    for opened in (path, *[parent for parent in path.parents if parent.is_relative_to(warm.world.root)]):
        opened.chmod(0o777)
    done = subprocess.run([sys.executable, "-c", STRANGER, str(path)], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0 or b"BrokenPipe" in done.stderr or b"ConnectionReset" in done.stderr
    directory.chmod(0o700)
    assert warm.forks("ai.py")


def test_a_client_with_other_rights_or_files_scans_by_itself(warm: Warm) -> None:
    def give_up_privileges() -> None:
        assert ctypes.CDLL(None).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0

    assert not warm.forks("ai.py", preexec_fn=give_up_privileges)
    assert warm.engine(preexec_fn=give_up_privileges) == "daemon"
    if shutil.which("unshare") and subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0:
        command = [sys.executable, "-m", "aicodelint", "scan", "ai.py", "--model", str(warm.world.bundle)]
        hidden = f'mount -t tmpfs none {warm.directory} && cd {warm.directory} && cp $OLDPWD/../copy ai.py; exec "$@"'
        shutil.copy(warm.directory / "human.py", warm.world.root / "copy")
        unshared = ["unshare", "-rm", "sh", "-c", f"cd {warm.directory} && {hidden}", "sh", *command]
        done = subprocess.run(unshared, env=warm.world.environment, capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, b""), "it has seen its own files, in which nothing is AI-generated"


def test_when_it_is_not_even_tried(warm: Warm) -> None:
    assert warm.forks("ai.py")
    for arguments in (("--no-daemon",), ("--engine", "in-process"), ("--engine=in-process",)):
        assert not warm.forks(*arguments)
    for arguments in (("--files-from", "/dev/stdin"), ("/proc/self/fd/0",), ("--output=/dev/null",), ("-o/dev/null",)):
        assert not warm.forks(*arguments)
    (warm.directory / "dev").mkdir()
    assert warm.forks(str(warm.directory / "dev"))
    for variable in ("CI", "AICODELINT_NO_DAEMON"):
        assert not warm.forks("ai.py", environment={variable: "1"})
        assert warm.forks("ai.py", environment={variable: "false"})
    assert not warm.forks("ai.py", environment={"PYTHONPATH": f"{warm.world.environment['PYTHONPATH']}:relative"})
    assert warm.engine("--engine=in-process") == "in-process"
    profiled = f"import sys; sys.setprofile(lambda *a: None){FORKED_OR_NOT}"
    assert warm.scan("ai.py", how=("-c", profiled)).code == NOT_FORKED


@pytest.mark.parametrize("hand_over", [None, b"", b"\xff\xff\xff\xff", b"\x00\x00\x00\x02ab", b"\x00\x00\x00\x08\x00\x00\x00\x04abcd", b"\x00" * 4])
@pytest.mark.parametrize("streams", [0, 2, 3])
def test_garbage_from_a_client_harms_nobody(warm: Warm, hand_over: bytes | None, streams: int) -> None:
    (path,) = Path(warm.world.environment["XDG_RUNTIME_DIR"], "aicodelint").glob("*.fork")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.settimeout(20)
        greeting, (descriptor,), _, _ = socket.recv_fds(connection, 10, 1)
        assert greeting == b"F"
        with socket.socket(fileno=descriptor) as talk:
            if hand_over is not None:
                socket.send_fds(talk, [b"F"], [0, 1, 2][:streams])
                talk.sendall(hand_over)
            talk.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b"", "its child gives up, and that is told"
    assert warm.world.wait_for_fork_server() == warm.pid
    assert warm.forks("ai.py")


def test_twenty_at_once(warm: Warm) -> None:
    expected = warm.scan("--format", "json", how=ORDINARY)
    scans = [warm.popen("-m", "aicodelint", "scan", "--model", str(warm.world.bundle), "--no-cache", "--exit-zero") for _ in range(20)]
    texts = {scan.communicate(timeout=60)[0].partition(b" in ")[0] for scan in scans}
    assert len(texts) == 1
    assert [scan.returncode for scan in scans] == [0] * 20
    assert warm.scan("--format", "json") == expected
    wait_until(lambda: not warm.children() and len(warm.world.fork_servers()) == 2, "all children are reaped")
    assert len(list(Path(f"/proc/{warm.pid}/fd").iterdir())) < 14


@pytest.fixture
def _short_idle(world: Any) -> Iterator[None]:
    world.environment["AICODELINT_DAEMON_IDLE_SECONDS"] = "3"
    yield


def test_forked_scans_keep_the_daemon(_short_idle: None, warm: Warm) -> None:
    (pid,) = warm.world.daemons()
    command = ("-m", "aicodelint", "scan", "ai.py", "--exit-zero", "--model", str(warm.world.bundle))
    for _ in range(12):  # all of them but the first are answered by the cache
        assert warm.popen(*command).wait(60) == 0
        time.sleep(0.5)
    assert is_alive(pid)
    wait_until(lambda: not warm.world.daemons() and not warm.world.fork_servers(), "both leave when nobody asks")


def test_a_daemon_that_is_killed_leaves_no_server(warm: Warm) -> None:
    process, child = start_slow_scan(warm, 1)
    (pid,) = warm.world.daemons()
    os.kill(pid, signal.SIGKILL)
    assert process.wait(30) == 0, "what had begun is finished"
    wait_until(lambda: not warm.world.fork_servers(), "the server has left")
    assert not is_alive(child)
    assert not list(Path(warm.world.environment["XDG_RUNTIME_DIR"], "aicodelint").glob("*.fork*"))


def test_what_killed_servers_have_left_is_swept_away(warm: Warm) -> None:
    directory = Path(warm.world.environment["XDG_RUNTIME_DIR"], "aicodelint")
    warm.stop()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(directory / "0123456789abcdef.fork"))
    (directory / "0123456789abcdef.fork-lock").touch()
    warm.start()
    assert [path.name for path in directory.glob("0123*")] == []
