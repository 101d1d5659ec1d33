from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.detection.family_networks import CLASSES, FAMILY_EXPERTS, FAMILY_NETWORKS_FILE, FamilyNetworks
from aicodelint.detection.features import FEATURE_NAMES, extract
from aicodelint.detection.lexing import lex
from aicodelint.errors import BundleError

MANY = len(FEATURE_NAMES)


def tensors(name: str, hidden: int = 3, classes: int = CLASSES) -> dict[str, Any]:
    rng = np.random.default_rng(len(name))
    return {
        f"{name}.mean": rng.normal(size=MANY).astype(np.float16),
        f"{name}.scale": np.full(MANY, 2, np.float16),
        f"{name}.0.weight": rng.normal(size=(hidden, MANY)).astype(np.float16),
        f"{name}.0.bias": rng.normal(size=hidden).astype(np.float16),
        f"{name}.1.weight": rng.normal(size=(classes, hidden)).astype(np.float16),
        f"{name}.1.bias": rng.normal(size=classes).astype(np.float16),
    }


def document(**changed: Any) -> bytes:
    found = {key: value for name in FAMILY_EXPERTS for key, value in tensors(name).items()} | {
        key.replace("_", "."): value for key, value in changed.items()
    }
    return save({key: value for key, value in found.items() if value is not None})


def test_the_shipped_networks_give_a_block_an_expert() -> None:
    networks = FamilyNetworks(Bundle.open(default_path()).read(FAMILY_NETWORKS_FILE))
    found = networks.logits(extract(lex("import os\n\n\ndef size(path):\n    return os.stat(path).st_size\n", "Python")))
    assert tuple(found) == FAMILY_EXPERTS
    assert all(block.shape == (CLASSES,) and np.isfinite(block).all() for block in found.values())


def test_features_are_squashed_standardised_and_held_in_bounds() -> None:
    features = np.random.default_rng(5).normal(size=MANY).astype(np.float32) * 50
    features[0] = 1e30
    found = FamilyNetworks(document()).logits(features)
    for name, block in found.items():
        part = {key.removeprefix(f"{name}."): value.astype(np.float64) for key, value in tensors(name).items()}
        standard = np.clip((np.sign(features) * np.log1p(np.abs(features)) - part["mean"]) / part["scale"], -4, 4)
        hidden = np.maximum(part["0.weight"] @ standard + part["0.bias"], 0)
        assert block == pytest.approx(part["1.weight"] @ hidden + part["1.bias"], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({f"wild_{'9' * 5000}_weight": np.zeros(3, np.float32)}, "name makes no sense"),
        ({"wild_mean": None}, "lack 'wild.mean'"),
        ({f"snippet_{part}": None for part in ("mean", "scale", "0_weight", "0_bias", "1_weight", "1_bias")}, "lack 'snippet'"),
        ({"wild_scale": np.zeros(MANY, np.float32)}, "scale that is not above 0"),
        ({"wild_mean": np.full(MANY, np.nan, np.float32)}, "not finite"),
        ({"wild_mean": np.zeros(MANY - 1, np.float32)}, "train it again"),
        ({"wild_0_weight": np.zeros((3, MANY + 1), np.float32)}, "train it again"),
        ({"wild_1_weight": np.zeros((5, 3), np.float32), "wild_1_bias": np.zeros(5, np.float32)}, "train it again"),
        ({"wild_1_weight": np.zeros((CLASSES, 7), np.float32)}, "do not fit together"),
    ],
)
def test_networks_that_do_not_fit_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        FamilyNetworks(document(**changed))


def test_what_is_no_safetensors_is_refused() -> None:
    with pytest.raises(BundleError, match="cannot be read"):
        FamilyNetworks(b"not tensors")
