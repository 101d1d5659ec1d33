"""Puts a detector that needs no model in the place of the real one, in every process that has this directory on its PYTHONPATH.

It judges by a hash of the text. A line ``stand-in: WORD [NUMBER]`` in the text makes it do something else first.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
import types

ORDER = re.compile(r"stand-in: (\w+)(?: ([\d.]+))?")


class Detector:
    def __init__(self, bundle, device="cpu", jobs=None):
        if os.environ.get("STANDIN_LOAD") == "fail":
            raise RuntimeError("no model today")
        time.sleep(float(os.environ.get("STANDIN_LOAD", "0")))
        self._families = len(bundle.model.families)
        self._kept = []

    def judge(self, snippets):
        return [self._one(snippet) for snippet in snippets]

    def close(self):
        self._kept.clear()

    def _one(self, snippet):
        from aicodelint.finding import Verdict, WindowVerdict

        order = ORDER.search(snippet.text)
        if order:
            self._obey(order[1], float(order[2] or 0))
        digest = hashlib.sha256(f"{snippet.language}\0{snippet.text}".encode("utf-8", "surrogatepass")).digest()
        families = tuple(round(byte / 255, 4) for byte in digest[: self._families])
        lines = snippet.text.count("\n") + 1
        return Verdict(round(digest[-1] / 255, 4), families, (WindowVerdict(1, lines, round(digest[-2] / 255, 4), families),))

    def _obey(self, word, number):
        in_daemon = "aicodelint.engine.server" in sys.modules
        if word == "sleep":
            time.sleep(number)
        elif word == "raise" and in_daemon:
            raise ValueError("the secret source text")
        elif word == "exit" and in_daemon:
            os._exit(3)
        elif word == "segfault" and in_daemon:
            import ctypes

            ctypes.string_at(0)
        elif word == "eat" and in_daemon:
            self._kept.append(b"x" * int(number * (1 << 20)))


_module = types.ModuleType("aicodelint.detection.open_detector")
_module.open_detector = Detector
sys.modules["aicodelint.detection.open_detector"] = _module
if os.environ.get("STANDIN_CLOCK"):
    _real_time = time.time
    _jumps = iter(range(10**9))
    time.time = lambda: _real_time() + (-1) ** next(_jumps) * 86400 * 365 * 9
