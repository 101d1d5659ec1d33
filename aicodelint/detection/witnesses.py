"""The cheap witnesses together: one lexing of a text, its features in the trees, its n-grams in the linear models."""

from __future__ import annotations

from aicodelint.detection.features import FEATURE_NAMES, extract
from aicodelint.detection.gate import Trees
from aicodelint.detection.lexing import Lexed, lex
from aicodelint.detection.ngrams import NgramWitnesses
from aicodelint.detection.stack import Evidence

_COMMENT_SHARE = FEATURE_NAMES.index("comment_share")


class CheapWitnesses:
    """Everything that looks at a text without an encoder. Each text is judged by itself, so that batches and order change nothing."""

    def __init__(self, trees: Trees, ngrams: NgramWitnesses) -> None:
        self._trees = trees
        self._ngrams = ngrams

    def glance(self, text: str, language: str | None) -> tuple[Evidence, Lexed]:
        """Return what the trees alone say of a text without its licence header, and the text taken apart."""
        lexed = lex(text, language)
        features = extract(lexed)
        found = self._trees.logits(features)
        logits = {f"trees.{name}": logit for name, logit in found.ai.items()}
        families = {f"trees.{name}": block for name, block in found.families.items()}
        return Evidence(logits, families, len(lexed.text), float(features[_COMMENT_SHARE])), lexed

    def look(self, glance: Evidence, lexed: Lexed) -> Evidence:
        """Return the evidence of every cheap witness, given what ``glance`` found."""
        logits = dict(glance.logits)
        families = dict(glance.families)
        for view, found in self._ngrams.logits(lexed).items():
            logits.update((f"{view}.{column}", float(logit)) for column, logit in enumerate(found.ai))
            if found.families is not None:
                families[view] = found.families
        return Evidence(logits, families, glance.characters, glance.comment_share)
