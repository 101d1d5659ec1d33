"""What a forked scan costs is what it imports: the client next to nothing, the child nothing that the server has not."""

from __future__ import annotations

import re
import sys

import pytest
from warm_world import Warm

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="scans are forked on Linux alone")

CLIENT = """
import os, sys
from sys import argv
before = set(sys.modules)
leave = os._exit
def tell(code):
    os.write(2, " ".join(sorted(set(sys.modules) - before)).encode())
    leave(code)
os._exit = tell
argv[0] = "aicodelint"
from aicodelint.__main__ import main
main()
"""
LIGHT = {"aicodelint", "aicodelint.__main__", "aicodelint.engine", "aicodelint.engine.runtime_directory", "aicodelint.warm"}
LIGHT |= {"aicodelint.warm.client", "aicodelint.warm.protocol", "_socket", "__future__"}


def test_the_client_imports_next_to_nothing(warm: Warm) -> None:
    _, _, err = warm.scan("human.py", how=("-c", CLIENT))
    assert set(err.decode().split()) <= LIGHT
    assert b"aicodelint.warm.client" in err


@pytest.mark.parametrize("arguments", [("--format", "json"), ("--format", "sarif", "--verbose"), ("--color", "always", "-q"), ("nowhere.py",)])
def test_the_child_imports_nothing_more(warm: Warm, arguments: tuple[str, ...]) -> None:
    warm.stop()
    warm.world.environment["PYTHONPROFILEIMPORTTIME"] = "1"
    warm.start()
    assert warm.forks(*arguments)
    for cache in ("--no-cache", "--exit-zero"):
        _, _, err = warm.run("-m", "aicodelint", "scan", "--model", str(warm.world.bundle), cache, *arguments)
        imported = re.findall(rb"^import time:.*\| +(\S+)$", err, re.MULTILINE)
        assert b"aicodelint.warm.client" in imported
        assert imported[imported.index(b"aicodelint.warm.client") + 1 :] == []


def test_the_server_holds_nothing_heavy(warm: Warm) -> None:
    code = f"from aicodelint.warm.server import load; load(); import sys; sys.exit(str([n for n in {HEAVY!r} if n in sys.modules]))"
    assert warm.run("-c", code).err == b"[]\n"


HEAVY = ("numpy", "onnxruntime", "tokenizers", "torch", "transformers", "pygments", "asyncio", "multiprocessing", "concurrent.futures.thread")
