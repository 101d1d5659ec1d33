"""The cheap witnesses together: one lexing of a text, its features in the trees, its n-grams in the linear models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.family_networks import FamilyNetworks
from aicodelint.detection.features import FEATURE_NAMES, extract
from aicodelint.detection.gate import Trees
from aicodelint.detection.lexing import Lexed, lex
from aicodelint.detection.ngrams import NgramWitnesses
from aicodelint.detection.stack import Evidence

_COMMENT_SHARE = FEATURE_NAMES.index("comment_share")


@dataclass(frozen=True, slots=True)
class Glance:
    """What a first look at a text leaves: the gate's ``evidence``, the text taken apart, and its features, shape (f,)."""

    evidence: Evidence
    lexed: Lexed
    features: NDArray[np.float32]


class CheapWitnesses:
    """Everything that looks at a text without an encoder. Each text is judged by itself, so that batches and order change nothing."""

    def __init__(self, trees: Trees, family_networks: FamilyNetworks, ngrams: NgramWitnesses) -> None:
        self._trees = trees
        self._family_networks = family_networks
        self._ngrams = ngrams

    def glance(self, text: str, language: str | None) -> Glance:
        """Return what the gate sees of a text without its licence header."""
        lexed = lex(text, language)
        features = extract(lexed)
        logits = {f"trees.{name}": logit for name, logit in self._trees.logits(features).items()}
        return Glance(Evidence(logits, {}, len(lexed.text), float(features[_COMMENT_SHARE])), lexed, features)

    def look(self, glance: Glance) -> Evidence:
        """Return the evidence of every cheap witness, given what ``glance`` found."""
        logits = dict(glance.evidence.logits)
        families = {f"network.{name}": block for name, block in self._family_networks.logits(glance.features).items()}
        for view, found in self._ngrams.logits(glance.lexed).items():
            logits.update((f"{view}.{column}", float(logit)) for column, logit in enumerate(found.ai))
            if found.families is not None:
                families[view] = found.families
        return Evidence(logits, families, glance.evidence.characters, glance.evidence.comment_share)
