"""The detector of a bundle that a user trained (``"kind": "head"``): heads on the embeddings of an encoder, and trees on cheap features.

P(AI) is a logistic function of the trees' logit and the AI head's; the families are a softmax of the family head's logits over a temperature.
Where the user's rows held no human code, P(AI) is what the default bundle says, and the family head alone is the user's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.binary_trees import BinaryTrees
from aicodelint.detection.body import Body
from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.detection.detector import Detector
from aicodelint.detection.features import extract
from aicodelint.detection.head import combine
from aicodelint.detection.lexing import lex
from aicodelint.detection.mlp_head import MlpHead, read_heads
from aicodelint.detection.open_encoder import Encoder, open_encoder
from aicodelint.detection.stack import probability
from aicodelint.detection.tokenizer import CodeTokenizer
from aicodelint.detection.windows import Window, windows_of
from aicodelint.errors import BundleError, EngineError
from aicodelint.finding import Snippet, Verdict, WindowVerdict

HEAD_FILE, TREES, ENCODER, TOKENIZER = "head.safetensors", "gate.onnx", "encoder.onnx", "tokenizer.json"
LEAST_TEMPERATURE = 1e-6
"""Logits divided by less would overflow."""
Distribution = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Blend:
    """P(AI) = sigmoid(bias + trees · logit of the trees + head · logit of the AI head)."""

    bias: float
    trees: float
    head: float

    @classmethod
    def of(cls, entry: Any) -> Blend:
        """Read the three numbers of a manifest's ``blend``; raise ``BundleError`` where they are none."""
        try:
            found = cls(*(float(entry[name]) for name in ("bias", "trees", "head")))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BundleError(f"the bundle's blend cannot be read: {error}") from None
        if not all(map(math.isfinite, (found.bias, found.trees, found.head))):
            raise BundleError("the bundle's blend holds a number that is not finite")
        return found

    def p_ai(self, trees: float, head: NDArray[np.float32]) -> float:
        """Return P(AI) for the logit of the trees and the two logits of the head, rounded to 4 places."""
        return probability(self.bias + self.trees * trees + self.head * (float(head[1]) - float(head[0])))


class AiSide:
    """What a bundle of its own says of AI or human: trees that are the gate as well, and a head."""

    def __init__(self, bundle: Bundle, head: MlpHead) -> None:
        """Load the trees and the blend; raise ``BundleError`` where they cannot be used."""
        self._threshold = bundle.gate_threshold
        self._trees = BinaryTrees(bundle.read(TREES))
        self._head = head
        self._blend = Blend.of(bundle.manifest.get("blend"))

    def tree_logit(self, body: Body) -> float:
        """Return the logit of P(AI) by the cheap features alone."""
        return self._trees.logit(extract(lex(body.text, body.language)))

    def lets_go(self, logit: float) -> bool:
        """Return whether the gate is sure that the text is human."""
        return probability(logit) < self._threshold

    def p_ai(self, logit: float, embeddings: NDArray[np.float32], sizes: NDArray[np.int64]) -> tuple[float, list[float]]:
        """Return P(AI) of a text and of each of its windows."""
        logits = self._head.logits(embeddings)
        return self._blend.p_ai(logit, combine(logits, sizes)), [self._blend.p_ai(logit, row) for row in logits]


class HeadDetector:
    """Judges texts by a user's own bundle. Each text is judged on its own: what else is scanned changes nothing."""

    def __init__(self, bundle: Bundle, device: str = "cpu", jobs: int | None = None) -> None:
        """Load the bundle; raise ``BundleError`` where a file is missing or damaged, ``EngineError`` where its encoder cannot run here."""
        self._bundle = bundle
        heads = read_heads(bundle.read(HEAD_FILE), ("ai", "family"))
        families = len(bundle.model.families)
        self._family = _checked(heads.get("family"), families, "family") if families > 1 else None
        self._temperature = _temperature(bundle.manifest.get("family_temperature", 1.0))
        self._encoder, self._tokenizer, self._longest = _open_encoder(bundle, device, jobs)
        self._ai = AiSide(bundle, _checked(heads.get("ai"), 2, "AI")) if "ai_from" not in bundle.manifest else None
        self._default = None if self._ai else _default_detector(bundle, jobs, device)
        for head in heads.values():
            if head.dimension != self._encoder.dimension:
                raise BundleError(f"the heads take embeddings of width {head.dimension}; the encoder gives {self._encoder.dimension}")

    def judge(self, snippets: Sequence[Snippet]) -> list[Verdict]:
        """Return one verdict for each snippet, in order. Lines count in the snippet's own text."""
        bodies = [Body.of(snippet) for snippet in snippets]
        tokens = self._tokenizer.encode([body.text for body in bodies])
        given: dict[int, Verdict] = {}
        logits: dict[int, float] = {}
        if self._ai is not None:
            logits = self._through_the_gate(self._ai, bodies, tokens, given)
        elif self._default is not None:
            given = dict(enumerate(self._default.judge(snippets)))
            logits = {place: 0.0 for place, verdict in given.items() if verdict.families is not None}
        windows = {place: windows_of(tokens[place], self._tokenizer.line_starts(tokens[place]), self._longest) for place in logits}
        flat = [window.ids for found in windows.values() for window in found]
        embeddings = self._encoder.encode(flat) if flat else np.zeros((0, self._encoder.dimension), np.float32)
        start = 0
        for place, found in windows.items():
            own = embeddings[start : start + len(found)]
            start += len(found)
            little = len(tokens[place]) < self._bundle.minimum_tokens
            own_verdict = self._verdict(bodies[place], found, own, logits[place], little)
            given[place] = _with_families(given[place], own_verdict) if place in given else own_verdict
        return [given[place] for place in range(len(snippets))]

    def close(self) -> None:
        """Let go of threads."""
        if self._default is not None:
            self._default.close()
        self._encoder.close()

    def _through_the_gate(self, ai: AiSide, bodies: list[Body], tokens: list[NDArray[np.int32]], given: dict[int, Verdict]) -> dict[int, float]:
        """Return the trees' logit of each text that passes; what the gate lets go is put into ``given``."""
        logits = {}
        for place, body in enumerate(bodies):
            logit = ai.tree_logit(body)
            if not body.text or ai.lets_go(logit):
                given[place] = Verdict(probability(logit), None, (), len(tokens[place]) < self._bundle.minimum_tokens)
            else:
                logits[place] = logit
        return logits

    def _verdict(self, body: Body, windows: list[Window], embeddings: NDArray[np.float32], trees: float, little: bool) -> Verdict:
        sizes = np.array([len(window.ids) for window in windows])
        p_ai, p_windows = self._ai.p_ai(trees, embeddings, sizes) if self._ai else (0.0, [0.0] * len(windows))
        whole, each = self._families(embeddings, sizes)
        found = tuple(
            WindowVerdict(window.start_line + body.dropped, window.end_line + body.dropped, p, families)
            for window, p, families in zip(windows, p_windows, each, strict=True)
        )
        return Verdict(p_ai, whole, found, little)

    def _families(self, embeddings: NDArray[np.float32], sizes: NDArray[np.int64]) -> tuple[Distribution, list[Distribution]]:
        if self._family is None:
            return (1.0,), [(1.0,)] * len(sizes)
        logits = self._family.logits(embeddings)
        return self._distribution(combine(logits, sizes)), [self._distribution(row) for row in logits]

    def _distribution(self, logits: NDArray[np.float32]) -> Distribution:
        scaled = logits.astype(np.float64) / self._temperature
        exponents = np.exp(scaled - scaled.max())
        return tuple(float(value) for value in np.round(exponents / exponents.sum(), 4))


def _with_families(default: Verdict, own: Verdict) -> Verdict:
    """Return what the default bundle says of AI or human with the families of the user's; a window takes those of the window it shares most with."""
    windows = []
    for window in default.windows:
        nearest = max(own.windows, key=lambda other, mine=window: _shared_lines(mine, other))  # type: ignore[misc]
        windows.append(WindowVerdict(window.start_line, window.end_line, window.p_ai, nearest.families))
    return Verdict(default.p_ai, own.families, tuple(windows), default.too_little)


def _shared_lines(one: WindowVerdict, other: WindowVerdict) -> int:
    return min(one.end_line, other.end_line) - max(one.start_line, other.start_line)


def _checked(head: MlpHead | None, classes: int, name: str) -> MlpHead:
    if head is None or head.classes != classes:
        raise BundleError(f"the bundle needs a head of {classes} {name} classes; it has {'none' if head is None else head.classes}")
    return head


def _temperature(entry: Any) -> float:
    """Read a manifest's ``family_temperature``; raise ``BundleError`` where logits cannot be divided by it."""
    try:
        found = float(entry)
    except (TypeError, ValueError, OverflowError) as error:
        raise BundleError(f"the bundle's family_temperature cannot be read: {error}") from None
    if not LEAST_TEMPERATURE <= found < math.inf:
        raise BundleError(f"the bundle's family_temperature is {found}; it needs to be finite and at least {LEAST_TEMPERATURE}")
    return found


def _default_detector(bundle: Bundle, jobs: int | None, device: str) -> Detector:
    default = Bundle.open(default_path())
    if bundle.manifest["ai_from"] != default.model.fingerprint:
        raise BundleError(f"{bundle.path} was trained without human code beside another default bundle than this version's; train it again")
    return Detector(default, jobs, device)


def _open_encoder(bundle: Bundle, device: str, jobs: int | None) -> tuple[Encoder, CodeTokenizer, int]:
    """Return the encoder, its tokenizer and the longest window; a bundle without an encoder of its own names one that runs on torch."""
    if ENCODER in bundle.files:
        return open_encoder(bundle, device, jobs), CodeTokenizer.from_bytes(bundle.read(TOKENIZER)), bundle.window_tokens
    named = bundle.manifest.get("encoder")
    if not isinstance(named, dict):
        raise BundleError(f"the bundle {bundle.path} neither holds an encoder nor names one")
    try:
        from aicodelint.detection.encoder_torch import TorchEncoder, encoder_fingerprint
        from aicodelint.detection.hub_torch import place_of_manifest
    except ImportError:
        raise EngineError(
            "this bundle names an encoder that needs torch: pip install 'aicodelint[gpu]', "
            "or make a bundle for CPUs of it with: aicodelint models export-onnx"
        ) from None
    place = place_of_manifest(named, bundle.path)
    if named.get("fingerprint") not in (None, encoder_fingerprint(place)):
        raise BundleError(f"the encoder {place.hub or place.directory} is not the one that this bundle's heads were trained on")
    encoder = TorchEncoder.load(place, device)
    if bundle.window_tokens <= encoder.special_tokens:
        raise BundleError(
            f"the bundle's windows of {bundle.window_tokens} tokens have no room beside the encoder's {encoder.special_tokens} special ones"
        )
    return encoder, CodeTokenizer(encoder.tokenizer.tokenizer), bundle.window_tokens - encoder.special_tokens
