"""What the exported encoder says of rows that it has not seen: the stack is fitted on these scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from aicodelint.detection.encoder_onnx import OnnxEncoder
from aicodelint.detection.head import Head, combine
from aicodelint.detection.tokenizer import CodeTokenizer
from aicodelint.detection.windows import windows_of
from aicodelint.rules import FAMILIES

AI_COLUMNS = ("ai_all", "ai_wild", "wild")
CHUNK = 64


def score_rows(rows: pd.DataFrame, parts: Path, kept: Path, window_tokens: int) -> Path:
    """Write, for each of ``rows`` (columns sample_id, text), the logits of the encoder in ``parts`` to the parquet file ``kept``; return it.

    A file that was written earlier is left as it is.
    """
    if kept.exists():
        return kept
    tokenizer = CodeTokenizer.load(parts / "tokenizer.json")
    encoder = OnnxEncoder((parts / "encoder.onnx").read_bytes())
    head = Head.from_bytes((parts / "head.safetensors").read_bytes())
    found = []
    for start in range(0, len(rows), CHUNK):
        tokens = tokenizer.encode(rows["text"].iloc[start : start + CHUNK].tolist())
        windows = [windows_of(ids, tokenizer.line_starts(ids), window_tokens) for ids in tokens]
        ai, family = head.logits(encoder.encode([window.ids for own in windows for window in own]))
        first = 0
        for own in windows:
            sizes, mine = np.array([len(window.ids) for window in own]), slice(first, first + len(own))
            found.append(np.concatenate([combine(ai[mine], sizes), combine(family[mine], sizes)]))
            first += len(own)
    encoder.close()
    scores = pd.DataFrame(np.array(found), columns=[*AI_COLUMNS, *(f"family_{name}" for name in FAMILIES)])
    scores.insert(0, "sample_id", rows["sample_id"].to_numpy())
    kept.parent.mkdir(parents=True, exist_ok=True)
    scores.to_parquet(kept)
    return kept
