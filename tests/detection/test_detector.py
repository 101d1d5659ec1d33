from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from aicodelint.detection.bundle import MANIFEST, Bundle, default_path
from aicodelint.detection.detector import Detector
from aicodelint.errors import BundleError


def test_a_manifest_that_names_other_families_than_the_models_tell_apart_is_refused(tmp_path: Path) -> None:
    manifest = json.loads((default_path() / MANIFEST).read_text(encoding="utf-8"))
    labels = manifest["labels"][:4]
    thresholds = manifest["thresholds"] | {"family": dict.fromkeys(labels[1:], 0.5)}
    (tmp_path / MANIFEST).write_text(json.dumps(manifest | {"labels": labels, "thresholds": thresholds}), encoding="utf-8")
    with pytest.raises(BundleError, match="names 3 families; its models tell 13 apart"):
        Detector(Bundle.open(tmp_path))


def test_a_stack_that_reads_what_the_bundle_has_not_is_refused(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(default_path(), bundle)
    text = (bundle / "stack.json").read_text(encoding="utf-8").replace("network.wild", "trees.wild")
    (bundle / "stack.json").write_text(text, encoding="utf-8")
    manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"]["stack.json"]["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (bundle / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BundleError, match=r"reads the witness 'trees\.wild', which the bundle does not have"):
        Detector(Bundle.open(bundle))
