"""Which cheap features of a text make the gate's trees suspicious, measured against human code of the same language."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.body import Body
from aicodelint.detection.bundle import Bundle
from aicodelint.detection.features import FEATURE_NAMES, extract
from aicodelint.detection.gate import GATE_FILE, KIND, Trees
from aicodelint.detection.human_habits import Habits, human_habits
from aicodelint.detection.lexing import lex
from aicodelint.detection.open_detector import HEAD
from aicodelint.finding import Snippet


@dataclass(frozen=True, slots=True)
class StandingOut:
    """A feature outside of what 90 % of human files of the language show. ``effect``: by how much the gate's log-odds of AI fall when it is put
    at the human median, all else equal; negative where it speaks for a person.
    """

    name: str
    value: float
    human_low: float
    human_median: float
    human_high: float
    effect: float


def standing_out(bundle: Bundle, snippet: Snippet) -> tuple[Habits, list[StandingOut]] | None:
    """Return the human habits of the snippet's language and what stands out against them, the greatest effect first.

    None where the bundle has no trees over these features, or there is too little human code of that language to compare with.
    """
    habits = human_habits().get(snippet.language or "")
    if habits is None or GATE_FILE not in bundle.files or bundle.manifest.get("kind") == HEAD:
        return None
    trees = Trees(bundle.read(GATE_FILE))
    body = Body.of(snippet)
    features = extract(lex(body.text, body.language))
    whole = _log_odds(trees, features)
    found = []
    for column, name in enumerate(FEATURE_NAMES):
        low, median, high = habits.values.get(name, (float("-inf"), 0.0, float("inf")))
        value = float(features[column])
        if low <= value <= high:
            continue
        changed = features.copy()
        changed[column] = median
        effect = round(whole - _log_odds(trees, changed), 4)
        found.append(StandingOut(name, value, low, median, high, effect))
    return habits, sorted(found, key=lambda one: (-abs(one.effect), one.name))


def _log_odds(trees: Trees, features: NDArray[np.float32]) -> float:
    """The mean of what the trees' experts say of AI."""
    said = [logit for name, logit in trees.logits(features).items() if name != KIND]
    return sum(said) / len(said)
