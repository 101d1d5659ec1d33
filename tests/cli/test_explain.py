from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aicodelint.detection.bundle import Bundle
from aicodelint.detection.features import FEATURE_NAMES, extract
from aicodelint.detection.features_that_stand_out import standing_out
from aicodelint.detection.gate import AI_COLUMNS
from aicodelint.detection.human_habits import human_habits
from aicodelint.detection.lexing import lex
from aicodelint.finding import Snippet

HUMAN = "".join(f"def plain_{number}(value):\n    return value * {number}\n\n\n" for number in range(20))
DASHES = HUMAN.replace("return", "# It is \u2014 clearly \u2014 so.\n    return")


@pytest.fixture
def bundle(plane_bundle: Callable[..., Path]) -> Path:
    """A bundle whose log-odds rise with the share of em dashes, and with nothing else."""
    weights = np.zeros((len(FEATURE_NAMES), len(AI_COLUMNS)), dtype=np.float32)
    weights[FEATURE_NAMES.index("mark_em_dash")] = 2.0
    return plane_bundle(weights)


def test_the_habits_are_of_this_versions_features() -> None:
    habits = human_habits()
    assert {"Python", "JavaScript", "Java", "C", "Go"} <= set(habits)
    for language in habits.values():
        assert tuple(language.values) == FEATURE_NAMES
        assert all(low <= middle <= high for low, middle, high in language.values.values())
        assert language.files >= 50


def test_what_stands_out_and_by_how_much(bundle: Path) -> None:
    _, found = standing_out(Bundle.open(bundle), Snippet(DASHES, "Python"))
    column = FEATURE_NAMES.index("mark_em_dash")
    value = float(extract(lex(DASHES.rstrip("\n"), "Python"))[column])
    median = human_habits()["Python"].values["mark_em_dash"][1]
    assert (found[0].name, found[0].value) == ("mark_em_dash", value)
    assert found[0].effect == pytest.approx(2 * (value - median), abs=1e-3)
    assert all(one.effect == 0 for one in found[1:])
    assert all(not one.human_low <= one.value <= one.human_high for one in found)
    assert "mark_em_dash" not in [one.name for one in standing_out(Bundle.open(bundle), Snippet(HUMAN, "Python"))[1]]


def test_without_human_code_or_trees_to_compare_with_nothing_is_said(bundle: Path) -> None:
    assert standing_out(Bundle.open(bundle), Snippet(DASHES, "Prolog")) is None
    assert standing_out(Bundle.open(bundle), Snippet(DASHES, None)) is None


def test_text(aicodelint_command, repository: Path, bundle: Path) -> None:
    (repository / "mixed.py").write_text(HUMAN + "# delve\n" + HUMAN)
    outcome = aicodelint_command("explain", "mixed.py", "--model", str(bundle))
    lines = outcome.out.splitlines()
    assert outcome.code == 0, outcome.err
    assert lines[0] == "mixed.py: ai, P(AI) 0.97; called AI-generated from 0.9 on, human below 0.5"
    assert lines[3] == "  lines 81-90  P(AI) 0.97"
    assert lines[4].startswith("  lines 1-10  P(AI) 0.05")
    assert "human Python files show" in outcome.out


def test_json(aicodelint_command, repository: Path, bundle: Path) -> None:
    report = json.loads(aicodelint_command("explain", "ai.py", "--format", "json", "--model", str(bundle)).out)
    assert (report["path"], report["status"], report["family"]) == ("ai.py", "ai", "Qwen")
    assert report["windows"][0] == {"start_line": 1, "end_line": 10, "p_ai": 0.9731, "family": "Qwen", "family_confidence": 0.61}
    assert report["human_files"] == human_habits()["Python"].files
    assert {"name", "value", "human_low", "human_median", "human_high", "effect"} == set(report["features"][0])


def test_what_was_skipped_let_go_or_is_not_there(aicodelint_command, repository: Path, bundle: Path) -> None:
    assert aicodelint_command("explain", "notes.md", "--model", str(bundle)).out == "notes.md: skipped (not-code)\n"
    assert "enough to let the file go" in aicodelint_command("explain", "human.py", "--model", str(bundle)).out
    assert aicodelint_command("explain", "missing.py", "--model", str(bundle)).code == 2
    (repository / "sub").mkdir()
    assert aicodelint_command("explain", "sub", "--model", str(bundle)).code == 2
