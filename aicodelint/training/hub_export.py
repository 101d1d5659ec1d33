"""A hub encoder as the graph that scans run: the special tokens that it expects around a text become part of the graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from aicodelint.detection.encoder_torch import TorchEncoder
from aicodelint.errors import UsageError
from aicodelint.training.onnx_export import export_onnx

INPUT = "ids"


def export_hub_encoder(encoder: TorchEncoder, path: Path, *, quantised: bool = True) -> bytes:
    """Write ``encoder`` (fp32) to ``path`` as an ONNX graph and return it; raise ``UsageError`` for a variant of T5 that cannot be exported."""
    if encoder.model.config.is_gated_act or encoder.model.config.dense_act_fn != "relu":
        raise UsageError("only T5 encoders with plain ReLU layers (CodeT5, CodeT5+, T5 1.0) can be exported to ONNX")
    export_onnx(encoder.model, path, quantised=quantised)
    document = path.read_bytes()
    if encoder.special_tokens:
        model = onnx.load_from_string(document)
        _wrap_input(model, encoder.tokenizer.prefix, encoder.tokenizer.suffix)
        document = model.SerializeToString()
        path.write_bytes(document)
    return document


def _wrap_input(model: onnx.ModelProto, prefix: tuple[int, ...], suffix: tuple[int, ...]) -> None:
    """Let the graph put ``prefix`` before and ``suffix`` after the ids that it is given."""
    graph, wrapped = model.graph, f"{INPUT}_wrapped"
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name == INPUT:
                node.input[place] = wrapped
    ends = {"prefix": prefix, "suffix": suffix}
    for name, tokens in ends.items():
        graph.initializer.append(numpy_helper.from_array(np.array([tokens], np.int64).reshape(1, -1), f"{INPUT}_{name}"))
    graph.node.insert(0, helper.make_node("Concat", [f"{INPUT}_prefix", INPUT, f"{INPUT}_suffix"], [wrapped], axis=1))
    onnx.checker.check_model(model)
