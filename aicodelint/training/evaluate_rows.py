"""The rows that a bundle is judged by: what their labels mean, and what is kept of each once its verdict is known."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aicodelint.finding import Verdict
from aicodelint.model import Model, enough_for
from aicodelint.rules import HUMAN, TEN_FAMILIES
from aicodelint.training.labels import family_names, human_labels, is_ai_or_human
from aicodelint.training.tables import Sample

NO_FAMILY = "AI, family not given"
_ONLY_AI = frozenset({"ai", "machine", "generated", "ai-generated", "machine-generated", "llm", "synthetic"})
_YEAR = re.compile(r"(?:19|20)\d\d(?!\d)")
LENGTHS = (300, 600, 1500, 5000, 15000)
LENGTH_NAMES = ("under 300", "300 to 599", "600 to 1,499", "1,500 to 4,999", "5,000 to 14,999", "15,000 and more")


class LabelMeaning:
    """What each label of a table stands for: ``Human`` or the name of whoever wrote it."""

    def __init__(self, labels: Iterable[str], human: str | None = None) -> None:
        found = sorted(set(labels))
        people = human_labels(found, human)
        rest = [label for label in found if label not in people]
        self.binary = is_ai_or_human(people, rest) or (rest == ["1"] and human is None)
        """0 and 1 alone: human or AI, and no families."""
        authors = zip(rest, [NO_FAMILY] * len(rest) if self.binary else family_names(rest), strict=True)
        self._names = dict.fromkeys(people, HUMAN) | {label: NO_FAMILY if label.casefold() in _ONLY_AI else name for label, name in authors}

    def __getitem__(self, label: str) -> str:
        return self._names[label]


@dataclass(frozen=True)
class Judged:
    """Labels and verdicts of n rows. Every array has shape (n,); places are those in the tuples of names, -1 where there is none.

    ``score`` is P(AI) in ten-thousandths: verdicts are rounded to 4 places, so that nothing is lost. ``author`` is a place in ``authors``
    (-1: human), ``best`` and ``best_of_ten`` places in ``families`` (-1: the gate let the text go), ``year`` 0 where unknown.
    """

    score: npt.NDArray[np.int64]
    author: npt.NDArray[np.int64]
    best: npt.NDArray[np.int64]
    best_of_ten: npt.NDArray[np.int64]
    flagged: npt.NDArray[np.bool_]
    named: npt.NDArray[np.bool_]
    too_little: npt.NDArray[np.bool_]
    source: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]
    language: npt.NDArray[np.int64]
    year: npt.NDArray[np.int64]
    length: npt.NDArray[np.int64]
    authors: tuple[str, ...]
    families: tuple[str, ...]
    sources: tuple[str, ...]
    groups: tuple[str, ...]
    languages: tuple[str, ...]

    @property
    def ai(self) -> npt.NDArray[np.bool_]:
        """Which rows are AI."""
        return self.author >= 0

    def clusters(self) -> tuple[npt.NDArray[np.int64], str] | None:
        """Return which rows belong together and what they share (a source, else a group), or None where nothing tells."""
        for places, names, word in ((self.source, self.sources, "source"), (self.group, self.groups, "group")):
            if names:
                alone = np.flatnonzero(places < 0)
                found = places.copy()
                found[alone] = len(names) + np.arange(len(alone))
                return found, word
        return None


class JudgedRows:
    """Collects what is kept of each row, a few dozen bytes, whatever the size of its text."""

    def __init__(self, meaning: LabelMeaning) -> None:
        self._meaning = meaning
        self._columns = {name: array("q") for name in ("score", "author", "best", "best_of_ten", "source", "group", "language", "year", "length")} | {
            name: array("b") for name in ("flagged", "named", "too_little")
        }
        self._places: dict[str, dict[str, int]] = {name: {} for name in ("authors", "families", "sources", "groups", "languages")}

    def __len__(self) -> int:
        return len(self._columns["score"])

    def add(self, sample: Sample, language: str | None, verdict: Verdict, model: Model) -> None:
        """Keep one row: what its table says of it, and what ``model`` does."""
        best, best_of_ten, sure = self._best(verdict, model)
        flagged = not verdict.too_little and verdict.p_ai >= model.thresholds.ai
        author = self._meaning[str(sample.label)]
        row = {
            "score": round(verdict.p_ai * 10_000),
            "author": -1 if author == HUMAN else self._place("authors", author),
            "best": best,
            "best_of_ten": best_of_ten,
            "flagged": flagged,
            "named": flagged and sure,
            "too_little": verdict.too_little,
            "source": self._place("sources", sample.source),
            "group": self._place("groups", sample.group),
            "language": self._place("languages", language),
            "year": _year(sample.date),
            "length": len(sample.code),
        }
        for name, value in row.items():
            self._columns[name].append(value)

    def finish(self) -> Judged:
        """Return all rows."""
        arrays: dict[str, Any] = {
            name: np.array(column, dtype=bool if column.typecode == "b" else np.int64)  # a copy: the buffer may go on growing
            for name, column in self._columns.items()
        }
        names: dict[str, Any] = {name: tuple(places) for name, places in self._places.items()}
        return Judged(**arrays, **names)

    def _best(self, verdict: Verdict, model: Model) -> tuple[int, int, bool]:
        """Return the places of the likeliest family and of the likeliest of the ten (-1 for none), and whether the former may be named."""
        places = [self._place("families", name) for name in model.families]
        if not verdict.families:
            return -1, -1, False
        number = max(range(len(places)), key=verdict.families.__getitem__)
        ten = [place for place, name in enumerate(model.families) if name in TEN_FAMILIES]
        of_ten = max(ten, key=verdict.families.__getitem__) if ten else -1
        sure = verdict.families[number] >= enough_for(model.thresholds.family, model.families[number])
        return places[number], places[of_ten] if ten else -1, sure

    def _place(self, kind: str, name: str | None) -> int:
        return -1 if name is None else self._places[kind].setdefault(name, len(self._places[kind]))


def length_bucket(length: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the place in LENGTH_NAMES of each length in characters."""
    return np.searchsorted(LENGTHS, length, side="right").astype(np.int64)


def _year(date: str | None) -> int:
    match = _YEAR.search(date[:40]) if date else None
    return int(match[0]) if match else 0
