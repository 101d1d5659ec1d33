from __future__ import annotations

import re

import pandas as pd

from aicodelint.training.human_rows import NO_AI_POLICY
from aicodelint.training.model_card import EncoderRound, model_card
from aicodelint.training.splits import HELD_OUT

ROWS = pd.DataFrame(
    {
        "tool": [NO_AI_POLICY] * 200 + [""],
        "split": [HELD_OUT] * 199 + [HELD_OUT + 1, HELD_OUT],
        "cut": [False] * 201,
        "group": ["wild"] * 201,
        "ai": [False] * 200 + [True],
        "license": ["MIT"] * 201,
        "source": ["a/b"] * 201,
        "domain": ["wild"] * 201,
    }
)
REPORT = {
    "full": {"figures": {"wild AUC, older human": 0.9731, "SemEval AUC": 0.98}},
    "cheap": {"figures": {"wild AUC, older human": 0.965}},
    "gate": {"human files stopped": {"wild": 0.36, "package": 0.32}},
    "wild files": {"length": {"under 300": (72, 0.111, 0.014, 307, 0.003)}, "language": {"Scala": (0, None, None, 246, 0.0)}},
}
ROUNDS = [EncoderRound("files of repositories", 5_252_584, 4605.3), EncoderRound("snippets", 5_794_796, 3000.8)]


def card() -> str:
    return model_card(
        "mine-7", ROWS, REPORT, {"stack.json": 6211}, {"ai": 0.8822, "family": {"Phi": 0.6476, "Gemma": 1.0, "Anthropic": 0.4232}}, rounds=ROUNDS
    )


def test_every_figure_is_of_the_run() -> None:
    text = card()
    assert text.startswith("# mine-7\n")
    assert "| wild AUC, older human | 0.973 | 0.965 |" in text
    assert "| SemEval AUC | 0.980 | - |" in text
    assert "Thresholds (AI 0.8822; families Phi 0.6476, Anthropic 0.4232, the others are never named)" in text
    assert "5.3 million tokens, mostly files of repositories (77 minutes), then 5.8 million tokens, mostly snippets (50 minutes)." in text
    assert "36% of human wild files, 32% of human package files" in text
    assert f"Fold {HELD_OUT} has 199 files of projects that forbid AI" in " ".join(text.split())
    assert "| under 300 characters | 72 | 11.1% | 1.4% | 307 | 0.3% |" in text
    assert "| Scala | 0 | - | - | 246 | 0.0% |" in text


def test_nothing_is_left_to_fill_in() -> None:
    assert not re.search(r"[{}]", card())
