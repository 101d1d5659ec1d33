"""How much faster a scan is than the naive way, on the same encoder and the same texts, and where its time goes.

    python tests/benchmarks/throughput.py [DIRECTORY] [--model DIR] [--texts 160] [--repeats 3]

DIRECTORY holds the source files to time on; the default is the standard library of the running Python. The naive way is transformers'
``T5EncoderModel`` in fp32, 16 texts a batch in file order, every text padded to 512 tokens. Both ways take texts and give verdicts on the same
cores; whole files are cut to their first window, so that both see the same tokens. Needs the ``train`` extra.
"""

from __future__ import annotations

import argparse
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import T5EncoderModel

from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.detection.encoder_onnx import OnnxEncoder
from aicodelint.detection.head import Head
from aicodelint.detection.licence import strip_licence
from aicodelint.detection.tokenizer import PAD, CodeTokenizer
from aicodelint.detection.windows import WINDOW_TOKENS, windows_of

SUFFIXES = (".py", ".js", ".ts", ".java", ".c", ".h", ".cc", ".cpp", ".cs", ".go", ".php", ".rb", ".rs", ".kt", ".swift", ".sh")
NAIVE_BATCH = 16
LEAST_TOKENS = 40
Way = Callable[[list[str]], np.ndarray]


class Product:
    """The encoding path of a scan: whole-line windows, one a call at its exact length, one call a core."""

    def __init__(self, bundle: Bundle) -> None:
        self.tokenizer = CodeTokenizer.from_bytes(bundle.read("tokenizer.json"))
        self.encoder = OnnxEncoder(bundle.read("encoder.onnx"))
        self.head = Head.from_bytes(bundle.read("head.safetensors"))

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Return the AI logits of each text's one window."""
        windows = [windows_of(ids, self.tokenizer.line_starts(ids))[0].ids for ids in self.tokenizer.encode(texts)]
        return self.head.logits(self.encoder.encode(windows))[0]


class Naive:
    """What a first attempt does: batches in file order, everything padded to 512 tokens."""

    def __init__(self, bundle: Bundle) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "config.json").write_bytes(bundle.read("config.json"))
            (Path(folder) / "model.safetensors").write_bytes(bundle.read("encoder.safetensors"))
            self.model = T5EncoderModel.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = Tokenizer.from_buffer(bundle.read("tokenizer.json"))
        self.tokenizer.enable_padding(length=WINDOW_TOKENS, pad_id=PAD, pad_token="<pad>")
        self.tokenizer.enable_truncation(WINDOW_TOKENS)
        self.head = Head.from_bytes(bundle.read("head.safetensors"))

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Return the AI logits of each text."""
        found = []
        for begin in range(0, len(texts), NAIVE_BATCH):
            encodings = self.tokenizer.encode_batch(["\n" + text for text in texts[begin : begin + NAIVE_BATCH]])
            ids = torch.tensor([encoding.ids for encoding in encodings])
            mask = (ids != PAD).long()
            with torch.no_grad():
                states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            embedding = (states * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)
            found.append(self.head.logits(embedding.numpy())[0])
        return np.concatenate(found)


def source_texts(directory: Path, number: int) -> list[str]:
    """Return the contents of ``number`` source files under ``directory``, the same ones on every run, spread over all of it."""
    paths = sorted(path for path in directory.rglob("*") if path.suffix in SUFFIXES and path.is_file() and "site-packages" not in path.parts)
    step = max(1, len(paths) // (3 * number))
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in paths[::step])
    return [text.replace("\r\n", "\n") for text in texts if text.strip()]


def whole_files(texts: Iterable[str], tokenizer: CodeTokenizer) -> list[str]:
    """Return the first window of each text: a whole file where it fits."""
    found = []
    for text in texts:
        code = strip_licence(text)[0]
        ids = tokenizer.encode([code])[0]
        window = windows_of(ids, tokenizer.line_starts(ids))[0]
        if len(window.ids) >= LEAST_TOKENS:
            found.append("\n".join(code.split("\n")[: window.end_line]) if len(window.ids) < len(ids) else code)
    return found


def functions(texts: Iterable[str], tokenizer: CodeTokenizer) -> list[str]:
    """Return the top-level definitions in ``texts`` that fill a window at most: unindented lines after empty ones begin them."""
    found = []
    for text in texts:
        parts: list[list[str]] = [[]]
        for line in text.split("\n"):
            if line and not line[0].isspace() and parts[-1] and not parts[-1][-1].strip():
                parts.append([])
            parts[-1].append(line)
        codes = ["\n".join(part).strip("\n") for part in parts]
        found.extend(code for code in codes if len(code) > 2 * LEAST_TOKENS and LEAST_TOKENS <= len(tokenizer.encode([code])[0]) <= WINDOW_TOKENS)
    return found


def seconds(way: Way, texts: list[str], repeats: int) -> tuple[float, np.ndarray]:
    """Return the least wall time of ``repeats`` runs of ``way`` over ``texts``, and what it found."""
    way(texts[:NAIVE_BATCH])
    least, found = float("inf"), np.zeros(0)
    for _ in range(repeats):
        begin = time.perf_counter()
        found = way(texts)
        least = min(least, time.perf_counter() - begin)
    return least, found


def compare(name: str, texts: list[str], product: Product, naive: Naive, repeats: int) -> None:
    """Print one line: texts a second either way, the ratio, and how often the verdicts agree."""
    tokens = sum(map(len, product.tokenizer.encode(texts))) / len(texts)
    ours, fast = seconds(product, texts, repeats)
    theirs, slow = seconds(naive, texts, repeats)
    agreement = np.mean((fast[:, 0] > 0) == (slow[:, 0] > 0))
    print(
        f"{name:12s} {len(texts):5d} texts of {tokens:.0f} tokens: product {len(texts) / ours:7.1f}/s, naive {len(texts) / theirs:6.1f}/s, "
        f"ratio x{theirs / ours:.1f}, verdicts agree {agreement:.2%}, largest difference of logits {np.abs(fast - slow).max():.3f}"
    )


def main() -> None:
    """Read the command line, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, nargs="?", default=Path(sysconfig.get_path("stdlib")))
    parser.add_argument("--model", type=Path, default=default_path())
    parser.add_argument("--texts", type=int, default=160)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    bundle = Bundle.open(arguments.model)
    product, naive = Product(bundle), Naive(bundle)
    texts = source_texts(arguments.directory, arguments.texts)
    compare("whole files", whole_files(texts, product.tokenizer)[: arguments.texts], product, naive, arguments.repeats)
    compare("functions", functions(texts, product.tokenizer)[: arguments.texts], product, naive, arguments.repeats)


if __name__ == "__main__":
    main()
