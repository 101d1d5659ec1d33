"""The manifest of a bundle: what is read, what is refused, each refusal in one line."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest

from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.errors import BundleError

WEIGHTS = b"\x00\x01\x02weights"


def manifest() -> dict[str, Any]:
    return {
        "format_version": 1,
        "name": "tiny",
        "labels": ["Human", "Qwen", "OpenAI"],
        "window_tokens": 64,
        "minimum_tokens": 8,
        "files": {"head.safetensors": {"sha256": hashlib.sha256(WEIGHTS).hexdigest(), "bytes": len(WEIGHTS)}},
        "thresholds": {"gate": 0.1, "human": 0.3, "ai": 0.8, "family": 0.7},
    }


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "head.safetensors").write_bytes(WEIGHTS)
    return tmp_path


def write(directory: Path, content: dict[str, Any] | str) -> Path:
    (directory / "bundle.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return directory


def test_open_reads_labels_and_thresholds(directory: Path) -> None:
    bundle = Bundle.open(write(directory, manifest()))
    assert bundle.model.families == ("Qwen", "OpenAI")
    assert bundle.model.thresholds.ai == 0.8
    assert bundle.gate_threshold == 0.1
    assert bundle.read("head.safetensors") == WEIGHTS
    bundle.verify()


def test_a_family_may_have_a_threshold_of_its_own(directory: Path) -> None:
    assert Bundle.open(write(directory, manifest())).model.thresholds.family == 0.7
    own = manifest()["thresholds"] | {"family": {"OpenAI": 1, "Qwen": 0.4}}
    assert Bundle.open(write(directory, manifest() | {"thresholds": own})).model.thresholds.family == {"Qwen": 0.4, "OpenAI": 1.0}


def test_fingerprint_changes_with_the_manifest(directory: Path) -> None:
    first = Bundle.open(write(directory, manifest())).model.fingerprint
    changed = manifest() | {"window_tokens": 65}
    assert Bundle.open(write(directory, changed)).model.fingerprint != first


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in manifest().items() if name != key}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "does not hold an object"),
        (manifest() | {"format_version": 99}, "reads format 1"),
        (without("labels"), "labels"),
        (without("thresholds"), "thresholds"),
        (manifest() | {"thresholds": {"gate": 0.1, "human": 0.3, "ai": 7, "family": 0.7}}, "threshold 7"),
        (manifest() | {"thresholds": {"gate": 0.1, "human": 0.5, "ai": 0.4, "family": 0.7}}, "ai 0.4 is below human 0.5"),
        *(
            (manifest() | {"thresholds": manifest()["thresholds"] | {"family": family}}, says)
            for family, says in (
                ({"Qwen": 0.4}, "other names than labels"),
                ({"Qwen": 0.4, "OpenAI": 0.5, "Phi": 0.5}, "other names than labels"),
                ({"Qwen": 0.4, "OpenAI": 2}, "threshold 2"),
                ([0.4, 0.5], "threshold"),
                ("0.4", "threshold"),
            )
        ),
        *((manifest() | {"labels": value}, "a list of names is wanted") for value in ([], ["Human"], "Human", [0, 1], ["Human", " "], None)),
        (manifest() | {"labels": ["Human", "Qwen", "Qwen"]}, "a name stands there twice"),
        (manifest() | {"files": {"../../etc/passwd": {"sha256": ""}}}, "file name"),
        (manifest() | {"files": []}, "malformed"),
        *((manifest() | {name: value}, name) for name in ("window_tokens", "minimum_tokens") for value in (0, -1, 1.5, math.inf, True, "64", None)),
    ],
)
def test_unusable_manifests_are_refused_in_one_line(directory: Path, content: dict[str, Any] | str, says: str) -> None:
    with pytest.raises(BundleError, match=says) as refused:
        Bundle.open(write(directory, content))
    assert "\n" not in str(refused.value)


def test_a_changed_file_is_refused(directory: Path) -> None:
    bundle = Bundle.open(write(directory, manifest()))
    (directory / "head.safetensors").write_bytes(WEIGHTS[:-1] + b"!")
    with pytest.raises(BundleError, match="checksum"):
        bundle.verify()


def test_a_missing_file_and_a_missing_bundle_are_refused(directory: Path) -> None:
    bundle = Bundle.open(write(directory, manifest()))
    (directory / "head.safetensors").unlink()
    with pytest.raises(BundleError, match="cannot read"):
        bundle.read("head.safetensors")
    with pytest.raises(BundleError, match="is not a bundle"):
        Bundle.open(directory / "nowhere")
    with pytest.raises(BundleError, match=r"has no encoder\.onnx"):
        bundle.read("encoder.onnx")


def test_the_default_bundle_is_whole() -> None:
    Bundle.open(default_path()).verify()
