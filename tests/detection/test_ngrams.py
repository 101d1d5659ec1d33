from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aicodelint.detection.lexing import lex
from aicodelint.detection.ngrams import BUCKETS, VIEWS, NgramWitnesses, hashed_counts
from aicodelint.errors import BundleError

BY_NAME = {view.name: view for view in VIEWS}


def grams(view: str, text: str, language: str = "Python"):
    return hashed_counts(BY_NAME[view].symbols(lex(text, language)), BY_NAME[view].orders)


def test_counts_are_scaled_to_length_one_and_buckets_ascend():
    buckets, weights = grams("text", "def f(x):\n    return x\n" * 3)
    assert (np.diff(buckets) > 0).all()
    assert buckets.max() < BUCKETS
    assert np.square(weights.astype(float)).sum() == pytest.approx(1, abs=1e-5)


def test_buckets_do_not_depend_on_the_process_or_its_hash_seed():
    buckets, _ = hashed_counts(BY_NAME["words"].symbols(lex("# because it must\n", "Python")), (1,))
    assert buckets.tolist() == sorted(set(buckets.tolist()))
    again, _ = hashed_counts(BY_NAME["words"].symbols(lex("# because it must\n", "Python")), (1,))
    assert buckets.tolist() == again.tolist()


def test_the_shape_forgets_names_and_numbers():
    one, _ = grams("shape", "total = count + 17\n")
    two, _ = grams("shape", "value = items + 23\n")
    assert one.tolist() == two.tolist()


def test_words_look_at_comments_alone():
    one, _ = grams("words", "x = 1  # same words\n")
    two, _ = grams("words", "other(name)  # same words\n")
    assert one.tolist() == two.tolist()
    assert len(grams("words", "x = 1\n")[0]) == 0


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_counted(text):
    lexed = lex(text, None)
    for view in VIEWS:
        buckets, weights = hashed_counts(view.symbols(lexed), view.orders)
        assert len(buckets) == len(weights)
        assert np.isfinite(weights).all()


def test_an_empty_view_says_nothing_and_others_their_dot_product():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(BUCKETS, 2)).astype(np.float16)
    arrays = {f"{view}.{part}": values for view in ("words", "tokens") for part, values in (("ai", weights), ("ai_bias", np.ones(2, np.float32)))}
    found = NgramWitnesses(arrays).logits(lex("x = 1\n", "Python"))
    assert found["words"].ai.tolist() == [0, 0]
    buckets, values = grams("tokens", "x = 1\n")
    assert found["tokens"].ai == pytest.approx(weights[buckets].astype(float).T @ values + 1)


@pytest.mark.parametrize("name", ["ai_bias", "family_bias", "family_scale"])
def test_a_bias_or_scale_that_is_not_finite_is_refused(name):
    arrays = {
        "tokens.ai": np.zeros((BUCKETS, 1), np.float16),
        "tokens.ai_bias": np.zeros(1, np.float32),
        "tokens.family": np.zeros((BUCKETS, 2), np.int8),
        "tokens.family_bias": np.zeros(2, np.float32),
        "tokens.family_scale": np.ones(2, np.float32),
    }
    NgramWitnesses(arrays)
    with pytest.raises(BundleError, match="numbers in the n-gram models that are not finite"):
        NgramWitnesses(arrays | {f"tokens.{name}": np.full_like(arrays[f"tokens.{name}"], np.nan)})


def test_arrays_of_another_shape_are_refused():
    with pytest.raises(BundleError):
        NgramWitnesses({"tokens.ai": np.zeros((16, 1), np.float16), "tokens.ai_bias": np.zeros(1, np.float32)})
    with pytest.raises(BundleError):
        NgramWitnesses.load(b"not safetensors at all")
