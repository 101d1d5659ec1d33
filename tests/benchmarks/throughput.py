"""How much faster a scan is than the naive way, on the same encoder and the same texts, and where its time goes.

    python tests/benchmarks/throughput.py [DIRECTORY] [--model DIR] [--texts 160] [--repeats 3]

DIRECTORY holds the source files to time on; the default is the standard library of the running Python. The naive way is transformers'
``T5EncoderModel`` in fp32 with eager attention, 16 texts a batch in file order, every text padded to 512 tokens. Both ways take texts
and give the encoder's logits on the same cores; whole files are cut to their first 512 tokens, so that both see the same. The product's windows
may be shorter than 512 tokens; its logit is then the mean of a text's windows, as in a scan. Then the whole product
scans DIRECTORY with its own encoder and with the naive one: how often the files' verdicts agree, and the share of CPU time in each part.
Needs the ``train`` extra.
"""

from __future__ import annotations

import argparse
import functools
import io
import os
import shutil
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import T5EncoderModel

from aicodelint import scanning
from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.detection.encoder_onnx import OnnxEncoder
from aicodelint.detection.head import Head, combine
from aicodelint.detection.licence import strip_licence
from aicodelint.detection.tokenizer import PAD, CodeTokenizer
from aicodelint.detection.windows import WINDOW_TOKENS, windows_of
from aicodelint.detection.witnesses import CheapWitnesses
from aicodelint.engine.in_process import InProcessEngine
from aicodelint.finding import Snippet
from aicodelint.report.base import Style, Summary, Tool
from aicodelint.report.json import JsonReport

SUFFIXES = (".py", ".js", ".ts", ".java", ".c", ".h", ".cc", ".cpp", ".cs", ".go", ".php", ".rb", ".rs", ".kt", ".swift", ".sh")
NAIVE_BATCH = 16
LEAST_TOKENS, LEAST_FUNCTION = 40, 50
Way = Callable[[list[str]], np.ndarray]


class Product:
    """The encoding path of a scan: whole-line windows, one a call at its exact length, one call a core."""

    def __init__(self, bundle: Bundle) -> None:
        self.tokenizer = CodeTokenizer.from_bytes(bundle.read("tokenizer.json"))
        self.encoder = OnnxEncoder(bundle.read("encoder.onnx"))
        self.head = Head.from_bytes(bundle.read("head.safetensors"))
        self.longest = bundle.window_tokens

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Return the AI logits of each text."""
        windows = [[each.ids for each in windows_of(ids, self.tokenizer.line_starts(ids), self.longest)] for ids in self.tokenizer.encode(texts)]
        logits = self.head.logits(self.encoder.encode([ids for own in windows for ids in own]))[0]
        ends = np.cumsum([len(own) for own in windows])
        parts = np.split(logits, ends[:-1])
        return np.array([combine(mine, np.array([len(ids) for ids in own])) for mine, own in zip(parts, windows, strict=True)])


class Naive:
    """What a first attempt does: batches in file order, everything padded to 512 tokens."""

    def __init__(self, bundle: Bundle) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "config.json").write_bytes(bundle.read("config.json"))
            (Path(folder) / "model.safetensors").write_bytes(bundle.read("encoder.safetensors"))
            self.model = T5EncoderModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
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


def source_paths(directory: Path, number: int) -> list[Path]:
    """Return ``number`` source files under ``directory``, the same ones on every run, spread over all of it."""
    paths = sorted(path for path in directory.rglob("*") if path.suffix in SUFFIXES and path.is_file() and "site-packages" not in path.parts)
    return paths[:: max(1, len(paths) // number)][:number]


def read_texts(paths: Iterable[Path]) -> list[str]:
    """Return the contents of files that are not empty, with line ends as newlines."""
    texts = (path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n") for path in paths)
    return [text for text in texts if text.strip()]


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
        found.extend(code for code in codes if len(code) > 2 * LEAST_TOKENS and LEAST_FUNCTION <= len(tokenizer.encode([code])[0]) <= WINDOW_TOKENS)
    return found


def in_turns(ways: Sequence[Way], texts: list[str], repeats: int) -> list[tuple[float, np.ndarray]]:
    """Return for each way its least wall time over ``texts`` and what it found; ways take turns, so that a busy machine is busy for all."""
    least, found = [float("inf")] * len(ways), [np.zeros(0)] * len(ways)
    for way in ways:
        way(texts[:NAIVE_BATCH])
    for _ in range(repeats):
        for number, way in enumerate(ways):
            begin = time.perf_counter()
            found[number] = way(texts)
            least[number] = min(least[number], time.perf_counter() - begin)
    return list(zip(least, found, strict=True))


def compare(name: str, texts: list[str], product: Product, naive: Naive, repeats: int) -> None:
    """Print one line: texts a second either way, the ratio, and how often the verdicts agree."""
    tokens = sum(map(len, product.tokenizer.encode(texts))) / len(texts)
    (ours, fast), (theirs, slow) = in_turns((product, naive), texts, repeats)
    agreement = np.mean((fast[:, 0] > 0) == (slow[:, 0] > 0))
    print(
        f"{name:12s} {len(texts):5d} texts of {tokens:.0f} tokens: product {len(texts) / ours:7.1f}/s, naive {len(texts) / theirs:6.1f}/s, "
        f"ratio x{theirs / ours:.1f}, signs of the encoder's logit agree {agreement:.2%}, largest difference {np.abs(fast - slow).max():.3f}"
    )


class NaiveEncoder:
    """The naive way in the place of the product's encoder: same windows, padded, in the order they come."""

    def __init__(self, model: T5EncoderModel) -> None:
        self.model = model

    def encode(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        """Return the embedding of each window."""
        found = np.zeros((len(windows), self.model.config.d_model), dtype=np.float32)
        for begin in range(0, len(windows), NAIVE_BATCH):
            ids = torch.full((len(windows[begin : begin + NAIVE_BATCH]), WINDOW_TOKENS), PAD)
            for row, window in enumerate(windows[begin : begin + NAIVE_BATCH]):
                ids[row, : len(window)] = torch.from_numpy(window.astype(np.int64))
            mask = (ids != PAD).long()
            with torch.no_grad():
                states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            found[begin : begin + len(ids)] = ((states * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)).numpy()
        return found

    def close(self) -> None:
        """Nothing to let go of."""


def compare_scans(model: Path, snippets: list[Snippet], naive: Naive) -> None:
    """Judge whole texts with all witnesses, once with each encoder; print the agreement of verdicts and the times."""
    engine = InProcessEngine.open(model)
    list(engine.judge(snippets[:2]))
    begin = time.perf_counter()
    ours = [verdict.p_ai >= engine.model.thresholds.ai for verdict in engine.judge(snippets)]
    fast = time.perf_counter() - begin
    engine.detector._encoder = NaiveEncoder(naive.model)  # type: ignore[attr-defined]
    begin = time.perf_counter()
    theirs = [verdict.p_ai >= engine.model.thresholds.ai for verdict in engine.judge(snippets)]
    slow = time.perf_counter() - begin
    agreement = np.mean([one == other for one, other in zip(ours, theirs, strict=True)])
    print(
        f"all witnesses, gate included, {len(snippets)} whole files of any length: {len(snippets) / fast:.1f}/s, with the naive encoder "
        f"{len(snippets) / slow:.1f}/s, ratio x{slow / fast:.1f}, verdicts agree {agreement:.2%}"
    )


class Shares:
    """CPU time by part, measured on the thread that does it: the scan runs with one job so that parts do not overlap."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def watch(self, part: str, owner: object, name: str) -> None:
        """Replace the function ``name`` of ``owner`` by one that counts its time."""
        function = getattr(owner, name)

        @functools.wraps(function)
        def watched(*arguments: Any, **options: Any) -> Any:
            begin = time.thread_time()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds[part] += time.thread_time() - begin

        setattr(owner, name, watched)

    def each(self, part: str, items: Iterable[Any]) -> Iterator[Any]:
        """Yield ``items``, counting the time they take to come."""
        iterator = iter(items)
        while True:
            begin = time.thread_time()
            item = next(iterator, None)
            self.seconds[part] += time.thread_time() - begin
            if item is None:
                return
            yield item


def print_shares(model: Path, paths: list[Path]) -> None:
    """Scan copies of ``paths`` into a JSON report; print the share of CPU time in each part."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    shares = Shares()
    shares.watch("tokenizing", CodeTokenizer, "encode")
    shares.watch("encoding", OnnxEncoder, "encode")
    shares.watch("features and n-grams", CheapWitnesses, "glance")
    shares.watch("features and n-grams", CheapWitnesses, "look")
    engine = InProcessEngine.open(model, jobs=1)
    list(engine.judge([Snippet("x = 1\n" * 50, "Python")]))
    shares.seconds.clear()
    original = scanning.source_files
    scanning.source_files = lambda *arguments: shares.each("discovery", original(*arguments))
    report = JsonReport(io.StringIO(), Style())
    for name in ("start", "add", "finish"):
        shares.watch("reporting", report, name)
    summary = Summary()
    report.start(Tool("0", engine.model, engine.name, engine.device))
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(paths):
            shutil.copy(path, Path(folder) / f"{number}{path.suffix}")
        begin = time.process_time()
        for result in scanning.scan(folder, engine=engine, isolated=True):
            summary.add(result)
            report.add(result)
        report.finish(summary)
        total = time.process_time() - begin
    scanning.source_files = original
    parts = {**shares.seconds, "everything else": total - sum(shares.seconds.values())}
    print(
        f"scan of {summary.files} files ({summary.skipped} skipped), {total:.1f} s of CPU: "
        + ", ".join(f"{part} {spent / total:.0%}" for part, spent in parts.items())
    )


def main() -> None:
    """Read the command line, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, nargs="?", default=Path(sysconfig.get_path("stdlib")))
    parser.add_argument("--model", type=Path, default=default_path())
    parser.add_argument("--texts", type=int, default=160)
    parser.add_argument("--files", type=int, default=400, help="how many files of DIRECTORY to scan for the shares of time")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    bundle = Bundle.open(arguments.model)
    product, naive = Product(bundle), Naive(bundle)
    texts = read_texts(source_paths(arguments.directory, 3 * arguments.texts))
    compare("whole files", whole_files(texts, product.tokenizer)[: arguments.texts], product, naive, arguments.repeats)
    compare("functions", functions(texts, product.tokenizer)[: arguments.texts], product, naive, arguments.repeats)
    compare_scans(arguments.model, [Snippet(text, None) for text in texts[: arguments.texts]], naive)
    print_shares(arguments.model, source_paths(arguments.directory, arguments.files))


if __name__ == "__main__":
    main()
