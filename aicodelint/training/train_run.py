"""One training from a table of labelled code to a bundle that ``aicodelint scan --model`` takes."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save as tensors_to_bytes

from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.detection.encoder_torch import encoder_fingerprint
from aicodelint.detection.head_detector import ENCODER, HEAD_FILE, TOKENIZER, TREES
from aicodelint.detection.open_detector import HEAD
from aicodelint.detection.open_encoder import TORCH_FILES
from aicodelint.errors import BundleError, UsageError
from aicodelint.rules import HUMAN
from aicodelint.training.bundle_metrics import bundle_metrics
from aicodelint.training.bundle_writer import write_bundle
from aicodelint.training.checkpoints import Checkpoint
from aicodelint.training.embeddings import Progress
from aicodelint.training.fine_tune import DIRECTORY
from aicodelint.training.report_page import write_report
from aicodelint.training.seen import seen_record
from aicodelint.training.text_encoder import AnyTextEncoder, OnnxTextEncoder
from aicodelint.training.user_bundle import Labelled, TrainedBundle, TrainingPlan, train_sides

METRICS = "metrics.json"
STATE = Path(".training") / "head.state"
LEAST_TOKENS = 32
"""Fewer tokens are too little for a verdict that could accuse anyone, unless the user's own rows are as short."""
Say = Callable[[str], None]


def run_training(
    data: Labelled,
    encoder: AnyTextEncoder,
    plan: TrainingPlan,
    output: Path,
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
    say: Say = lambda message: None,
    notes: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Train on ``data`` and write the bundle, ``metrics.json``, images and ``report.html`` to ``output``; return the metrics."""
    started = time.monotonic()
    default = _default_bundle(data, plan)
    checkpoint = Checkpoint(output / STATE, training_key(data, encoder.fingerprint, plan))
    state = checkpoint.load()
    if state is not None:
        say(f"going on after epoch {state.epoch}")
    trained = train_sides(
        data, encoder, plan, cache=cache, progress=progress, device=encoder.device, state=state, after_epoch=checkpoint.save, say=say
    )
    metrics = {"encoder": encoder.name, "seconds": 0.0, "notes": list(notes)} | bundle_metrics(trained)
    manifest, files = _bundle_parts(trained, encoder, default, output, metrics)
    write_bundle(output, manifest, files)
    checkpoint.remove()
    metrics["seconds"] = round(time.monotonic() - started, 1)
    (output / METRICS).write_text(json.dumps(metrics, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_report(output, metrics)
    return metrics


def _default_bundle(data: Labelled, plan: TrainingPlan) -> Bundle | None:
    """Return the bundle that says AI or human in place of the user's, where the rows hold no human code or the head alone is asked for."""
    if plan.only == "gate" and not data.human.any():
        raise UsageError("a gate needs human rows: label them Human or 0, or name their label with --human")
    if plan.only != "head" and data.human.any():
        return None
    try:
        return Bundle.open(default_path())
    except BundleError as error:
        raise UsageError(f"without a gate of its own the new bundle needs the default one beside it: {error}") from None


def training_key(data: Labelled, fingerprint: str, plan: Any) -> str:
    """Return a digest of everything that a training depends on: rows, labels, encoder, and the ``plan`` (a dataclass)."""
    digest = hashlib.sha256(json.dumps([fingerprint, asdict(plan), data.families, data.family.tolist(), data.groups]).encode())
    for text in data.code:
        digest.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    return digest.hexdigest()


def _bundle_parts(
    trained: TrainedBundle, encoder: AnyTextEncoder, default: Bundle | None, output: Path, metrics: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the manifest and the files of the bundle."""
    tensors: dict[str, torch.Tensor] = {}
    files: dict[str, bytes] = {}
    manifest: dict[str, Any] = {
        "kind": HEAD,
        "name": output.resolve().name,
        "labels": [HUMAN, *trained.data.families],
        "window_tokens": encoder.window_tokens,
        "minimum_tokens": _minimum_tokens(trained),
    }
    if encoder.bundle is not None:
        files |= {file: encoder.bundle.read(file) for file in (ENCODER, *TORCH_FILES) if file in encoder.bundle.files}
    elif isinstance(encoder, OnnxTextEncoder):
        files |= {ENCODER: encoder.graph, TOKENIZER: encoder.document}
    else:
        named = {"path": DIRECTORY} if encoder.place.directory == (output / DIRECTORY).resolve() else encoder.place.manifest_entry()
        manifest["encoder"] = {**named, "fingerprint": encoder_fingerprint(encoder.place)}
    family_threshold = 1.0
    if trained.family is not None:
        tensors |= {f"family.{key}": tensor.contiguous() for key, tensor in trained.family.trained.head.state_dict().items()}
        manifest["family_temperature"] = trained.family.temperature
        family_threshold = trained.family.threshold
    if trained.ai is not None:
        side = trained.ai
        tensors |= {f"ai.{key}": tensor.contiguous() for key, tensor in side.head.state_dict().items()}
        files[TREES] = side.gate.to_onnx()
        manifest["blend"] = dict(zip(("bias", "trees", "head"), side.blend, strict=True))
        thresholds = {"gate": side.gate_threshold, "ai": side.ai_threshold, "human": side.human_threshold}
    elif default is not None:
        manifest["ai_from"] = default.model.fingerprint
        limits = default.model.thresholds
        thresholds = {"gate": default.gate_threshold, "ai": limits.ai, "human": limits.human}
    manifest["thresholds"] = thresholds | {"family": family_threshold}
    parts = [bundle.manifest for bundle in (encoder.bundle, default) if bundle is not None]
    seen = seen_record(trained.data.groups or (), trained.data.code, *parts)
    manifest["training"] = {key: metrics[key] for key in ("encoder", "rows", "labels", "groups")} | {"seen": seen}
    manifest["evaluation"] = {side: _summary(metrics[side]) for side in ("ai", "family") if side in metrics}
    files[HEAD_FILE] = tensors_to_bytes(tensors)
    return manifest, files


def _summary(figures: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in figures.items() if isinstance(value, int | float)}


def _minimum_tokens(trained: TrainedBundle) -> int:
    """Return how many tokens a text needs for a verdict: a few dozen, or what nearly all of the user's own rows have."""
    windows = trained.windows
    tokens = np.bincount(windows.owner, windows.tokens, minlength=windows.texts)
    return max(1, min(LEAST_TOKENS, int(np.quantile(tokens, 0.01))))
