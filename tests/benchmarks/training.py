"""Training a head with the embeddings computed once, against the research system's way of encoding every sample again in every epoch.

    python tests/benchmarks/training.py [--samples 500] [--epochs 10] [--naive-epochs 1] [--device auto] [--dtype auto] [--threads N] [--tokenizer D]

The encoder has the shape of codet5p-220m and random weights: speed does not depend on them. The samples are whole source files of Python's own
library, and each is its first 510 tokens for both sides. The naive side is transformers' eager fp32, batches of 16 in file order, padded to 512
tokens, and a step of the head on each batch. Both sides take turns, a few batches each, so that what else the machine does weighs on both.
``--naive-epochs`` of the naive side are run over all samples; the remaining ones are the same work again and are counted, not run (the output
says how many were run). Ours is run whole: the first export to int8 where it is used, the embeddings, and all epochs of the head.
``--dtype auto`` is what ``aicodelint train`` takes for an encoder of this size: bf16 on a GPU, int8 on a CPU.
``embedding_ratio`` is what one pass of the naive side takes over the same pass of ours. A CPU without VNNI instructions multiplies int8 at most
twice as fast as fp32, which holds it below x5: about x3.5 on Zen 3. Needs the ``train`` extra and a CodeT5 tokenizer (``--tokenizer``).
"""

from __future__ import annotations

import argparse
import json
import sysconfig
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import T5Config, T5EncoderModel

from aicodelint.detection.encoder_onnx import OnnxEncoder
from aicodelint.detection.encoder_torch import TorchEncoder, choose_device, choose_dtype
from aicodelint.detection.hub_tokenizer import HubTokenizer, adapt_tokenizer
from aicodelint.detection.tokenizer import CodeTokenizer
from aicodelint.training.head_training import train_head
from aicodelint.training.heads import HeadRecipe, HeadShape, Windows, build_head
from aicodelint.training.hub_export import export_hub_encoder

TOKENIZER = Path(__file__).resolve().parents[3] / "shared" / "data" / "codet5-tokenizer"
SHAPE = {"vocab_size": 32100, "d_model": 768, "d_kv": 64, "d_ff": 3072, "num_layers": 12, "num_heads": 12}
WINDOW = 512
NAIVE_BATCH = 16
TURN = 4 * NAIVE_BATCH
"""Samples that one side embeds before the other takes its turn."""
FLOP_PER_WINDOW = 96.6e9
CHARACTERS = 12
"""A token, at most, of those that are looked at: what follows is cut off unread."""


def source_files(count: int) -> list[str]:
    """Return so many whole source files, the library's own, again from the first where it has fewer."""
    paths = sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py"))[::3]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in paths[: 2 * count] if path.stat().st_size > 200]
    return [texts[place % len(texts)] for place in range(count)]


def naive_seconds(model: T5EncoderModel, tokenizer: Tokenizer, texts: list[str], device: torch.device) -> float:
    """Return how long one forward and backward pass of the head over ``texts`` takes when each batch is encoded on the spot."""
    head = build_head(SHAPE["d_model"], 10).to(device)
    optimizer = torch.optim.AdamW(head.parameters(), lr=2e-4)
    begin = time.perf_counter()
    for start in range(0, len(texts), NAIVE_BATCH):
        encoded = [tokenizer.encode(text).ids[:WINDOW] for text in texts[start : start + NAIVE_BATCH]]
        ids = torch.zeros(len(encoded), WINDOW, dtype=torch.int64)
        mask = torch.zeros(len(encoded), WINDOW, dtype=torch.int64)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        ids, mask = ids.to(device), mask.to(device)
        with torch.no_grad():
            hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        loss = torch.nn.functional.cross_entropy(head(pooled), torch.zeros(len(encoded), dtype=torch.int64, device=device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begin


def our_encoder(
    plain: T5EncoderModel, tokenizer: HubTokenizer, options: argparse.Namespace, device: torch.device
) -> tuple[TorchEncoder | OnnxEncoder, float]:
    """Return the product's encoder with the weights of ``plain``, and the seconds that making it int8 took (once for all trainings)."""
    copy = T5EncoderModel(plain.config).eval().requires_grad_(False)
    copy.load_state_dict(plain.state_dict())
    if options.dtype != "int8":
        return TorchEncoder(copy.to(device, choose_dtype(options.dtype, device)), tokenizer), 0.0
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        graph = export_hub_encoder(TorchEncoder(copy, tokenizer), Path(folder) / "encoder.onnx")
        return OnnxEncoder(graph, options.threads), time.perf_counter() - begin


def main() -> None:
    """Time both ways and print what came out as JSON."""
    options = _options()
    torch.set_num_threads(options.threads)
    device = choose_device(options.device)
    if options.dtype == "auto" and device.type == "cpu":
        options.dtype = "int8"
    config = T5Config(**SHAPE, feed_forward_proj="relu", pad_token_id=0, eos_token_id=2)
    torch.manual_seed(0)
    plain = T5EncoderModel(config).eval().requires_grad_(False)
    raw = Tokenizer.from_file(str(options.tokenizer / "tokenizer.json"))
    adapted = adapt_tokenizer(raw, str(options.tokenizer))
    texts = source_files(options.samples)

    ours, exported = our_encoder(plain, adapted, options, device)
    naive = T5EncoderModel._from_config(config, attn_implementation="eager").eval().requires_grad_(False).to(device)
    warm = [np.arange(5, 40, dtype=np.int32)]
    ours.encode(warm)  # the first call compiles kernels
    naive_seconds(naive, raw, texts[:1], device)

    lines = CodeTokenizer(adapted.tokenizer)
    longest = WINDOW - len(adapted.prefix + adapted.suffix)
    vectors, tokens, embedded, reencoded = [], [], 0.0, 0.0
    for epoch in range(max(1, options.naive_epochs)):
        for start in range(0, len(texts), TURN):
            some = texts[start : start + TURN]
            if epoch == 0:
                begin = time.perf_counter()
                cut = [ids[:longest] for ids in lines.encode([text[: CHARACTERS * WINDOW] for text in some])]
                vectors.append(ours.encode(cut))
                embedded += time.perf_counter() - begin
                tokens += [len(window) for window in cut]
            reencoded += naive_seconds(naive, raw, some, device)
    once = reencoded / max(1, options.naive_epochs)
    y = (np.arange(len(texts)) % 10).astype(np.int64)
    windows = Windows(np.concatenate(vectors), np.array(tokens, np.float32), np.arange(len(texts)), len(texts))
    begin = time.perf_counter()
    recipe = HeadRecipe(max_epochs=options.epochs, patience=0, batch_size=NAIVE_BATCH)
    train_head(windows, y, 10, shape=HeadShape(), recipe=recipe, validation_fraction=0.0, device=device.type)
    trained = time.perf_counter() - begin
    _report(options, device, tokens, {"exported": exported, "embedded": embedded, "trained": trained, "once": once})


def _report(options: argparse.Namespace, device: torch.device, tokens: list[int], seconds: dict[str, float]) -> None:
    samples = len(tokens)
    embedded, trained, once = seconds["embedded"], seconds["trained"], seconds["once"]
    naive_total = once * options.epochs
    figures = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else f"cpu, {options.threads} threads",
        "samples": samples,
        "tokens_a_sample": round(float(np.mean(tokens)), 1),
        "epochs": options.epochs,
        "precision": options.dtype,
        "ours_export_seconds": round(seconds["exported"], 2),
        "ours_embedding_seconds": round(embedded, 2),
        "ours_training_seconds": round(trained, 2),
        "naive_epochs_run": options.naive_epochs,
        "naive_seconds_an_epoch": round(once, 1),
        "naive_seconds_of_all_epochs": round(naive_total, 1),
        "end_to_end_ratio": round(naive_total / (seconds["exported"] + embedded + trained), 1),
        "embedding_ratio": round(once / embedded, 2),
        "windows_per_second": round(samples / embedded, 2),
        "naive_windows_per_second": round(samples / once, 2),
    }
    if device.type == "cuda":
        figures["teraflops"] = round(samples / embedded * FLOP_PER_WINDOW / 1e12, 1)
        figures["peak_memory_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
    print(json.dumps(figures, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--naive-epochs", type=int, default=1, help="Epochs of the naive side that are run, over all samples.")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--dtype", default="auto", choices=["auto", "fp32", "fp16", "bf16", "int8"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER)
    return parser.parse_args()


if __name__ == "__main__":
    main()
