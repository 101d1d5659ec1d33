from __future__ import annotations

import json
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
