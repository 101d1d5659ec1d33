"""From a bundle that names its encoder to one that holds it as an ONNX graph, with a check that both give the same verdicts."""

from __future__ import annotations

import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from aicodelint.detection.bundle import Bundle
from aicodelint.detection.encoder_torch import TorchEncoder
from aicodelint.detection.head_detector import ENCODER, TOKENIZER, HeadDetector
from aicodelint.detection.hub_torch import place_of_manifest
from aicodelint.detection.open_detector import HEAD
from aicodelint.errors import BundleError, UsageError
from aicodelint.finding import Snippet, Verdict
from aicodelint.training.bundle_writer import write_bundle
from aicodelint.training.hub_export import export_hub_encoder
from aicodelint.training.sample_language import sample_language
from aicodelint.training.tables import Columns, read_samples

MOST_TEXTS = 100
CHARACTERS = 6000


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two bundles judge alike: ``texts`` compared, how many with the same status and family, and how far their P(AI) were apart at most."""

    texts: int
    same: int
    furthest: float

    @property
    def share(self) -> float:
        """The share of texts judged the same."""
        return self.same / max(self.texts, 1)

    def sentence(self) -> str:
        """Return the figures as one line."""
        return f"{self.same} of {self.texts} verdicts agree ({self.share:.1%}); P(AI) differs by at most {self.furthest:.4f}"


def export_bundle(
    directory: Path, output: Path, quantised: bool, check: Iterable[Path] = (), least_agreement: float = 0.0, *, code_column: str | None = None
) -> Agreement:
    """Write to ``output`` a bundle like that in ``directory`` that holds its encoder as ONNX, int8 where ``quantised``.

    Nothing is written where less than ``least_agreement`` of the verdicts on the texts of ``check`` agree: ``BundleError`` says how many did.
    """
    bundle = Bundle.open(directory)
    named = bundle.manifest.get("encoder")
    if bundle.manifest.get("kind") != HEAD or not isinstance(named, dict):
        raise UsageError(f"{directory} holds its encoder already: there is nothing to export")
    snippets = list(islice(_snippets(tuple(check), code_column), MOST_TEXTS))
    place = place_of_manifest(named, bundle.path)
    encoder = TorchEncoder.load(place, "cpu", "fp32")
    before = HeadDetector(bundle).judge(snippets)
    files = {name: bundle.read(name) for name in bundle.files}
    with tempfile.TemporaryDirectory() as folder:
        files[ENCODER] = export_hub_encoder(encoder, Path(folder) / ENCODER, quantised=quantised)
        files[TOKENIZER] = encoder.tokenizer.tokenizer.to_str().encode()
        manifest = {key: value for key, value in bundle.manifest.items() if key not in {"format_version", "files", "encoder"}}
        manifest |= {"window_tokens": bundle.window_tokens - encoder.special_tokens, "exported_from": dict(named)}
        candidate = write_bundle(Path(folder) / "bundle", manifest, files)
        agreement = compare(bundle, before, HeadDetector(candidate).judge(snippets))
    if agreement.share < least_agreement:
        raise BundleError(f"not written: only {agreement.sentence()}; try --precision fp32")
    write_bundle(output, manifest, files)
    return agreement


def compare(bundle: Bundle, before: list[Verdict], after: list[Verdict]) -> Agreement:
    """Return how far two lists of verdicts agree at the bundle's thresholds."""
    same = sum(_said(bundle, one) == _said(bundle, other) for one, other in zip(before, after, strict=True))
    furthest = max((abs(one.p_ai - other.p_ai) for one, other in zip(before, after, strict=True)), default=0.0)
    return Agreement(len(before), same, furthest)


def _said(bundle: Bundle, verdict: Verdict) -> tuple[bool, bool, int | None]:
    limits = bundle.model.thresholds
    is_ai = verdict.p_ai >= limits.ai
    family = max(range(len(verdict.families)), key=verdict.families.__getitem__) if is_ai and verdict.families else None
    return is_ai, verdict.p_ai < limits.human, family


def _snippets(check: tuple[Path, ...], code_column: str | None) -> Iterator[Snippet]:
    if check:
        for sample in read_samples(check, Columns(code=code_column), labelled=False):
            yield Snippet(sample.code[:CHARACTERS], sample_language(sample))
        return
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        yield Snippet(path.read_text(encoding="utf-8", errors="replace")[:CHARACTERS], "Python")
