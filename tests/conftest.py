"""What many tests stand on: an engine that judges by a rule, T5 checkpoints in the hub's layout, and code of three authors."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aicodelint.finding import Snippet, Verdict, WindowVerdict
from aicodelint.model import Model, Thresholds
from aicodelint.rules import FAMILIES

WINDOW_LINES = 10


@pytest.fixture(autouse=True, scope="session")
def _no_daemon_and_no_cache_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Daemons are started by the tests that are about them, in a world of their own; nothing is left in the user's directories."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AICODELINT_NO_DAEMON", "1")
        patch.setenv("AICODELINT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


class RuleEngine:
    """Windows of ten lines: ``delve`` makes one AI-generated, ``perhaps`` leaves it open. Fewer than 3 lines are too little."""

    name = "in-process"
    device = "cpu"

    def __init__(self, chunk: int = 4) -> None:
        self.model = Model("rule", "0123456789abcdef", FAMILIES, Thresholds(ai=0.9, human=0.5, family=0.4))
        self.chunk = chunk
        self.closed = False
        self.judged = 0

    def judge(self, snippets: Iterable[Snippet]) -> Iterator[Verdict]:
        chunk: list[Snippet] = []
        for snippet in snippets:
            chunk.append(snippet)
            if len(chunk) == self.chunk:
                yield from map(self._one, chunk)
                chunk = []
        yield from map(self._one, chunk)

    def close(self) -> None:
        self.closed = True

    def _one(self, snippet: Snippet) -> Verdict:
        self.judged += 1
        lines = snippet.text.split("\n")
        windows = tuple(_window(lines, start) for start in range(0, len(lines), WINDOW_LINES))
        best = max(windows, key=lambda window: window.p_ai)
        if best.p_ai < 0.1:
            return Verdict(best.p_ai, None)
        return Verdict(best.p_ai, best.families, windows, too_little=len(lines) < 3)


def _window(lines: list[str], start: int) -> WindowVerdict:
    part = lines[start : start + WINDOW_LINES]
    text = "\n".join(part)
    p_ai = 0.9731 if "delve" in text else 0.7 if "perhaps" in text else 0.05
    named = next((family for family in FAMILIES if family in text), None)
    rest = round(0.39 / (len(FAMILIES) - 1), 4)
    families = tuple(0.61 if family == named else rest for family in FAMILIES)
    return WindowVerdict(start + 1, start + len(part), p_ai, families)


@pytest.fixture
def rule_engine() -> RuleEngine:
    return RuleEngine()


CODET5_TOKENIZER = Path(__file__).resolve().parents[2] / "shared" / "data" / "codet5-tokenizer"
CODET5P_220M = {"vocab_size": 32100, "d_model": 768, "d_kv": 64, "d_ff": 3072, "num_layers": 12, "num_heads": 12}
TINY = {"vocab_size": 600, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}


def write_t5_config(directory: Path, shape: dict[str, int], **more: Any) -> Any:
    from transformers import T5Config

    config = T5Config(**shape, feed_forward_proj="relu", pad_token_id=0, eos_token_id=2, dropout_rate=0.1, **more)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(config.to_diff_dict() | {"model_type": "t5"}, default=str), encoding="utf-8")
    return config


def write_tiny_tokenizer(path: Path) -> None:
    """A byte-level BPE in the mould of CodeT5's: <pad> 0, <s> 1, </s> 2, <unk> 3, <mask> 4, and <s> … </s> around a text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator([code for code, _ in labelled_code(30)], trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 1), add_prefix_space=False)
    tokenizer.save(str(path))


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer T5 seq2seq checkpoint with random weights, as ``pytorch_model.bin``, with a tokenizer of its own."""
    import torch
    from transformers import T5ForConditionalGeneration

    directory = tmp_path_factory.mktemp("tiny-t5")
    config = write_t5_config(directory, TINY)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(T5ForConditionalGeneration(config).state_dict(), directory / "pytorch_model.bin")
    write_tiny_tokenizer(directory / "tokenizer.json")
    return directory


@pytest.fixture(scope="session")
def codet5p_220m(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """codet5p-220m in the hub's layout: the whole seq2seq model at its true shape in half precision, random weights, the real tokenizer."""
    if not CODET5_TOKENIZER.is_dir():
        pytest.skip("the real CodeT5 tokenizer is not here: it lies in ../shared/data/codet5-tokenizer of the project")
    import torch
    from transformers import T5ForConditionalGeneration

    directory = tmp_path_factory.mktemp("codet5p-220m")
    config = write_t5_config(directory, CODET5P_220M)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(T5ForConditionalGeneration(config).half().state_dict(), directory / "pytorch_model.bin")
    shutil.copy(CODET5_TOKENIZER / "tokenizer.json", directory / "tokenizer.json")
    return directory


def labelled_code(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """Short files by three authors whose habits differ: (code, ``Human`` | ``alpha`` | ``beta``), in turn."""
    words = ("total", "count", "value", "item", "result", "index", "buffer", "node", "queue", "name", "path", "state")
    chance = random.Random(seed)
    made = []
    for number in range(count):
        first, second, third = chance.sample(words, 3)
        limit = chance.randint(2, 99)
        if number % 3 == 0:
            body = f"def {first}({second},{third}):\n  {second}={third}+{limit}\n  if {second}>{limit}: return {third}\n  return {second}\n"
            made.append((f"# hack\n{body}\nprint({first}({limit},1))\n", "Human"))
        elif number % 3 == 1:
            doc = f'    """Return the {second} of the given {third}."""\n'
            body = f'    if {third} is None:\n        raise ValueError("{third} must not be None")\n    return {second}_{third} + {limit}\n'
            made.append((f"def get_{first}({third}: int) -> int:\n{doc}{body}", "alpha"))
        else:
            body = f"    // Step 1: check the {third}\n    if ({third} > {limit}) {{\n        return null;\n    }}\n    return {second};\n"
            made.append((f"public static Integer {first}(int {second}, int {third}) {{\n{body}}}\n", "beta"))
    return made


@pytest.fixture(scope="session")
def three_authors() -> list[tuple[str, str]]:
    """Three hundred short files by three authors."""
    return labelled_code(300)


@pytest.fixture
def plane_bundle(tmp_path: Path) -> Callable[..., Path]:
    """Make bundles whose trees are a plane: logits that are the features, in the order of this version's, times ``weights`` (features, logits)."""
    onnx = pytest.importorskip("onnx")

    def make(weights: Any, **more: Any) -> Path:
        features, logits = weights.shape
        graph = onnx.helper.make_graph(
            [onnx.helper.make_node("MatMul", ["features", "weights"], ["logits"])],
            "plane",
            [onnx.helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, [1, features])],
            [onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [1, logits])],
            [onnx.numpy_helper.from_array(weights, "weights")],
        )
        data = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
        manifest = {
            "format_version": 1,
            "name": "plane",
            "labels": ["Human", "A"],
            "thresholds": {"ai": 0.9, "human": 0.5, "family": 0.4, "gate": 0.1},
            "window_tokens": 512,
            "minimum_tokens": 8,
            "files": {"gate.onnx": {"sha256": hashlib.sha256(data).hexdigest()}},
        }
        directory = tmp_path / "plane"
        directory.mkdir()
        (directory / "gate.onnx").write_bytes(data)
        (directory / "bundle.json").write_text(json.dumps(manifest | more))
        return directory

    return make
