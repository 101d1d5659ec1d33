"""The shipped bundle asks its encoder where the answer could make or break a finding, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.detection.detector import ENCODER_INPUT, Detector
from aicodelint.finding import Snippet

PACKAGE = Path(__file__).parent.parent.parent / "aicodelint"


class Counting:
    """An encoder that counts what it is asked."""

    def __init__(self, encoder: object) -> None:
        self._encoder = encoder
        self.windows = 0

    def encode(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        self.windows += len(windows)
        return self._encoder.encode(windows)

    def close(self) -> None:
        self._encoder.close()


@pytest.fixture(scope="module")
def snippets() -> list[Snippet]:
    paths = sorted(PACKAGE.rglob("*.py"))[::6]
    return [Snippet(path.read_text(encoding="utf-8"), "Python") for path in paths]


def test_asked_or_not_the_findings_are_the_same(snippets: list[Snippet]) -> None:
    bundle = Bundle.open(default_path())
    detector = Detector(bundle)
    counting = detector._encoder = Counting(detector._encoder)
    lazy = [verdict.p_ai for verdict in detector.judge(snippets)]
    asked = counting.windows
    detector._is_settled = lambda evidence: False
    always = [verdict.p_ai for verdict in detector.judge(snippets)]
    detector.close()
    assert 0 < asked < (counting.windows - asked) / 2, "the encoder is asked of some, and spared most"
    threshold = bundle.model.thresholds.ai
    assert [p >= threshold for p in lazy] == [p >= threshold for p in always]
    assert lazy != always


def test_no_encoder_goes_beyond_what_is_allowed_for(snippets: list[Snippet]) -> None:
    detector = Detector(Bundle.open(default_path()))
    full = detector._stack.full
    for snippet in snippets[:5]:
        glance = detector._witnesses.glance(snippet.text, snippet.language)
        evidence = detector._witnesses.look(glance)
        middle, sway = full.undecided(evidence, (ENCODER_INPUT,)), full.sway(evidence, (ENCODER_INPUT,))
        for said in (-1e6, 0.0, 1e6):
            logit = full.logit(replace(evidence, logits={**evidence.logits, ENCODER_INPUT: said}))
            assert abs(logit - middle) <= sway + 1e-9
    detector.close()
