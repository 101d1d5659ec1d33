"""From a T5 encoder to the graph that scans run on a CPU: mean over tokens, int8 matrices, one window a call at its exact length."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn
from transformers import T5EncoderModel

from aicodelint.detection.windows import WINDOW_TOKENS

OPSET = 17


class OneWindow(nn.Module):  # type: ignore[misc]
    """The arithmetic of a T5 encoder on one whole window, without masks: position biases are a table, and q, k, v one product."""

    def __init__(self, encoder: T5EncoderModel, longest: int = WINDOW_TOKENS) -> None:
        super().__init__()
        config = encoder.config
        self.heads, self.head_width, self.epsilon = config.num_heads, config.d_kv, config.layer_norm_epsilon
        stack = encoder.encoder
        self.embeddings = encoder.get_input_embeddings()
        attention = [block.layer[0].SelfAttention for block in stack.block]
        self.register_buffer("bias", attention[0].compute_bias(longest, longest)[0].detach().clone())
        self.qkv = nn.ParameterList(
            nn.Parameter(torch.cat([layer.q.weight, layer.k.weight, layer.v.weight]).detach().T.clone()) for layer in attention
        )
        self.out = nn.ParameterList(nn.Parameter(layer.o.weight.detach().T.clone()) for layer in attention)
        feeds = [block.layer[1].DenseReluDense for block in stack.block]
        self.up = nn.ParameterList(nn.Parameter(feed.wi.weight.detach().T.clone()) for feed in feeds)
        self.down = nn.ParameterList(nn.Parameter(feed.wo.weight.detach().T.clone()) for feed in feeds)
        norms = [layer.layer_norm.weight for block in stack.block for layer in block.layer] + [stack.final_layer_norm.weight]
        self.norms = nn.ParameterList(nn.Parameter(weight.detach().clone()) for weight in norms)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the embedding (1, width) of the window ``ids`` (1, tokens)."""
        tokens = ids.shape[1]
        bias = self.bias[:, :tokens, :tokens]
        x = self.embeddings(ids)[0]
        for number in range(len(self.qkv)):
            parts = (self._normed(x, 2 * number) @ self.qkv[number]).reshape(tokens, 3, self.heads, self.head_width)
            query, key, value = parts.permute(1, 2, 0, 3).unbind(0)
            weights = torch.softmax(query @ key.transpose(1, 2) + bias, dim=-1)
            x = x + (weights @ value).transpose(0, 1).reshape(tokens, -1) @ self.out[number]
            x = x + torch.relu(self._normed(x, 2 * number + 1) @ self.up[number]) @ self.down[number]
        return self._normed(x, len(self.norms) - 1).mean(0, keepdim=True)

    def _normed(self, x: torch.Tensor, number: int) -> torch.Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.norms[number]


def export_onnx(encoder: T5EncoderModel, path: Path, *, quantised: bool = True) -> None:
    """Write ``encoder`` as an ONNX graph (``ids`` (1, tokens) int64 -> ``embedding`` (1, width)).

    Matrices become int8, a scale a column, of 7 bits: without them, CPUs older than VNNI would saturate and give other results than newer
    ones. Token embeddings are kept in half precision.
    """
    window = OneWindow(encoder.float().eval())
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        plain, smaller = Path(folder) / "plain.onnx", Path(folder) / "quantised.onnx"
        torch.onnx.export(
            window,
            (torch.arange(5, 21).unsqueeze(0),),
            str(plain),
            input_names=["ids"],
            output_names=["embedding"],
            dynamic_axes={"ids": {1: "tokens"}},
            opset_version=OPSET,
            dynamo=False,
        )
        if quantised:
            options = {"MatMulConstBOnly": True}
            quantize_dynamic(
                str(plain),
                str(smaller),
                per_channel=True,
                reduce_range=True,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=["MatMul"],
                extra_options=options,
            )
        model = onnx.load(str(smaller if quantised else plain))
    if quantised:
        _halve_embeddings(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _halve_embeddings(model: onnx.ModelProto) -> None:
    """Store the table that token ids are looked up in as float16, and cast what is looked up."""
    graph = model.graph
    lookup = next(node for node in graph.node if node.op_type == "Gather" and node.input[1] == "ids")
    table = next(tensor for tensor in graph.initializer if tensor.name == lookup.input[0])
    table.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(table).astype(np.float16), table.name))
    wanted = lookup.output[0]
    lookup.output[0] = f"{wanted}_half"
    graph.node.insert(list(graph.node).index(lookup) + 1, helper.make_node("Cast", [lookup.output[0]], [wanted], to=TensorProto.FLOAT))
