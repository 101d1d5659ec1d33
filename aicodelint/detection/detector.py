"""The detector of the default bundle: texts in, verdicts out.

Three witnesses look at a text: boosted trees over cheap features (which are the gate as well), hashed n-grams, and the encoder, which is asked
where its answer could make or break a finding at the bundle's threshold. A calibrated combination of their logits is P(AI). Every text is
judged by itself, so that batches, order and threads change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.body import Body
from aicodelint.detection.bundle import Bundle
from aicodelint.detection.family_networks import FAMILY_NETWORKS_FILE, FamilyNetworks
from aicodelint.detection.gate import GATE_FILE, Trees
from aicodelint.detection.head import Head, combine
from aicodelint.detection.ngrams import NgramWitnesses
from aicodelint.detection.open_encoder import open_encoder
from aicodelint.detection.stack import Evidence, Stack, probability
from aicodelint.detection.tokenizer import CodeTokenizer
from aicodelint.detection.windows import Window, windows_of
from aicodelint.detection.witnesses import CheapWitnesses
from aicodelint.errors import BundleError
from aicodelint.finding import Snippet, Verdict, WindowVerdict
from aicodelint.rules import FAMILIES

ENCODER_INPUT = "encoder.0"


@dataclass(frozen=True, slots=True)
class _Passed:
    """A text that the gate let through, on its way to a verdict. ``rows`` are its windows' places among all that are encoded, None if none is."""

    body: Body
    evidence: Evidence
    windows: list[Window]
    rows: slice | None
    too_little: bool


class Detector:
    """Judges texts by a bundle on ``device``. ``jobs`` threads encode; None means one a core. Not to be shared by threads."""

    def __init__(self, bundle: Bundle, jobs: int | None = None, device: str = "cpu") -> None:
        """Load the bundle; raise ``BundleError`` where a file is missing, damaged, or does not fit the others."""
        if len(bundle.model.families) != len(FAMILIES):
            raise BundleError(f"the bundle names {len(bundle.model.families)} families; its models tell {len(FAMILIES)} apart")
        self._bundle = bundle
        self._stack = Stack.load(bundle.read("stack.json"))
        self._witnesses = CheapWitnesses(
            Trees(bundle.read(GATE_FILE)), FamilyNetworks(bundle.read(FAMILY_NETWORKS_FILE)), NgramWitnesses.load(bundle.read("ngrams.safetensors"))
        )
        self._threshold = bundle.model.thresholds.ai
        self._tokenizer = CodeTokenizer.from_bytes(bundle.read("tokenizer.json"))
        self._encoder = open_encoder(bundle, device, jobs)
        self._head = Head.from_bytes(bundle.read("head.safetensors"))
        if self._head.dimension != self._encoder.dimension:
            raise BundleError(f"the heads take embeddings of width {self._head.dimension}; the encoder gives {self._encoder.dimension}")
        self._require_witnesses()
        self._beside = ThreadPoolExecutor(1, "encode-all")

    def judge(self, snippets: Sequence[Snippet]) -> list[Verdict]:
        """Return one verdict for each snippet, in order. Lines count in the snippet's own text."""
        verdicts: list[Verdict | None] = [None] * len(snippets)
        bodies = [Body.of(snippet) for snippet in snippets]
        tokens = self._tokenizer.encode([body.text for body in bodies])
        passed: dict[int, _Passed] = {}
        encoded: list[NDArray[np.int32]] = []
        for place, (body, ids) in enumerate(zip(bodies, tokens, strict=True)):
            glance = self._witnesses.glance(body.text, body.language)
            p_gate = probability(self._stack.gate.logit(glance.evidence))
            too_little = len(ids) < self._bundle.minimum_tokens
            if p_gate < self._bundle.gate_threshold or not body.text:
                verdicts[place] = Verdict(p_gate, None, (), too_little)
                continue
            windows = windows_of(ids, self._tokenizer.line_starts(ids), self._bundle.window_tokens)
            evidence = self._witnesses.look(glance)
            rows = None if self._is_settled(evidence) else slice(len(encoded), len(encoded) + len(windows))
            passed[place] = _Passed(body, evidence, windows, rows, too_little)
            encoded += [window.ids for window in windows if rows]
        # The cheap witnesses look at the windows while the encoder runs: it lets go of the interpreter's lock.
        embeddings = self._beside.submit(self._encoder.encode, encoded) if encoded else None
        parts = {place: self._look_at_windows(each) for place, each in passed.items()}
        logits = self._head.logits(embeddings.result())[0] if embeddings else None
        for place, each in passed.items():
            verdicts[place] = self._verdict(each, parts[place], None if logits is None or each.rows is None else logits[each.rows])
        return [verdict for verdict in verdicts if verdict is not None]

    def close(self) -> None:
        """Let go of the threads."""
        self._beside.shutdown()
        self._encoder.close()

    def _require_witnesses(self) -> None:
        """Raise ``BundleError`` where the combinations read a witness that the bundle does not have."""
        evidence = self._witnesses.look(self._witnesses.glance("x = 1\n", "Python"))
        try:
            for combination in (self._stack.gate, self._stack.cheap, self._stack.full):
                if combination is not None:
                    combination.undecided(evidence, (ENCODER_INPUT,))
            self._stack.families.probabilities(evidence)
        except KeyError as error:
            raise BundleError(f"the bundle's stack.json reads the witness {error}, which the bundle does not have") from None

    def _is_settled(self, evidence: Evidence) -> bool:
        """Return whether the text is a finding or none whatever the encoder says: it is then not asked, which is most of a scan's time."""
        if self._stack.full is None:
            return True
        middle, sway = self._stack.full.undecided(evidence, (ENCODER_INPUT,)), self._stack.full.sway(evidence, (ENCODER_INPUT,))
        return not probability(middle - sway) < self._threshold <= probability(middle + sway)

    def _look_at_windows(self, passed: _Passed) -> list[Evidence]:
        """Return what the cheap witnesses say of each window; of a text's only window that is what they say of the text."""
        if len(passed.windows) == 1:
            return [passed.evidence]
        lines = passed.body.text.split("\n")
        parts = ("\n".join(lines[window.start_line - 1 : window.end_line]) for window in passed.windows)
        return [self._witnesses.look(self._witnesses.glance(part, passed.body.language)) for part in parts]

    def _verdict(self, passed: _Passed, parts: list[Evidence], encoder: NDArray[np.float32] | None) -> Verdict:
        sizes = np.array([len(window.ids) for window in passed.windows])
        p_ai, families = self._conclude(passed.evidence, None if encoder is None else combine(encoder, sizes))
        if len(parts) == 1:
            conclusions: Iterable[tuple[float, tuple[float, ...]]] = [(p_ai, families)]
        else:
            conclusions = (self._conclude(part, None if encoder is None else encoder[number]) for number, part in enumerate(parts))
        windows = tuple(
            WindowVerdict(window.start_line + passed.body.dropped, window.end_line + passed.body.dropped, p, distribution)
            for window, (p, distribution) in zip(passed.windows, conclusions, strict=True)
        )
        return Verdict(p_ai, families, windows, passed.too_little)

    def _conclude(self, evidence: Evidence, encoder: NDArray[np.float32] | None) -> tuple[float, tuple[float, ...]]:
        """Return P(AI) and the families' probabilities; these sum to 1 with that of an author of no known family, which is left out."""
        stack = self._stack
        distribution = tuple(round(float(share), 4) for share in stack.families.probabilities(evidence)[:-1])
        if stack.full is None:
            return probability(stack.cheap.logit(evidence)), distribution
        if encoder is None:
            return probability(stack.full.undecided(evidence, (ENCODER_INPUT,))), distribution
        logits = {**evidence.logits, ENCODER_INPUT: float(encoder[0])}
        return probability(stack.full.logit(replace(evidence, logits=logits))), distribution
