"""Reading a T5 encoder from a directory in the layout of the Hugging Face hub, with nothing executed and nothing fetched.

The encoder's weights alone are read, also from the checkpoint of a whole seq2seq model; the decoder's stay on disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer
from transformers import T5Config, T5EncoderModel

from aicodelint.detection.hub_tokenizer import HubTokenizer, adapt_tokenizer
from aicodelint.detection.hub_torch import WEIGHT_FILES, index_parts
from aicodelint.errors import BundleError

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
KEPT_IN_FP32 = ".wo.weight"
"""The feed-forward output overflows fp16, so transformers keeps it in fp32, and so do we."""
WRAPPERS = ("", "model.", "transformer.")


def read_config(directory: Path) -> T5Config:
    """Return the configuration of the T5 model in ``directory``; raise ``BundleError`` for any other architecture."""
    path = directory / "config.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError(f"{directory} holds no encoder: cannot read config.json: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise BundleError(f"{path} is not valid JSON") from None
    kind = values.get("model_type") if isinstance(values, dict) else None
    if kind != "t5":
        raise BundleError(f"{directory} holds a model of type {kind!r}; aicodelint needs a T5 encoder (model_type 't5')")
    try:
        return T5Config.from_dict(values)
    except Exception as error:
        raise BundleError(f"{path} is no usable T5 configuration: {error}") from None


def read_tokenizer(directory: Path, vocabulary: int) -> HubTokenizer:
    """Return the tokenizer of the model in ``directory``, made fit for windows of whole lines.

    Raise ``BundleError`` if there is none, or one that does not keep line breaks or makes ids past ``vocabulary``.
    """
    path = directory / "tokenizer.json"
    if path.is_file():
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:
            raise BundleError(f"{path} is no readable tokenizer: {error}") from None
    else:
        tokenizer = _converted_tokenizer(directory)
    largest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    if largest >= vocabulary:
        raise BundleError(f"wrong tokenizer: {directory} makes token ids up to {largest}, and its encoder knows {vocabulary} tokens")
    return adapt_tokenizer(tokenizer, str(directory))


def read_encoder(directory: Path, config: T5Config, dtype: torch.dtype, device: torch.device) -> T5EncoderModel:
    """Return the frozen encoder of the model in ``directory``, in ``dtype`` on ``device``, ready to run.

    Raise ``BundleError`` if weights are missing, truncated, of another shape, or come with anything that is not a tensor.
    """
    with torch.device("meta"):
        encoder = T5EncoderModel(config)
    wanted = {name: tensor.shape for name, tensor in encoder.state_dict().items()}
    weights = _read_weights(directory, wanted)
    for name, tensor in weights.items():
        kept = dtype == torch.float16 and name.endswith(KEPT_IN_FP32)
        weights[name] = tensor.to(device=device, dtype=torch.float32 if kept else dtype)
    encoder.load_state_dict(weights, assign=True)
    encoder.tie_weights()
    return encoder.eval().requires_grad_(False)


def weight_files(directory: Path) -> list[Path]:
    """Return the files that hold the weights of the model in ``directory``; raise ``BundleError`` where there are none."""
    for name in WEIGHT_FILES:
        path = directory / name
        if not path.is_file():
            continue
        if not name.endswith(".index.json"):
            return [path]
        return [directory / part for part in index_parts(path)]
    raise BundleError(f"{directory} holds no weights: none of {', '.join(WEIGHT_FILES)}")


def _read_weights(directory: Path, wanted: dict[str, torch.Size]) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for path in weight_files(directory):
        read = _read_safetensors if path.suffix == ".safetensors" else read_pickled_tensors
        found.update(_encoder_part(read(path, wanted), wanted))
    shared = found.get("shared.weight", found.get("encoder.embed_tokens.weight"))
    if shared is not None:
        found["shared.weight"] = found["encoder.embed_tokens.weight"] = shared
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        raise BundleError(f"{directory} lacks {len(missing)} of the encoder's {len(wanted)} weights, {missing[0]} the first")
    for name, shape in wanted.items():
        if found[name].shape != shape:
            raise BundleError(f"{directory}: the weight {name} has shape {tuple(found[name].shape)} where config.json asks for {tuple(shape)}")
    return found


def _encoder_part(tensors: dict[str, torch.Tensor], wanted: Iterable[str]) -> dict[str, torch.Tensor]:
    part = {}
    for name in wanted:
        for wrapper in WRAPPERS:
            if wrapper + name in tensors:
                part[name] = tensors[wrapper + name]
                break
    return part


def _read_safetensors(path: Path, wanted: Iterable[str]) -> dict[str, torch.Tensor]:
    names = {wrapper + name for name in wanted for wrapper in WRAPPERS}
    try:
        with safe_open(str(path), framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys() if name in names}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise BundleError(f"{path} is truncated or no safetensors file: {error}") from None


def read_pickled_tensors(path: Path, wanted: Iterable[str] = ()) -> dict[str, Any]:
    """Return what a file of ``torch.save`` holds, when that is tensors, numbers and text alone; ``wanted`` is not used to choose.

    Raise ``BundleError`` for anything else: a pickle can run code, and this reader refuses to.
    """
    try:
        try:
            values = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError:  # mmap=True refuses the format of torch < 1.6, which has no zip archive
            values = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        if type(error).__name__ == "UnpicklingError":
            raise BundleError(f"refused to load {path}: it is damaged or holds more than tensors, and loading it could run code") from None
        raise BundleError(f"{path} is truncated or no torch checkpoint: {type(error).__name__}: {str(error)[:200]}") from None
    if not isinstance(values, dict):
        raise BundleError(f"{path} holds a {type(values).__name__}, not named tensors")
    return values


def _converted_tokenizer(directory: Path) -> Tokenizer:
    from transformers import AutoTokenizer

    if not any((directory / name).is_file() for name in ("vocab.json", "spiece.model")):
        raise BundleError(f"{directory} holds no tokenizer.json")
    try:
        tokenizer: Tokenizer = AutoTokenizer.from_pretrained(str(directory), local_files_only=True).backend_tokenizer
        return tokenizer
    except Exception as error:
        raise BundleError(f"{directory} holds no tokenizer.json, nor a tokenizer to make one from: {error}") from None
