from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aicodelint.detection.bundle import MANIFEST


def _bundle(directory: Path, **changes: object) -> Path:
    directory.mkdir(parents=True)
    manifest = {
        "format_version": 1,
        "kind": "head",
        "name": directory.name,
        "labels": ["Human", "alpha"],
        "window_tokens": 64,
        "minimum_tokens": 8,
        "files": {},
        "thresholds": {"gate": 0.1, "human": 0.3, "ai": 0.8, "family": 0.7},
    }
    (directory / MANIFEST).write_text(json.dumps(manifest | changes), encoding="utf-8")
    return directory


def test_a_broken_bundle_is_listed_with_the_reason_and_hides_no_other(command: Callable[..., Any], tmp_path: Path) -> None:
    _bundle(tmp_path / "a", labels=[])
    _bundle(tmp_path / "b")
    _bundle(tmp_path / "c", files={"head.safetensors": {"sha256": ""}})
    listed = command("models", "list", tmp_path)
    assert (listed.code, listed.err) == (0, "")
    lines = [line for line in listed.out.splitlines() if line.startswith(str(tmp_path))]
    assert [line.split(": ")[1].split(" (")[0] for line in lines] == ["cannot be used", "b", "cannot be used"]
    assert "labels []" in lines[0]
    found = json.loads(command("models", "list", tmp_path, "--format", "json").out)
    assert ["error" in entry for entry in found] == [False, True, False, True]


def test_info_tells_from_which_confidence_on_each_family_is_named(command: Callable[..., Any], tmp_path: Path) -> None:
    limits = {"gate": 0.1, "human": 0.3, "ai": 0.8}
    for number, (family, told) in enumerate(
        (({"a": 0.4, "b": 1}, "family (a 0.4)"), ({"a": 1, "b": 1}, "family (none is named)"), (0.7, "family 0.7"))
    ):
        bundle = _bundle(tmp_path / str(number), labels=["Human", "a", "b"], thresholds=limits | {"family": family})
        assert f"thresholds: gate 0.1, human 0.3, ai 0.8, {told}\n" in command("models", "info", bundle).out
        assert json.loads(command("models", "info", bundle, "--format", "json").out)["thresholds"]["family"] == family


@pytest.mark.parametrize("what", ["verify", "info"])
@pytest.mark.parametrize(
    "change", [{"labels": []}, {"labels": ["Human", "a", "a"]}, {"thresholds": {"gate": 0.1, "human": 0.9, "ai": 0.2, "family": 0.7}}]
)
def test_a_manifest_that_makes_no_sense_ends_in_one_line(command: Callable[..., Any], tmp_path: Path, what: str, change: dict[str, object]) -> None:
    outcome = command("models", what, _bundle(tmp_path / "b", **change))
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")
    assert outcome.err.count("\n") == 1
