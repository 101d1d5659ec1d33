from __future__ import annotations

import os
from pathlib import Path

import pytest
from daemon_world import write_bundle

from aicodelint.detection.bundle import Bundle
from aicodelint.engine import freshness, life
from aicodelint.engine.freshness import change_watch, package_signature
from aicodelint.engine.life import LOOK_SECONDS, Life, Retirement, memory_bytes


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(life, "time", clock)
    monkeypatch.setattr(freshness, "time", clock)
    return clock


def test_it_ends_when_idle_and_not_busy(clock: Clock) -> None:
    here = Life(lambda: False, lambda: True, idle_seconds=900)
    clock.now += 899
    assert here.retirement(busy=False) is None
    here.touch()
    clock.now += 899
    assert here.retirement(busy=False) is None
    clock.now += 2
    assert here.retirement(busy=True) is None
    ended = here.retirement(busy=False)
    assert ended is not None and not ended.hand_over


def test_it_hands_over_when_it_has_grown(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Life(lambda: False, lambda: True, memory_growth=100)
    sizes = iter([10_000, 10_100, 10_101])
    monkeypatch.setattr(life, "memory_bytes", lambda: next(sizes))
    here.ready()
    for expected in (None, True):
        clock.now += LOOK_SECONDS
        ended = here.retirement(busy=True)
        assert (ended and ended.hand_over) == expected


def test_it_ends_when_it_cannot_be_found_and_hands_over_when_outdated(clock: Clock) -> None:
    clock.now += 0
    hidden = Life(lambda: False, lambda: False)
    outdated = Life(lambda: True, lambda: True)
    assert hidden.retirement(busy=True) is None, "not every second"
    clock.now += LOOK_SECONDS
    assert hidden.retirement(busy=True) == Retirement("the socket is gone")
    ended = outdated.retirement(busy=True)
    assert ended is not None and ended.hand_over


def test_memory_is_counted() -> None:
    before = memory_bytes()
    held = os.urandom(64 << 20)
    assert memory_bytes() - before > 50 << 20
    assert len(held) == 64 << 20


def test_changes_of_package_and_bundle_are_noticed(clock: Clock, tmp_path: Path) -> None:
    package, bundle = tmp_path / "package", tmp_path / "bundle"
    (package / "part").mkdir(parents=True)
    (package / "part" / "a.py").write_text("a = 1\n")
    bundle.mkdir()
    write_bundle(bundle)
    manifest = (bundle / "bundle.json").read_text()

    def watch():
        clock.now += 10
        return change_watch(package_signature(package), bundle, Bundle.open(bundle).model.fingerprint, package)

    assert not watch()()
    for change in (
        lambda: (package / "part" / "a.py").write_text("a = 22\n"),
        lambda: (package / "part" / "b.py").write_text(""),
        (package / "part" / "b.py").unlink,
        lambda: (bundle / "bundle.json").write_text(manifest + " "),
        (bundle / "bundle.json").unlink,
    ):
        changed = watch()
        (package / "notes.txt").write_text("no module")
        assert not changed()
        change()
        assert not changed(), "it looks twice a second at most"
        clock.now += 1
        assert changed()
