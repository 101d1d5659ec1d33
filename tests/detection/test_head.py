import numpy as np
import pytest
from safetensors.numpy import save

from aicodelint.detection.head import Head, combine
from aicodelint.errors import BundleError

WIDTH = 32


def tensors() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    shapes = {"ai.weight": (3, WIDTH), "ai.bias": (3,), "family.weight": (13, WIDTH), "family.bias": (13,)}
    return {name: generator.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def test_logits_are_a_linear_map_of_each_row_whatever_the_batch() -> None:
    found = tensors()
    head = Head.from_bytes(save(found))
    rows = np.random.default_rng(1).standard_normal((70, WIDTH)).astype(np.float32)
    ai, family = head.logits(rows)
    assert np.allclose(ai, rows @ found["ai.weight"].T + found["ai.bias"], atol=1e-5)
    assert np.allclose(family, rows @ found["family.weight"].T + found["family.bias"], atol=1e-5)
    for number in range(len(rows)):
        assert np.array_equal(head.logits(rows[number : number + 1])[0][0], ai[number])
    assert head.dimension == WIDTH


def test_heads_that_do_not_fit_are_a_bundle_error() -> None:
    for name, value in (("ai.weight", np.zeros((2, WIDTH), np.float32)), ("family.bias", np.zeros(5, np.float32))):
        with pytest.raises(BundleError, match="fit together"):
            Head.from_bytes(save(tensors() | {name: value}))
    with pytest.raises(BundleError, match="cannot be read"):
        Head.from_bytes(save({"ai.weight": np.zeros((3, WIDTH), np.float32)}))
    with pytest.raises(BundleError, match="cannot be read"):
        Head.from_bytes(b"nothing")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["ai.weight", "ai.bias", "family.weight", "family.bias"])
def test_a_weight_that_is_not_finite_is_refused(name: str, value: float) -> None:
    found = tensors()
    found[name].flat[-1] = value
    with pytest.raises(BundleError, match="not finite"):
        Head.from_bytes(save(found))


def test_windows_count_by_their_tokens() -> None:
    values = np.array([[1.0, 0.0], [4.0, 3.0]], dtype=np.float32)
    assert np.allclose(combine(values, np.array([300, 100])), [1.75, 0.75])
    assert np.array_equal(combine(values[:1], np.array([7])), values[0])
