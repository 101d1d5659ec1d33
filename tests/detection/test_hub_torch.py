"""What a model of the hub may say of its weights. tests/detection/test_encoder_torch.py has the models that are loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("huggingface_hub")

from aicodelint.detection.hub_torch import index_parts, locate_encoder
from aicodelint.errors import BundleError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
INDEX = "model.safetensors.index.json"


def test_the_parts_of_an_index_are_told_once_each(tmp_path: Path) -> None:
    (tmp_path / INDEX).write_text(json.dumps({"weight_map": {"b": "2.safetensors", "a": "1.safetensors", "c": "2.safetensors"}}))
    assert index_parts(tmp_path / INDEX) == ["1.safetensors", "2.safetensors"]


@pytest.mark.parametrize(
    ("index", "says"),
    [
        ("{", "no readable index"),
        ("[" * 100_000, "no readable index"),
        ("{}", "no readable index"),
        ('{"weight_map": ["a"]}', "no readable index"),
        ('{"weight_map": {"a": {}}}', "no readable index"),
        ('{"weight_map": {"a": 7}}', "outside its directory"),
        ('{"weight_map": {"a": "../other/model.safetensors"}}', "outside its directory"),
        ('{"weight_map": {"a": ".."}}', "outside its directory"),
        ('{"weight_map": {"a": ""}}', "outside its directory"),
    ],
)
def test_an_index_of_the_hub_that_makes_no_sense_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: str, says: str
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--Some--model" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    (snapshot / INDEX).write_text(index)
    with pytest.raises(BundleError, match=says) as refused:
        locate_encoder("Some/model", COMMIT)
    assert "\n" not in str(refused.value)
