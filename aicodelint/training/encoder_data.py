"""Token shards and the batches drawn from them: which rows the encoder sees how often, and which lines of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file, save_file

from aicodelint.detection.licence import strip_licence
from aicodelint.detection.tokenizer import PAD, CodeTokenizer
from aicodelint.rules import FAMILIES
from aicodelint.training.splits import PACKAGES, SEMEVAL

HUMAN, UNKNOWN_AUTHOR = -1, -2
WEAK = frozenset({"body_only", "fragment", "human_signature_model_body", "ast_normalised", "base_completion_with_prompt", "skeleton_completion"})


@dataclass(frozen=True)
class Shards:
    """The tokens of many texts laid end to end: text i is ``ids[offsets[i]:offsets[i + 1]]``, its lines begin where ``starts`` is True."""

    ids: np.ndarray
    offsets: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def save(self, path: Path) -> None:
        """Write one safetensors file."""
        save_file({"ids": self.ids, "offsets": self.offsets, "starts": self.starts}, str(path))

    @classmethod
    def load(cls, path: Path) -> Shards:
        """Read what ``save`` wrote."""
        return cls(**load_file(str(path)))


def make_shards(texts: list[str], tokenizer: CodeTokenizer, batch: int = 2000) -> Shards:
    """Tokenize ``texts`` as a scan does: without licence headers and the blank lines around what is left."""
    parts: list[np.ndarray] = []
    for begin in range(0, len(texts), batch):
        parts.extend(ids.astype(np.uint16) for ids in tokenizer.encode([strip_licence(text)[0].strip("\n") for text in texts[begin : begin + batch]]))
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    ids = np.concatenate(parts)
    starts = np.zeros(len(ids), dtype=bool)
    starts[tokenizer.line_starts(ids.astype(np.int32))] = True
    return Shards(ids, offsets, starts)


def family_targets(rows: pd.DataFrame) -> np.ndarray:
    """Return the index in FAMILIES of each row's family, HUMAN or UNKNOWN_AUTHOR, shape (n,)."""
    index = {name: number for number, name in enumerate(FAMILIES)} | {"Human": HUMAN}
    return np.asarray(rows["family"].map(index).fillna(UNKNOWN_AUTHOR), dtype=np.int64)


def kinds(rows: pd.DataFrame) -> np.ndarray:
    """Return what each row is for sampling: ``wild ai``, ``wild <tool of the human row>``, ``semeval``, ``library``, ``human`` or ``benchmark``."""
    human = (rows["family"] == "Human").to_numpy()
    wild = (rows["group"] == "wild").to_numpy()
    tool = "wild " + rows["tool"].fillna("").replace("", "old").to_numpy().astype(object)
    kind = np.where(human, "human", "benchmark").astype(object)
    kind[rows["group"].isin(PACKAGES)] = "library"
    kind[rows["source"] == SEMEVAL] = "semeval"
    return np.where(wild, np.where(human, tool, "wild ai"), kind)


SHARES = {
    # Half of a batch is wild code or more; modern human files, the rarest, are drawn most often for their number.
    "wild": {
        "wild ai": 0.31,
        "wild no-ai-policy": 0.14,
        "wild before-september-2022": 0.08,
        "wild old": 0.07,
        "wild before-agents": 0.02,
        "semeval": 0.10,
        "library": 0.11,
        "human": 0.04,
        "benchmark": 0.13,
    },
    # For a second round: what the combination asks the encoder about.
    "snippets": {
        "wild ai": 0.06,
        "wild no-ai-policy": 0.04,
        "wild before-september-2022": 0.02,
        "wild old": 0.02,
        "wild before-agents": 0.01,
        "semeval": 0.55,
        "library": 0.10,
        "human": 0.05,
        "benchmark": 0.15,
    },
}
"""How much of a batch each kind of row is, by what the encoder is to learn."""


def sampling_weights(rows: pd.DataFrame, aim: str = "wild", rounds: int = 6) -> np.ndarray:
    """Return the probability of drawing each row, shape (n,), summing to 1.

    Kinds have the shares of ``SHARES[aim]``; within wild and within the rest, both labels are equally frequent in each language that has them;
    within a kind, a repository counts by the square root of its rows.
    """
    kind = pd.Series(kinds(rows), index=rows.index)
    human = rows["family"] == "Human"
    size = rows.groupby([kind, rows["source"]])["code"].transform("size")
    weak = rows["quality"].isin(WEAK)
    weight = (1 / np.sqrt(size)) * np.where(weak, 0.5, 1.0)
    wild = rows["group"] == "wild"
    for _ in range(rounds):
        both = weight.groupby([wild, rows["language"]]).transform("sum")
        mine = weight.groupby([wild, rows["language"], human]).transform("sum")
        weight = weight * np.clip(0.5 * both / mine, 1 / 3, 3)
        share = kind.map(SHARES[aim]).astype(float)
        weight = weight / weight.groupby(kind).transform("sum") * share
    # No row may stand for more than 1/400 of a label: few rows of a rare language would be learnt by heart.
    weight = np.minimum(weight, 1 / 800)
    return np.asarray(weight / weight.sum(), dtype=np.float64)


class WindowSampler:
    """Draws random runs of whole lines from rows. The state is the generator's: saved and restored, it draws on as if never stopped."""

    def __init__(self, shards: Shards, weights: np.ndarray, seed: int) -> None:
        self._shards = shards
        self._cumulative = np.cumsum(weights)
        self.generator = np.random.default_rng(seed)

    def batch(self, windows: int, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Return ids padded with PAD, shape (windows, longest), longest <= length, and the row of each window, shape (windows,)."""
        rows = np.searchsorted(self._cumulative, self.generator.random(windows) * self._cumulative[-1]).clip(max=len(self._shards) - 1)
        drawn = [self._window(row, length) for row in rows]
        ids = np.full((windows, max(len(window) for window in drawn)), PAD, dtype=np.int64)
        for number, window in enumerate(drawn):
            ids[number, : len(window)] = window
        return ids, rows

    def _window(self, row: int, length: int) -> np.ndarray:
        """Return a run of at most ``length`` tokens: from a line start, half of the time a definition's, to a line end."""
        begin, end = self._shards.offsets[row], self._shards.offsets[row + 1]
        if self.generator.random() < 0.3:
            length = int(self.generator.integers(min(32, length), length + 1))
        if end - begin <= length:
            return self._shards.ids[begin:end]
        lines = np.flatnonzero(self._shards.starts[begin:end])
        first = lines[self._first_line(lines, end - begin, length)]
        stop = lines[np.searchsorted(lines, first + length, side="right") - 1] if first + length < end - begin else end - begin
        if stop <= first:
            stop = first + length
        return self._shards.ids[begin + first : begin + min(stop, first + length)]

    def _first_line(self, lines: np.ndarray, tokens: int, length: int) -> int:
        last = max(1, int(np.searchsorted(lines, tokens - length // 2)))
        draw = self.generator.random()
        if draw < 0.15:
            return 0
        if draw < 0.6:
            blank = np.flatnonzero(np.diff(lines) == 1)  # a line of one token is an empty line
            blank = blank[blank + 1 < last]
            if len(blank):
                return int(blank[self.generator.integers(len(blank))]) + 1
        return int(self.generator.integers(last))
