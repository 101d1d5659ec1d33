from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

pytest.importorskip("sklearn")

from aicodelint.finding import Snippet, Verdict
from aicodelint.model import Model, Thresholds
from aicodelint.rules import FAMILIES, TEN_FAMILIES
from aicodelint.training.predict_table import NO_FAMILY_LABEL, judged_samples, label_families, label_ids, prediction
from aicodelint.training.tables import Sample


def test_thirteen_families_are_renormalised_over_the_ten() -> None:
    model = Model("m", "f", FAMILIES, Thresholds(0.9, 0.5, 0.5))
    families = label_families(model)
    assert families == TEN_FAMILIES
    shares = [0.0] * 13
    shares[1], shares[9], shares[10] = 0.1, 0.3, 0.6
    row = prediction("a", Verdict(0.95, tuple(shares)), families, 0.9)
    assert (row["label"], row["family"], row["OpenAI"], row["Qwen"]) == (10, "OpenAI", 0.75, 0.25)
    assert prediction("a", Verdict(0.89, tuple(shares)), families, 0.9)["label"] == 0


def test_a_text_that_the_gate_let_go_has_label_0_and_no_families() -> None:
    row = prediction("a", Verdict(0.01, None), ("x", "y"), 0.9)
    assert row == {"id": "a", "label": 0, "family": "Human", "p_ai": 0.01, "x": None, "y": None}


def test_from_the_threshold_on_a_text_that_the_gate_let_go_is_ai() -> None:
    row = prediction("a", Verdict(0.01, None), ("x", "y"), 0.01)
    assert row == {"id": "a", "label": NO_FAMILY_LABEL, "family": "AI", "p_ai": 0.01, "x": None, "y": None}
    alone = prediction("a", Verdict(0.01, None), ("Qwen",), 0.01)
    assert (alone["label"], alone["family"], alone["Qwen"]) == (2, "Qwen", None)


def test_known_families_keep_the_ids_that_train_reads() -> None:
    assert label_ids(("Qwen", "Phi", "Meta-LLaMA")) == (2, 6, 7)
    assert label_ids(("OpenAI", "Anthropic")) == (10, 11)
    assert label_ids(("Qwen", "mine")) == label_ids(("a", "b")) == label_ids(("AI", "b")) == (1, 2)
    assert label_ids(TEN_FAMILIES) == tuple(range(1, 11))
    assert prediction("a", Verdict(0.95, (0.2, 0.8)), ("Qwen", "Phi"), 0.9)["label"] == 6


def test_all_on_families_outside_the_ten_gives_each_the_same() -> None:
    row = prediction("a", Verdict(0.99, (0.0,) * 10 + (0.5, 0.5, 0.0)), TEN_FAMILIES, 0.9)
    assert row["Qwen"] == pytest.approx(0.1)


def test_a_bundle_with_families_of_its_own_keeps_them() -> None:
    assert label_families(Model("m", "f", ("a", "b"), Thresholds(0.9, 0.5, 0.5))) == ("a", "b")


class ChunkEngine:
    """Judges chunks of four; counts how far it reads ahead."""

    def __init__(self) -> None:
        self.read = self.given = self.furthest = 0

    def judge(self, snippets: Iterable[Snippet]) -> Iterator[Verdict]:
        chunk: list[Snippet] = []
        for snippet in snippets:
            self.read += 1
            self.furthest = max(self.furthest, self.read - self.given)
            chunk.append(snippet)
            if len(chunk) == 4:
                yield from self._each(chunk)
                chunk = []
        yield from self._each(chunk)

    def _each(self, chunk: list[Snippet]) -> Iterator[Verdict]:
        for snippet in chunk:
            self.given += 1
            yield Verdict(len(snippet.text) / 1000, None)


def test_rows_are_read_no_further_ahead_than_the_engine_needs() -> None:
    engine = ChunkEngine()
    samples = (Sample(str(number), "x" * number) for number in range(1, 500))
    for sample, verdict in judged_samples(samples, engine):
        assert verdict.p_ai == len(sample.code) / 1000
    assert engine.given == 499
    assert engine.furthest <= 4
