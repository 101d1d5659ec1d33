from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import pytest
from daemon_world import write_bundle

from aicodelint.warm import rehearsal


def test_a_rehearsal_gets_to_its_end_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = write_bundle(tmp_path / "bundle")
    monkeypatch.setattr(rehearsal.contextlib, "suppress", lambda *errors: contextlib.nullcontext())
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    rehearsal.rehearse(str(bundle))
    out, err = capsys.readouterr()
    assert [file["reason"] for file in json.loads(out)["files"]] == ["too-big"]
    assert err == ""
    assert dict(os.environ) == before
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_rehearsal_without_a_model_is_no_fault(tmp_path: Path) -> None:
    rehearsal.rehearse(str(tmp_path / "nowhere"))
