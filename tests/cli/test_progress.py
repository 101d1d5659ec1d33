from __future__ import annotations

import os
import select
import sys
import time

import pytest

from aicodelint.cli import progress


def counted(monkeypatch: pytest.MonkeyPatch, steps: int, pause: float) -> None:
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.05)
    counter = progress.Progress()
    for _ in range(steps):
        counter.step()
        time.sleep(pause)
    counter.hide()


def test_nothing_where_stderr_is_no_terminal(monkeypatch, capsys) -> None:
    counted(monkeypatch, 5, 0.03)
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_a_counter_on_a_terminal_that_is_cleared_and_only_for_long_scans(monkeypatch) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        counted(monkeypatch, 3, 0)
        counted(monkeypatch, 5, 0.03)
        written = ""
        while select.select([ours], [], [], 0.2)[0]:
            written += os.read(ours, 10_000).decode()
    os.close(ours)
    assert written.startswith("\r\x1b[KScanned ")
    assert written.endswith("\r\x1b[K")
    assert "Scanned 1 files" not in written
