"""The fault table: each row real processes. Whatever happens, a scan's verdicts are right, its time is bounded, and nothing is left behind."""

from __future__ import annotations

import contextlib
import json
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
from daemon_world import SCAN, STRANGER, World, copy_package, expected, is_alive, nothing_left, wait_until, write_bundle

from aicodelint import __version__
from aicodelint.detection.bundle import Bundle
from aicodelint.engine.client import ask, connect
from aicodelint.engine.protocol import FrameReader, encode, identity
from aicodelint.finding import Snippet

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the tests look into /proc")
SLOW = Snippet("stand-in: sleep 0.5\n", None)


@pytest.fixture(autouse=True)
def _nothing_is_left(world: World) -> Iterator[None]:
    yield
    for pid in world.daemons():
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGTERM)
    nothing_left(world)


def greet(world: World, connection: socket.socket, **changes: Any) -> dict[str, Any]:
    ours = identity(Bundle.open(world.bundle).model.fingerprint, "cpu", __version__)
    connection.sendall(encode({"type": "hello", **ours, **changes}))
    return receive(connection)


def receive(connection: socket.socket) -> dict[str, Any]:
    frames = FrameReader()
    while True:
        data = connection.recv(1)
        if not data:
            raise EOFError
        for message in frames.feed(data):
            return message


def judge_frame(number: int, text: str) -> bytes:
    return encode({"type": "judge", "id": number, "text": text, "language": None, "fresh": True})


def test_fifty_clients_at_once_leave_one_daemon(world: World, snippets: list[Snippet]) -> None:
    scans = [world.start_scan(snippets[:20]) for _ in range(50)]
    for scan in scans:
        scan.finish()
    pid = world.wait_for_daemon()
    assert world.daemons() == [pid]
    assert world.log.count("started") == 1


def test_killed_in_the_middle_of_a_request(world: World, snippets: list[Snippet]) -> None:
    pid = world.start_daemon()
    scan = world.start_scan([*snippets, SLOW, *snippets])
    wait_until(lambda: (world.status() or {"requests": 0})["requests"] > 150, "the daemon is at it")
    os.kill(pid, signal.SIGKILL)
    notes, name = scan.finish()
    assert name == "daemon"
    assert len(notes) == 1
    assert not Path(world.meeting.socket_path).exists(), "the killed daemon's socket is swept away"
    assert world.scan(snippets) == ([], "in-process")
    assert world.wait_for_daemon() != pid, "a fresh daemon takes the stale socket's place"
    assert world.scan(snippets) == ([], "daemon")


@pytest.mark.parametrize("in_the_middle", [False, True])
def test_frozen(world: World, snippets: list[Snippet], in_the_middle: bool) -> None:
    pid = world.start_daemon()
    if in_the_middle:
        scan = world.start_scan([*snippets, SLOW, *snippets])
        wait_until(lambda: (world.status() or {"requests": 0})["requests"] > 150, "the daemon is at it")
        os.kill(pid, signal.SIGSTOP)
    else:
        os.kill(pid, signal.SIGSTOP)
        scan = world.start_scan(snippets)
    notes, _ = scan.finish(30)
    assert len(notes) == 1
    assert world.daemons() == [pid], "a frozen daemon is neither killed nor doubled"
    os.kill(pid, signal.SIGCONT)
    wait_until(world.status, "it thaws")
    assert world.scan(snippets) == ([], "daemon")


def test_a_busy_daemon_is_not_taken_for_dead(world: World, snippets: list[Snippet]) -> None:
    pid = world.start_daemon()
    busy = Snippet("stand-in: sleep 6\n", None)
    slow = world.start_scan([busy])
    wait_until(lambda: (world.status() or {"requests": 0})["requests"] > 1, "the daemon is at it")
    started = time.monotonic()
    assert ask(world.meeting.socket_path, {"type": "ping"}) == {"type": "pong"}
    assert time.monotonic() - started < 5, "pings are answered while the inference thread is busy"
    assert slow.finish() == ([], "daemon")
    assert world.daemons() == [pid]


def test_a_stale_socket_and_lock_are_replaced(world: World, snippets: list[Snippet]) -> None:
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(world.meeting.socket_path)
    stale.close()
    Path(world.meeting.life_lock).write_text("1\n")
    assert world.scan(snippets) == ([], "in-process")
    world.wait_for_daemon()
    assert world.scan(snippets) == ([], "daemon")


@pytest.mark.parametrize(
    "answer",
    [
        {"protocol": 2},
        {"version": "0.0.1"},
        {"fingerprint": "0123456789abcdef"},
        {"device": "cuda"},
        {"type": "refuse", "reason": "busy"},
        {"type": "verdict"},
        {"window": 0},
        {"window": "many"},
        b"\x00\x00\x00\x05hello",
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x02[]",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"",
    ],
)
def test_something_else_on_the_other_side(world: World, snippets: list[Snippet], answer: dict[str, Any] | bytes) -> None:
    ours = identity(Bundle.open(world.bundle).model.fingerprint, "cpu", __version__)
    said = answer if isinstance(answer, bytes) else encode({"type": "hello", **ours, "window": 64, "ready": True, **answer})
    with _Impostor(world, said, b""):
        notes, name = world.scan(snippets)
    assert name == "in-process"
    assert len(notes) == 1


@pytest.mark.parametrize(
    "verdict",
    [
        encode({"type": "verdict", "id": 0, "verdict": [2.0, None, [], False]}),
        encode({"type": "verdict", "id": 0, "verdict": [0.5, [0.1], [], False]}),
        encode({"type": "verdict", "id": 7000, "verdict": [0.5, None, [], False]}),
        encode({"type": "verdict", "id": "0", "verdict": [0.5, None, [], False]}),
        encode({"type": "error", "id": 0}),
        encode({"type": "alive"}) * 3 + b"\x7f\xff\xff\xff",
        b"\x00\x00\x00\x09garbage!!",
        b"\x00\x00",
    ],
)
def test_nonsense_in_place_of_a_verdict(world: World, snippets: list[Snippet], verdict: bytes) -> None:
    ours = identity(Bundle.open(world.bundle).model.fingerprint, "cpu", __version__)
    with _Impostor(world, encode({"type": "hello", **ours, "window": 64, "ready": True}), verdict):
        notes, _ = world.scan(snippets)
    assert len(notes) == 1


class _Impostor:
    """Listens where a daemon would, says one thing after the first bytes and another after the next, then closes."""

    def __init__(self, world: World, *sayings: bytes) -> None:
        self._sayings = sayings
        self._listening = socket.socket(socket.AF_UNIX)
        self._path = world.meeting.socket_path
        self._listening.bind(self._path)
        self._listening.listen()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
        Path(self._path).unlink(missing_ok=True)  # the scan may have swept it away

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                try:
                    for saying in self._sayings:
                        connection.recv(1 << 20)
                        connection.sendall(saying)
                except OSError:
                    continue


@pytest.mark.parametrize("changes", [{"protocol": 99}, {"version": "99.0"}, {"fingerprint": "beef"}, {"device": "cuda"}, {"protocol": True}])
def test_a_client_of_another_kind_is_declined(world: World, snippets: list[Snippet], changes: dict[str, Any]) -> None:
    world.start_daemon()
    with connect(world.meeting.socket_path) as connection:
        assert greet(world, connection, **changes) == {"type": "refuse", "reason": next(iter(changes))}
    assert world.scan(snippets) == ([], "daemon")


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x00",
        b"\x00\x10\x00\x00" + b" " * 100,
        b'\x00\x00\x00\x05{"a":',
        b"\x00\x00\x00\x02[]",
        b"\x00\x00\x0b\xb8" + b"[" * 3000,
        encode({"type": "judge", "id": 0, "text": "before hello", "language": None}),
        encode({"type": "pickle"}),
        os.urandom(5000),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_garbage_and_oversized_frames_end_that_connection_alone(world: World, snippets: list[Snippet], sent: bytes) -> None:
    pid = world.start_daemon()
    with connect(world.meeting.socket_path, 20) as connection:
        connection.sendall(sent)
        with pytest.raises((EOFError, ConnectionError)):
            receive(connection)
    with connect(world.meeting.socket_path, 20) as connection:
        assert greet(world, connection)["type"] == "hello"
        connection.sendall(encode({"type": "judge", "id": "0", "text": 7, "language": None}))
        with pytest.raises((EOFError, ConnectionError)):
            receive(connection)
    assert world.scan(snippets) == ([], "daemon")
    assert world.daemons() == [pid]


def test_clients_that_read_slowly_or_vanish_harm_nobody(world: World, snippets: list[Snippet]) -> None:
    pid = world.start_daemon()
    connections = [connect(world.meeting.socket_path, 20) for _ in range(8)]
    for connection in connections:
        greet(world, connection)
        connection.setblocking(False)
        long = judge_frame(0, "stand-in: sleep 0.01\n" + "x\n" * 200_000)
        try:
            for _ in range(200):  # far more than the window, and nothing of it is read
                connection.sendall(long)
        except BlockingIOError:
            pass
    assert world.scan(snippets) == ([], "daemon"), "a small scan gets its turn"
    for connection in connections:
        connection.close()
    wait_until(lambda: (world.status() or {}).get("queue") == 0 and (world.status() or {}).get("clients") == 1, "what they asked is forgotten")
    status = world.status()
    assert status is not None and status["memory_bytes"] < 400 << 20
    assert world.daemons() == [pid]


def in_a_small_world(world: World, mount: str, fill: bool, snippets: list[Snippet]) -> list[Any]:
    """Scan where the runtime, state and cache directories lie on a file system of its own, full or read-only."""
    space = world.root / "space"
    space.mkdir()
    for variable, name in (("XDG_RUNTIME_DIR", "run"), ("AICODELINT_CACHE_DIR", "cache"), ("AICODELINT_STATE_DIR", "state")):
        world.environment[variable] = str(space / name)
    filling = "dd if=/dev/zero of=fill bs=1k 2>/dev/null;" if fill else "mount -o remount,ro none .;"
    script = f'mount -t tmpfs -o {mount} none "$0" && cd "$0" && mkdir -m 700 run && {filling} exec "$@"'
    options = json.dumps({"model": str(world.bundle)})
    process = world.popen(
        "-c",
        "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])",
        "unshare",
        "-Urm",
        "sh",
        "-c",
        script,
        str(space),
        sys.executable,
        "-c",
        SCAN,
        options,
    )
    out, err = process.communicate(json.dumps([(snippet.text, snippet.language) for snippet in snippets]), timeout=60)
    assert process.returncode == 0, err
    return list(json.loads(out))


needs_namespaces = pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False).returncode != 0,
    reason="needs user namespaces",
)


@needs_namespaces
def test_a_full_disk(world: World, snippets: list[Snippet]) -> None:
    verdicts, notes, _ = in_a_small_world(world, "size=16k,mode=700", True, snippets)
    assert verdicts == expected(snippets)
    assert 1 <= len(notes) <= 2


@needs_namespaces
def test_a_read_only_runtime_directory(world: World, snippets: list[Snippet]) -> None:
    verdicts, notes, name = in_a_small_world(world, "size=1m,mode=700", False, snippets)
    assert verdicts == expected(snippets)
    assert name == "in-process"
    assert len(notes) == 2 and "Read-only" in "".join(notes), "one of the daemon, one of the cache"


@pytest.mark.parametrize("kind", ["owned by another", "open to others", "a symbolic link", "a file"])
def test_a_socket_directory_that_is_not_safely_ours_is_refused(world: World, snippets: list[Snippet], kind: str) -> None:
    directory = Path(world.environment["XDG_RUNTIME_DIR"], "aicodelint")
    if kind == "a symbolic link":
        (world.root / "elsewhere").mkdir(mode=0o700)
        directory.symlink_to(world.root / "elsewhere")
    elif kind == "a file":
        directory.write_text("")
    else:
        directory.mkdir(mode=0o700)
    if kind == "open to others":
        directory.chmod(0o777)
    if kind == "owned by another":
        if os.getuid() != 0:
            pytest.skip("only root can give a directory away")
        os.chown(directory, 65534, 65534)
    notes, name = world.scan(snippets)
    assert name == "in-process"
    assert len(notes) == 1 and str(directory) in notes[0]
    assert not world.daemons()


@pytest.mark.skipif(os.getuid() != 0, reason="needs a second user")
def test_another_user_is_turned_away_even_where_the_file_system_lets_him_in(world: World, snippets: list[Snippet]) -> None:
    world.start_daemon()
    path = world.meeting.socket_path
    for opened in (path, *[str(parent) for parent in Path(path).parents if parent.is_relative_to(world.root)]):
        Path(opened).chmod(0o777)
    assert subprocess.run([sys.executable, "-c", STRANGER, path], timeout=60, check=False).returncode == 0
    assert "another user is turned away" in world.log
    Path(path).parent.chmod(0o700)
    assert world.scan(snippets) == ([], "daemon")


def test_a_clock_that_jumps(world: World, snippets: list[Snippet]) -> None:
    world.environment["STANDIN_CLOCK"] = "1"
    world.start_daemon()
    for _ in range(3):
        assert world.scan(snippets, cache=True)[1] == "daemon"
    assert len(world.daemons()) == 1


def test_the_model_is_replaced_under_it(world: World, snippets: list[Snippet]) -> None:
    old = world.start_daemon()
    write_bundle(world.root / "new", "another")
    world.bundle.rename(world.root / "old")
    (world.root / "new").rename(world.bundle)
    assert world.scan(snippets) == ([], "in-process"), "the old daemon is not asked for the new model's verdicts"
    new = world.wait_for_daemon()
    assert world.scan(snippets) == ([], "daemon")
    wait_until(lambda: world.daemons() == [new], "the old daemon has noticed and left")
    assert old != new


def test_the_model_is_removed_and_comes_back(world: World, snippets: list[Snippet]) -> None:
    pid = world.start_daemon()
    world.bundle.rename(world.root / "away")
    wait_until(lambda: not is_alive(pid), "it leaves when its model is gone")
    (world.root / "away").rename(world.bundle)
    world.scan(snippets)
    world.wait_for_daemon()
    assert world.scan(snippets) == ([], "daemon")


def test_the_package_changes_under_it(world: World, snippets: list[Snippet]) -> None:
    site = copy_package(world.root / "site")
    world.environment["PYTHONPATH"] = world.environment["PYTHONPATH"].replace(str(world.site), str(site))
    pid = world.start_daemon()
    with (site / "aicodelint" / "engine" / "server.py").open("a") as file:
        file.write("# changed\n")
    notes, _ = world.scan(snippets)
    assert len(notes) <= 1
    wait_until(lambda: not is_alive(pid), "the old one ends")
    fresh = world.wait_for_daemon()
    assert world.daemons() == [fresh], "it has started itself anew"
    assert world.scan(snippets) == ([], "daemon")


def test_the_memory_ceiling_hands_over_to_a_fresh_daemon(world: World, snippets: list[Snippet]) -> None:
    world.environment["AICODELINT_DAEMON_MEMORY_MB"] = "50"
    pid = world.start_daemon()
    wait_until(lambda: (world.status() or {})["uptime_seconds"] > 1.5, "it has measured itself")
    world.scan([Snippet("stand-in: eat 80\n", None)])
    wait_until(lambda: not is_alive(pid), "the fat one ends")
    fresh = world.wait_for_daemon()
    assert world.daemons() == [fresh]
    assert "memory grew" in world.log
    assert world.scan(snippets) == ([], "daemon")


@pytest.mark.parametrize("order", ["exit", "segfault", "raise"])
def test_texts_that_kill_or_fail(world: World, snippets: list[Snippet], order: str) -> None:
    pid = world.start_daemon()
    notes, _ = world.scan([*snippets, Snippet(f"stand-in: {order}\n", None), *snippets])
    assert len(notes) == 1
    assert is_alive(pid) is (order == "raise")
    assert "secret" not in world.log
    assert order != "raise" or "ValueError" in world.log
    assert order != "segfault" or "Segmentation fault" in world.log


def test_a_model_that_cannot_be_loaded_there(world: World, snippets: list[Snippet]) -> None:
    working = dict(world.environment)
    world.environment["STANDIN_LOAD"] = "fail"
    broken = world.popen("-c", "from aicodelint.engine.select import open_engine; from pathlib import Path; from aicodelint.finding import Snippet;"
                         f"list(open_engine('daemon', Path({str(world.bundle)!r}), cache=False).judge([Snippet('x', None)]))")  # fmt: skip
    assert broken.wait(60) == 1, "the error is the model's, and this process reports it like any other"
    world.environment = working
    wait_until(lambda: not world.daemons(), "it ends")
    assert "the model cannot be loaded: RuntimeError" in world.log
    notes, name = world.scan(snippets)
    assert name == "in-process" and "crashed a moment ago" in notes[0], "no daemon is started only to crash again"


def open_files(pid: int) -> list[str]:
    """What a living process has open; a descriptor it closes while one looks is not open."""
    targets = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            targets.append(str(entry.readlink()))
    return targets


def test_the_starter_is_not_held_up_and_hands_nothing_down(world: World) -> None:
    snippets = [Snippet("x", None)]
    started = time.monotonic()
    scan = world.start_scan(snippets, name="daemon")
    scan.finish()  # reads its pipes to the end: a daemon that had inherited them would keep them open
    assert time.monotonic() - started < 30
    pid = world.wait_for_daemon()
    assert os.getsid(pid) not in (os.getsid(0), pid) and os.getpgid(pid) != os.getpgid(0)
    assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
    targets = open_files(pid)
    allowed = ("/dev/null", "anon_inode:", "socket:", str(world.root / "run"), str(world.root / "state"))
    assert all(target.startswith(allowed) for target in targets), targets
    assert not any(target.endswith("spawn.lock") for target in targets)


def test_it_ends_when_nobody_asks(world: World, snippets: list[Snippet]) -> None:
    world.environment["AICODELINT_DAEMON_IDLE_SECONDS"] = "1"
    pid = world.start_daemon()
    with connect(world.meeting.socket_path):  # a client that only sits there does not keep it
        wait_until(lambda: not is_alive(pid), "it leaves")
    assert "ended: nobody asked" in world.log


@pytest.mark.parametrize("how", ["SIGTERM", "stop"])
def test_it_drains_before_it_ends(world: World, how: str) -> None:
    pid = world.start_daemon()
    with connect(world.meeting.socket_path, 30) as connection:
        greet(world, connection)
        for number in range(3):
            connection.sendall(judge_frame(number, f"stand-in: sleep 0.3 {number}\n"))
        wait_until(lambda: (world.status() or {"requests": 0})["requests"] == 4, "all have arrived")
        if how == "stop":
            ask(world.meeting.socket_path, {"type": "stop"})
        else:
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not Path(world.meeting.socket_path).exists(), "it takes no new clients")
        answered = set()
        while len(answered) < 3:
            message = receive(connection)
            if message["type"] == "verdict":
                answered.add(message["id"])
        with pytest.raises((EOFError, ConnectionError)):
            receive(connection)
    wait_until(lambda: not is_alive(pid), "it ends")
    assert "ended: " in world.log


def test_a_dying_daemon_leaves_its_successors_socket_alone(world: World, snippets: list[Snippet]) -> None:
    old = world.start_daemon()
    with connect(world.meeting.socket_path, 30) as connection:
        greet(world, connection)
        connection.sendall(judge_frame(0, "stand-in: sleep 3\n"))
        wait_until(lambda: (world.status() or {"requests": 0})["requests"] == 2, "it has arrived")
        os.kill(old, signal.SIGTERM)
        wait_until(lambda: not Path(world.meeting.socket_path).exists(), "it has left its place")
        world.scan(snippets)
        new = world.wait_for_daemon()
        assert is_alive(old), "the old one still drains"
        while receive(connection)["type"] != "verdict":
            pass
    wait_until(lambda: not is_alive(old), "the old one ends")
    assert world.scan(snippets) == ([], "daemon")
    assert world.daemons() == [new]


def test_a_removed_runtime_directory_leaves_no_orphan(world: World, snippets: list[Snippet]) -> None:
    old = world.start_daemon()
    shutil.rmtree(Path(world.meeting.socket_path).parent)
    world.scan(snippets)
    wait_until(lambda: not is_alive(old), "the daemon that nobody finds has left")
    assert world.daemons() == [world.wait_for_daemon()]


def test_a_large_scan_does_not_starve_a_small_one(world: World) -> None:
    world.start_daemon()
    large = world.start_scan([Snippet(f"stand-in: sleep 0.02 {number}\n", None) for number in range(400)])
    wait_until(lambda: (world.status() or {"requests": 0})["requests"] > 60, "the large one is at it")
    started = time.monotonic()
    assert world.scan([Snippet("a", None), Snippet("b", None)]) == ([], "daemon")
    spent = time.monotonic() - started
    assert large.process.poll() is None, "the large one still runs"
    large.finish()
    assert spent < 6
