from __future__ import annotations

from pathlib import Path

import pytest
from daemon_world import World, wait_until, write_bundle

from aicodelint.engine import select
from aicodelint.engine.cached import CachedEngine
from aicodelint.engine.daemon import DaemonEngine
from aicodelint.engine.in_process import InProcessEngine
from aicodelint.engine.select import open_engine
from aicodelint.errors import AicodelintError, EngineError, UsageError
from aicodelint.finding import Snippet

HEAVY = (
    "numpy",
    "onnxruntime",
    "pygments",
    "tokenizers",
    "torch",
    "transformers",
    "asyncio",
    "logging",
    "multiprocessing",
    "concurrent",
)


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("CI", "AICODELINT_NO_DAEMON"):
        monkeypatch.delenv(variable, raising=False)
    return write_bundle(tmp_path / "bundle")


def test_auto_is_the_daemon_unless_something_speaks_against_it(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kind(name: str = "auto", *, daemon: bool = True) -> type:
        return type(open_engine(name, bundle, daemon=daemon, cache=False))

    assert kind() is DaemonEngine
    assert kind(daemon=False) is InProcessEngine
    assert kind("in-process") is InProcessEngine
    for variable in ("CI", "AICODELINT_NO_DAEMON"):
        for value, expected in (("true", InProcessEngine), ("1", InProcessEngine), ("", DaemonEngine), ("0", DaemonEngine), ("false", DaemonEngine)):
            monkeypatch.setenv(variable, value)
            assert kind() is expected, (variable, value)
            assert kind("daemon") is DaemonEngine, "who asks for it by name gets it"
        monkeypatch.delenv(variable)


def test_what_cannot_be_is_said(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, more in ((("warp", bundle), {}), (("auto", bundle, "tpu"), {}), (("daemon", bundle), {"daemon": False})):
        with pytest.raises(UsageError):
            open_engine(*arguments, **more)
    with pytest.raises(AicodelintError):
        open_engine("auto", bundle / "nowhere")


def test_without_unix_sockets_it_is_in_process_and_said_plainly(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select.socket, "AF_UNIX")
    assert type(open_engine("auto", bundle, cache=False)) is InProcessEngine
    with pytest.raises(EngineError, match="Unix sockets"):
        open_engine("daemon", bundle)


def test_the_cache_stands_before_any_engine_unless_it_is_turned_off(bundle: Path) -> None:
    assert type(open_engine("auto", bundle)) is CachedEngine
    assert type(open_engine("in-process", bundle)) is CachedEngine


def imported(world: World, command: list[str]) -> set[str]:
    process = world.popen("-X", "importtime", *command)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return {line.rpartition("|")[2].strip() for line in err.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("cached", [False, True])
def test_the_warm_path_imports_nothing_heavy(world: World, cached: bool) -> None:
    source = world.root / "a.py"
    source.write_text("print(1)\n" * 30)
    world.start_daemon()
    scan = ["-m", "aicodelint", "scan", str(source), "--model", str(world.bundle), *([] if cached else ["--no-cache"])]
    if cached:
        world.popen(*scan).communicate(timeout=60)
    before = world.status()
    names = imported(world, scan)
    after = world.status()
    assert before is not None and after is not None and after["requests"] == before["requests"] + (not cached), "the daemon was asked"
    assert "aicodelint.engine.client" in names
    assert not [name for name in names if name.startswith("aicodelint.engine.") and name.rpartition(".")[2] in ("server", "spawn", "batching")]
    assert not sorted(name for name in names if name.partition(".")[0] in HEAVY)


def test_engines_agree_and_the_cache_serves_both(world: World, snippets: list[Snippet]) -> None:
    assert world.scan(snippets, name="in-process", cache=True)[1] == "in-process"
    pid = world.start_daemon()
    assert world.scan(snippets, name="daemon", cache=True) == ([], "daemon")
    status = world.status()
    assert status is not None and status["pid"] == pid and status["requests"] == 1, "what is cached reaches no daemon"


def test_no_cache_is_fresh_in_the_daemon_too(world: World, snippets: list[Snippet]) -> None:
    world.start_daemon()
    for fresh, hits in ((True, 0), (False, len(snippets))):
        if not fresh:
            for name in ("cache", "cache2"):
                world.environment["AICODELINT_CACHE_DIR"] = str(world.root / name)
                world.scan(snippets, cache=True)
        else:
            world.scan(snippets, cache=False)
            world.scan(snippets, cache=False)
        status = world.status()
        assert status is not None and (status["cache_hits"] >= hits if hits else status["cache_hits"] == 0)


def test_an_interrupted_scan_leaves_the_daemon_idle(world: World) -> None:
    world.start_daemon()
    scan = world.start_scan([Snippet(f"stand-in: sleep 0.2 {number}\n", None) for number in range(60)])
    wait_until(lambda: (world.status() or {"queue": 0})["queue"] > 20, "it is queued")
    scan.process.kill()
    scan.process.wait()
    wait_until(lambda: (world.status() or {"queue": 1})["queue"] == 0, "what it asked is cancelled")
