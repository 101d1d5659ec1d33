from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save

from aicodelint.detection.mlp_head import read_heads
from aicodelint.errors import BundleError


def _tensors(*shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    tensors = {}
    for number, shape in enumerate(shapes):
        tensors[f"family.{number}.weight"] = random.standard_normal(shape).astype(np.float32)
        tensors[f"family.{number}.bias"] = random.standard_normal(shape[0]).astype(np.float32)
    return tensors


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_it_gives_what_torch_gives(depth: int, layer_norm: bool) -> None:
    torch = pytest.importorskip("torch")
    from aicodelint.training.heads import HeadShape, build_head

    torch.manual_seed(depth)
    head = build_head(24, 5, HeadShape(width=16, depth=depth, layer_norm=layer_norm)).eval()
    for parameter in head.parameters():
        parameter.data.add_(torch.rand_like(parameter))
    document = save({f"ai.{name}": tensor.numpy() for name, tensor in head.state_dict().items()})
    found = read_heads(document, ("ai", "family"))
    assert set(found) == {"ai"}
    assert (found["ai"].dimension, found["ai"].classes) == (24, 5)
    rows = np.random.default_rng(1).standard_normal((7, 24)).astype(np.float32)
    with torch.inference_mode():
        np.testing.assert_allclose(found["ai"].logits(rows), head(torch.from_numpy(rows)).numpy(), rtol=1e-4, atol=1e-4)


def test_a_row_gives_the_same_bits_alone_and_among_others() -> None:
    head = read_heads(save(_tensors((16, 24), (3, 16))), ("family",))["family"]
    rows = np.random.default_rng(1).standard_normal((50, 24)).astype(np.float32)
    alone = np.concatenate([head.logits(row[None]) for row in rows])
    np.testing.assert_array_equal(head.logits(rows), alone)


@pytest.mark.parametrize("shapes", [((16, 24), (3, 15)), ((24,), (3, 24)), ((16, 24), (16,)), ((2, 3, 4), (3, 4))])
def test_layers_that_do_not_fit_are_refused(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(BundleError, match="the head cannot be read"):
        read_heads(save(_tensors(*shapes)), ("family",))


@pytest.mark.parametrize("name", ["family.0.weight", "family.1.bias"])
def test_a_weight_that_is_not_finite_is_refused(name: str) -> None:
    tensors = _tensors((16, 24), (3, 16))
    tensors[name].flat[-1] = np.nan
    with pytest.raises(BundleError, match="numbers in the head that are not finite"):
        read_heads(save(tensors), ("family",))


def test_damaged_and_incomplete_documents_are_refused() -> None:
    document = save(_tensors((16, 24), (3, 16)))
    with pytest.raises(BundleError, match="the head cannot be read"):
        read_heads(document[:-3], ("family",))
    tensors = _tensors((16, 24), (3, 16))
    del tensors["family.1.bias"]
    with pytest.raises(BundleError, match="it lacks"):
        read_heads(save(tensors), ("family",))
