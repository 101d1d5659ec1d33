"""Learns how human code measures: ``python -m aicodelint.training.human_habits TABLE.parquet > aicodelint/detection/human_habits.json``.

Only whole files count (those of packages and repositories, not functions and contest solutions): that is what people scan.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from aicodelint.detection.body import Body
from aicodelint.detection.features import FEATURE_NAMES, extract
from aicodelint.detection.human_habits import QUANTILES
from aicodelint.detection.lexing import lex
from aicodelint.finding import Snippet
from aicodelint.rules import HUMAN

MOST_FILES = 400
FEWEST_FILES = 50
WHOLE_FILES = ("wild_file", "file")


def learn(table: Path) -> dict[str, dict[str, object]]:
    """Return the table that ``detection.human_habits`` reads: by language, quantiles of each feature over at most ``MOST_FILES`` files."""
    rows = pd.read_parquet(table, columns=["sample_id", "code", "language", "family", "quality"])
    rows = rows[(rows["family"] == HUMAN) & rows["quality"].isin(WHOLE_FILES)].sort_values("sample_id")
    learnt: dict[str, dict[str, object]] = {}
    for language, group in sorted(rows.groupby("language")):
        if len(group) < FEWEST_FILES:
            continue
        bodies = (Body.of(Snippet(code, language)) for code in group["code"].head(MOST_FILES))
        features = np.stack([extract(lex(body.text, language)) for body in bodies])
        quantiles = np.quantile(features, QUANTILES, axis=0)
        values = {name: [float(f"{value:.4g}") for value in quantiles[:, column]] for column, name in enumerate(FEATURE_NAMES)}
        learnt[language] = {"files": len(features), "values": values}
    return learnt


if __name__ == "__main__":
    json.dump(learn(Path(sys.argv[1])), sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")
