from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from aicodelint.engine import rendezvous as rendezvous_module
from aicodelint.engine import runtime_directory as directory_module
from aicodelint.engine.daemon_log import DaemonLog, crashed_lately, last_daemon, log_path, open_log
from aicodelint.engine.rendezvous import Rendezvous, is_held, rendezvous, try_lock
from aicodelint.engine.runtime_directory import DaemonUnavailableError, is_foreign, peer_uid, runtime_directory


def test_names_are_short_and_differ_by_all_they_depend_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rendezvous_module, "runtime_directory", lambda: "/run/user/1000/aicodelint")
    places = {rendezvous(*given).socket_path for given in [("f", "cpu", "1"), ("g", "cpu", "1"), ("f", "cuda", "1"), ("f", "cpu", "2")]}
    assert len(places) == 4
    assert all(len(place) < 100 for place in places)


def test_a_long_directory_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(directory_module, "_own_directory", lambda path, make: path)
    for variable, own in (("XDG_RUNTIME_DIR", "aicodelint"), ("TMPDIR", f"aicodelint-{os.getuid()}")):
        long = tmp_path / ("x" * 90)
        long.mkdir(exist_ok=True)
        monkeypatch.setenv(variable, str(long))
        assert runtime_directory() == f"/tmp/aicodelint-{os.getuid()}"
        monkeypatch.setenv(variable, "/root" if os.getuid() == 0 else str(Path.home()))
        assert runtime_directory() == f"{os.environ[variable]}/{own}"
        monkeypatch.setenv(variable, "relative")
        assert runtime_directory() == f"/tmp/aicodelint-{os.getuid()}"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
def test_another_users_runtime_directory_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(directory_module, "_own_directory", lambda path, make: path)
    monkeypatch.delenv("TMPDIR", raising=False)
    short = Path("/tmp") / f"aic-{os.getpid()}"
    short.mkdir()
    try:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
        assert runtime_directory() == f"{short}/aicodelint"
        os.chown(short, 65534, 65534)
        assert runtime_directory() == "/tmp/aicodelint-0"
    finally:
        short.rmdir()


def test_a_lock_is_held_once_and_freed_with_its_file(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    assert not is_held(path)
    held = try_lock(path)
    assert held is not None
    assert is_held(path)
    assert try_lock(path) is None
    Path(path).unlink()
    assert not is_held(path)
    successor = try_lock(path)
    assert successor is not None, "a removed file's lock is not the lock"
    os.close(held)
    assert is_held(path)
    os.close(successor)
    assert not is_held(path)


def test_a_lock_is_not_followed_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DaemonUnavailableError):
        try_lock(str(tmp_path / "lock"))
    assert not (tmp_path / "elsewhere").exists()


def test_the_peer_of_a_socket_pair_is_oneself() -> None:
    here, there = socket.socketpair()
    assert peer_uid(here) in (os.getuid(), None)
    assert not is_foreign(there)
    here.close()
    there.close()


def test_the_log_tells_an_orderly_end_from_a_crash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AICODELINT_STATE_DIR", str(tmp_path))
    log, path = DaemonLog(), log_path("key")
    assert last_daemon("key") is None and not crashed_lately("key", 60)
    log("started on cpu")
    log("ended: bored")
    log("started on cpu")
    try:
        raise ValueError("the text: secret")
    except ValueError as error:
        log.fault("a text failed", error)
    said = capsys.readouterr().err
    path.write_text(said)
    last = last_daemon("key")
    assert last is not None and not last.ended
    assert "ValueError" in last.text and "test_rendezvous.py" in last.text and "bored" not in last.text
    assert "secret" not in said
    assert crashed_lately("key", 60)
    path.write_text(said + said.splitlines()[1] + "\n")
    assert not crashed_lately("key", 60)


def test_a_log_that_grows_starts_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AICODELINT_STATE_DIR", str(tmp_path))
    log_path("key").write_bytes(b"x" * (2 << 20))
    os.close(open_log("key"))
    assert log_path("key").stat().st_size == 0
    monkeypatch.setenv("AICODELINT_STATE_DIR", str(log_path("key") / "below a file"))
    os.close(open_log("key"))


def test_a_meeting_place_names_its_files() -> None:
    meeting = Rendezvous("/run/x", "k")
    assert (meeting.socket_path, meeting.life_lock, meeting.spawn_lock) == ("/run/x/k.sock", "/run/x/k.lock", "/run/x/spawn.lock")


@pytest.mark.parametrize("name", ["life_lock", "spawn_lock"])
def test_a_daemon_is_coming_while_one_starts_or_lives(tmp_path: Path, name: str) -> None:
    meeting = Rendezvous(str(tmp_path), "k")
    assert not meeting.is_coming()
    lock = try_lock(getattr(meeting, name))
    assert lock is not None
    assert meeting.is_coming()
    os.close(lock)
    assert not meeting.is_coming()


def test_looking_for_a_directory_need_not_make_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    monkeypatch.setenv("TMPDIR", str(tmp_path) if len(str(tmp_path)) < 60 else "/tmp")
    monkeypatch.setattr(directory_module.os, "getuid", lambda: 12345678)
    with pytest.raises(DaemonUnavailableError):
        runtime_directory(make=False)
    assert not list(Path(os.environ["TMPDIR"]).glob("aicodelint-12345678"))
