"""Fits how the witnesses are combined, on logits that no witness had trained for: ``stack.json`` and out-of-fold probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aicodelint.detection.stack import KIND_INPUT, design, family_evidence, log_softmax
from aicodelint.rules import FAMILIES
from aicodelint.training.dataset import row_weights

SHARES = {"wild": 1.0, "labelled": 2.0, "package": 1.2, "semeval": 0.4, "benchmark": 0.4}
AI_SHARE = {"wild": 0.4, "labelled": 0.4, "package": 1.0, "semeval": 3.0, "benchmark": 3.0}
"""How much AI rows count against human rows in each domain. In the wild most code is human; at equal shares one threshold over all
kinds of code would be spent on the wild alone. Labelled packages are small and many, as most of what is scanned: their share is of the wild."""
STRENGTH = 0.05
ENCODER_WEIGHT = 0.75
"""In logits of P(AI) of a snippet for a standard deviation of the encoder's logit."""
FAMILY_WEIGHT = 0.4
PRIOR_TAKEN_BACK = 0.35
"""The power of a family's frequency in the data that its probability is divided by."""
KNOWN_TAKEN_BACK = 0.5
FEWEST_REPOSITORIES = 10
"""The same for a family of the wild that so many repositories speak for. Of fewer, a detector knows the repositories rather than the family."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Out-of-fold logits by witness, each (n,), family logits by witness, each (n, families + 1), and ``nature`` (n, 3) as ``design`` wants it."""

    logits: Mapping[str, NDArray[np.float64]]
    families: Mapping[str, NDArray[np.float64]]
    nature: NDArray[np.float64]

    def take(self, chosen: NDArray[np.bool_]) -> Scores:
        """Return the scores of some rows."""
        logits = {name: values[chosen] for name, values in self.logits.items()}
        return Scores(logits, {name: values[chosen] for name, values in self.families.items()}, self.nature[chosen])


def stack_weights(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the weight of each row when the combinations are fitted and calibrated."""
    share = np.array([AI_SHARE[domain] for domain in rows["domain"]])
    return row_weights(rows, SHARES) * np.where(rows["ai"], share, 1.0)


def fit_combination(rows: pd.DataFrame, scores: Scores, wild: Sequence[str], snippet: Sequence[str]) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Return a combination of ``stack.json``, and the logits that combinations fitted on the other folds give each row.

    The kind of a text mixes two: of files of the wild the witnesses ``wild`` count alike, since weights fitted to the few repositories there
    are came out worse on those left out; of snippets the witnesses ``snippet`` have fitted weights, and the length counts too.
    """
    inputs = list(dict.fromkeys([*wild, *snippet]))
    logits = np.column_stack([scores.logits[name] for name in inputs])
    mean, scale = _mean_and_scale(logits[(rows["domain"] == "wild").to_numpy()])
    in_wild, in_snippet = (np.array([name in names for name in inputs]) for names in (wild, snippet))
    # Of the columns that the runtime weighs, only these are used: each logit alone and times the kind, length, kind, kind times length.
    columns = design(logits, scores.nature, mean, scale)
    many = len(inputs)
    alone, by_kind = columns[:, :many], columns[:, 3 * many : 4 * many]
    length, _, _, kind, kind_length = columns[:, 4 * many :].T
    own = np.column_stack([by_kind[:, in_wild].mean(axis=1), kind, (alone - by_kind)[:, in_snippet], length - kind_length])
    labels, weights, split = rows["ai"].to_numpy(), stack_weights(rows), rows["split"].to_numpy()
    held_out = np.zeros(len(rows))
    for fold in np.unique(split):
        mine = split == fold
        fitted, intercept = _fit(own[~mine], labels[~mine], weights[~mine])
        held_out[mine] = own[mine] @ fitted + intercept
    (together, offset, *each, by_length), intercept = _fit(own, labels, weights)
    fitted_alone, fitted_by_kind, nothing = np.zeros(many), np.zeros(many), np.zeros(2 * many)
    fitted_alone[in_snippet], fitted_by_kind[in_snippet] = each, -np.array(each)
    fitted_by_kind[in_wild] += together / in_wild.sum()
    coefficients = np.concatenate([fitted_alone, nothing, fitted_by_kind, [by_length, 0, 0, offset, -by_length]])
    entry = {"inputs": inputs, "mean": mean.tolist(), "scale": scale.tolist(), "coefficients": coefficients.tolist(), "intercept": intercept}
    return entry, held_out


def add_encoder(
    rows: pd.DataFrame, scores: Scores, cheap: Mapping[str, Any], cheap_logits: NDArray[np.float64], name: str
) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Return the cheap combination with an encoder's logit added, and the logits it gives ``rows``, which the encoder has not seen.

    It counts as far as a text is a snippet: on files of the wild that were left out, every weight above 0 made an encoder without
    pre-training a worse witness than none. The weight is fixed, the rows of one fold being too few to fit it.
    """
    logits = scores.logits[name][:, None]
    mean, scale = _mean_and_scale(logits[(rows["domain"] != "wild").to_numpy()])
    added = np.array([ENCODER_WEIGHT, 0.0, 0.0, -ENCODER_WEIGHT])
    first, old = np.array(cheap["coefficients"]), len(cheap["inputs"])
    blocks = [np.append(first[block * old : (block + 1) * old], weight) for block, weight in enumerate(added)]
    return {
        "inputs": [*cheap["inputs"], name],
        "mean": [*cheap["mean"], *mean.tolist()],
        "scale": [*cheap["scale"], *scale.tolist()],
        "coefficients": np.concatenate([*blocks, first[4 * old :]]).tolist(),
        "intercept": cheap["intercept"],
    }, cheap_logits + design(logits, scores.nature, mean, scale)[:, :4] @ added


def fit_families(rows: pd.DataFrame, scores: Scores, witnesses: Mapping[str, Sequence[str]]) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Return the family part of ``stack.json`` and each row's probabilities (n, families + 1), mixed by kind.

    ``witnesses`` names for ``wild`` and ``snippet`` whose family logits are summed. They count alike: weights fitted to the few repositories
    there are came out worse on those left out. The bias takes back a part of how common each family is in these data, since nobody's
    repository shares their mixture.
    """
    wild = (rows["domain"] == "wild").to_numpy()
    whole = (rows["ai"] & ~rows["cut"]).to_numpy()
    kind = 1 / (1 + np.exp(-np.clip(scores.nature[:, 2:], -40, 40)))
    entry: dict[str, Any] = {}
    mixed = np.zeros((len(rows), len(FAMILIES) + 1))
    for name, share, chosen in (("wild", kind, whole & wild), ("snippet", 1 - kind, whole & (rows["domain"] == "semeval").to_numpy())):
        summed = sum(FAMILY_WEIGHT * family_evidence(scores.families[each], len(FAMILIES) + 1) for each in witnesses[name])
        common = np.nanmean(np.exp(log_softmax(np.asarray(summed)[chosen])), axis=0)
        bias = -(_taken_back(rows[chosen]) if name == "wild" else PRIOR_TAKEN_BACK) * np.log(common + 1e-4)
        entry[name] = {"weights": dict.fromkeys(witnesses[name], FAMILY_WEIGHT), "bias": bias.tolist()}
        mixed += share * np.exp(log_softmax(summed + bias))
    return entry, mixed


def _taken_back(wild: pd.DataFrame) -> NDArray[np.float64]:
    """Return for each family, and for the others last, the power of its frequency that is taken back, given the AI files of the wild."""
    repositories = wild.groupby("family")["source"].nunique()
    enough = [repositories.get(family, 0) >= FEWEST_REPOSITORIES for family in FAMILIES]
    return np.where([*enough, False], KNOWN_TAKEN_BACK, PRIOR_TAKEN_BACK)


def _fit(columns: NDArray[np.float64], labels: NDArray[np.bool_], weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    from sklearn.linear_model import LogisticRegression

    chosen = weights > 0
    model = LogisticRegression(C=STRENGTH, max_iter=3000).fit(columns[chosen], labels[chosen], sample_weight=weights[chosen] / weights[chosen].mean())
    return model.coef_[0], float(model.intercept_[0])


def _mean_and_scale(logits: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return logits.mean(axis=0), logits.std(axis=0) + 1e-9


def nature_of(rows: pd.DataFrame, comment_share: NDArray[np.float64], logits: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the ``nature`` columns of rows: characters, share of comments, and the kind's logit."""
    return np.column_stack([rows["characters"].to_numpy(dtype=np.float64), comment_share, logits[KIND_INPUT]])
