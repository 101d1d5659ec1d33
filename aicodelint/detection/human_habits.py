"""How human code of each language measures on the cheap features: quantiles that travel with the package, learnt by ``training.human_habits``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

FILE = "human_habits.json"
QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Habits:
    """Of one language: how many human files were measured, and the three quantiles of each feature by its name."""

    files: int
    values: Mapping[str, tuple[float, float, float]]


@cache
def human_habits() -> Mapping[str, Habits]:
    """Return the habits by language; a language that is not in it has too little human code in the training data."""
    table = json.loads(files("aicodelint.detection").joinpath(FILE).read_text(encoding="utf-8"))
    return {
        language: Habits(entry["files"], {name: (low, middle, high) for name, (low, middle, high) in entry["values"].items()})
        for language, entry in table.items()
    }
