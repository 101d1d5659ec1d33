from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from safetensors.torch import save_file  # noqa: E402

from aicodelint.detection.encoder_torch import TorchEncoder, encoder_fingerprint  # noqa: E402
from aicodelint.detection.hub_torch import EncoderPlace, locate_encoder  # noqa: E402
from aicodelint.errors import BundleError, EngineError, UsageError  # noqa: E402


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _load(directory: Path, **options: object) -> TorchEncoder:
    return TorchEncoder.load(locate_encoder(str(directory)), device="cpu", **options)  # type: ignore[arg-type]


def _copy(directory: Path, target: Path) -> Path:
    return Path(shutil.copytree(directory, target / "copy"))


def _windows() -> list[list[int]]:
    random = np.random.default_rng(0)
    return [random.integers(5, 260, size).tolist() for size in (40, 3, 500, 1, 120, 40)]


def _reference(directory: Path, windows: list[list[int]]) -> np.ndarray:
    """The naive way: the whole seq2seq model of transformers, one unpadded window at a time."""
    model = transformers.T5ForConditionalGeneration(transformers.T5Config.from_json_file(directory / "config.json"))
    model.load_state_dict(torch.load(directory / "pytorch_model.bin", weights_only=True))
    encoder = model.eval().get_encoder()
    with torch.inference_mode():
        return np.stack([encoder(input_ids=torch.tensor([[1, *window, 2]])).last_hidden_state.mean(1)[0].numpy() for window in windows])


def test_embeddings_are_those_of_the_seq2seq_model_s_encoder(tiny_encoder: Path) -> None:
    found = _load(tiny_encoder).encode(_windows())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, _reference(tiny_encoder, _windows()), atol=2e-5)


@pytest.mark.parametrize("budget", [8, 100, 100_000])
def test_the_token_budget_does_not_change_an_embedding(tiny_encoder: Path, budget: int) -> None:
    np.testing.assert_allclose(_load(tiny_encoder, batch_tokens=budget).encode(_windows()), _load(tiny_encoder).encode(_windows()), atol=2e-5)


def test_safetensors_and_bin_and_encoder_alone_give_the_same(tiny_encoder: Path, tmp_path: Path) -> None:
    copy = _copy(tiny_encoder, tmp_path)
    weights = torch.load(copy / "pytorch_model.bin", weights_only=True)
    (copy / "pytorch_model.bin").unlink()
    alone = {
        name: tensor.clone()
        for name, tensor in weights.items()
        if name.startswith("encoder.block") or name.startswith("encoder.final") or name == "shared.weight"
    }
    save_file(alone, str(copy / "model.safetensors"))
    np.testing.assert_array_equal(_load(copy).encode(_windows()), _load(tiny_encoder).encode(_windows()))


def test_sharded_safetensors(tiny_encoder: Path, tmp_path: Path) -> None:
    copy = _copy(tiny_encoder, tmp_path)
    weights = {name: tensor.clone() for name, tensor in torch.load(copy / "pytorch_model.bin", weights_only=True).items()}
    (copy / "pytorch_model.bin").unlink()
    names = sorted(weights)
    parts = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for part, held in parts.items():
        save_file({name: weights[name] for name in held}, str(copy / part))
    index = {"weight_map": {name: part for part, held in parts.items() for name in held}}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))
    np.testing.assert_array_equal(_load(copy).encode(_windows()), _load(tiny_encoder).encode(_windows()))


@pytest.mark.parametrize(("dtype", "tolerance"), [("bf16", 0.1), ("fp16", 0.02)])
def test_half_precision_stays_close_and_fp16_keeps_wo(tiny_encoder: Path, dtype: str, tolerance: float) -> None:
    encoder = _load(tiny_encoder, dtype=dtype)
    kinds = {name: tensor.dtype for name, tensor in encoder.model.named_parameters()}
    assert kinds["encoder.block.0.layer.0.SelfAttention.q.weight"] == {"bf16": torch.bfloat16, "fp16": torch.float16}[dtype]
    assert kinds["encoder.block.0.layer.1.DenseReluDense.wo.weight"] == {"bf16": torch.bfloat16, "fp16": torch.float32}[dtype]
    np.testing.assert_allclose(encoder.encode(_windows()), _load(tiny_encoder).encode(_windows()), atol=tolerance)


def test_the_encoder_is_frozen(tiny_encoder: Path) -> None:
    encoder = _load(tiny_encoder)
    assert not encoder.model.training
    assert not any(parameter.requires_grad for parameter in encoder.model.parameters())


def test_no_decoder_weight_is_kept(tiny_encoder: Path) -> None:
    assert not any("decoder" in name or "lm_head" in name for name, _ in _load(tiny_encoder).model.named_parameters())


def test_out_of_memory_halves_the_batch_and_the_result_is_the_same(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, calls = _load(tiny_encoder, batch_tokens=4096), []
    forward = encoder.model.forward

    def limited(input_ids: torch.Tensor, attention_mask: torch.Tensor) -> object:
        calls.append(tuple(input_ids.shape))
        if input_ids.numel() > 600:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(input_ids=input_ids, attention_mask=attention_mask)

    monkeypatch.setattr(encoder.model, "forward", limited)
    found = encoder.encode(_windows())
    assert max(rows * length for rows, length in calls) > 600
    assert encoder.batch_tokens <= 600
    np.testing.assert_allclose(found, _load(tiny_encoder).encode(_windows()), atol=2e-5)


def test_out_of_memory_on_a_single_window_says_so(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = _load(tiny_encoder)

    def full(**_: object) -> object:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")

    monkeypatch.setattr(encoder.model, "forward", full)
    with pytest.raises(EngineError, match="not even one window of 502 tokens"):
        encoder.encode(_windows())


def test_another_error_is_not_taken_for_lack_of_memory(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = _load(tiny_encoder)

    def broken(**_: object) -> object:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(encoder.model, "forward", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        encoder.encode(_windows())


def test_wrong_architecture(tiny_encoder: Path, tmp_path: Path) -> None:
    copy = _copy(tiny_encoder, tmp_path)
    (copy / "config.json").write_text('{"model_type": "roberta"}')
    with pytest.raises(BundleError, match="model of type 'roberta'; aicodelint needs a T5 encoder"):
        _load(copy)


def test_wrong_shape(tiny_encoder: Path, tmp_path: Path) -> None:
    copy = _copy(tiny_encoder, tmp_path)
    values = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(values | {"d_ff": 128}))
    with pytest.raises(BundleError, match=r"has shape .* where config\.json asks for"):
        _load(copy)


def test_missing_weights(tiny_encoder: Path, tmp_path: Path) -> None:
    copy = _copy(tiny_encoder, tmp_path)
    values = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(values | {"num_layers": 3}))
    with pytest.raises(BundleError, match="lacks 8 of the encoder's"):
        _load(copy)
    (copy / "pytorch_model.bin").unlink()
    with pytest.raises(BundleError, match="holds no weights"):
        _load(copy)


def test_a_tokenizer_of_another_model_is_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    copy = _copy(tiny_encoder, tmp_path)
    document = json.loads((copy / "tokenizer.json").read_text())
    document["model"]["vocab"]["zzzz"] = 5000
    (copy / "tokenizer.json").write_text(json.dumps(document))
    with pytest.raises(BundleError, match=r"wrong tokenizer: .* token ids up to 5000, and its encoder knows 600"):
        _load(copy)


def test_a_tokenizer_that_loses_line_breaks_is_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    copy = _copy(tiny_encoder, tmp_path)
    tokenizer = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(copy / "tokenizer.json"))
    with pytest.raises(BundleError, match="wrong tokenizer"):
        _load(copy)


def test_missing_tokenizer(tiny_encoder: Path, tmp_path: Path) -> None:
    copy = _copy(tiny_encoder, tmp_path)
    (copy / "tokenizer.json").unlink()
    with pytest.raises(BundleError, match=r"no tokenizer\.json"):
        _load(copy)


class _Malicious:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('code ran')",))


def test_a_malicious_pickle_is_refused_and_does_not_run(tiny_encoder: Path, tmp_path: Path) -> None:
    copy = _copy(tiny_encoder, tmp_path)
    torch.save({"shared.weight": _Malicious()}, copy / "pytorch_model.bin")
    with pytest.raises(BundleError, match="refused to load"):
        _load(copy)


@pytest.mark.parametrize("kept", [0, 10, 5000])
def test_a_truncated_bin_is_refused(tiny_encoder: Path, tmp_path: Path, kept: int) -> None:
    copy = _copy(tiny_encoder, tmp_path)
    (copy / "pytorch_model.bin").write_bytes((tiny_encoder / "pytorch_model.bin").read_bytes()[:kept])
    with pytest.raises(BundleError, match=r"truncated|damaged"):
        _load(copy)


def test_truncated_safetensors_are_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    copy = _copy(tiny_encoder, tmp_path)
    weights = {name: tensor.clone() for name, tensor in torch.load(copy / "pytorch_model.bin", weights_only=True).items()}
    save_file(weights, str(copy / "model.safetensors"))
    (copy / "model.safetensors").write_bytes((copy / "model.safetensors").read_bytes()[:-100])
    with pytest.raises(BundleError, match="truncated"):
        _load(copy)


def test_the_fingerprint_follows_the_weights(tiny_encoder: Path, tmp_path: Path) -> None:
    copy = _copy(tiny_encoder, tmp_path)
    before = encoder_fingerprint(EncoderPlace(copy))
    assert before == encoder_fingerprint(EncoderPlace(tiny_encoder))
    data = bytearray((copy / "pytorch_model.bin").read_bytes())
    data[len(data) // 2] ^= 1
    (copy / "pytorch_model.bin").write_bytes(bytes(data))
    assert encoder_fingerprint(EncoderPlace(copy)) != before


def test_unknown_device_and_number_type(tiny_encoder: Path) -> None:
    place = locate_encoder(str(tiny_encoder))
    with pytest.raises(UsageError, match="unknown device 'tpu'"):
        TorchEncoder.load(place, device="tpu")
    with pytest.raises(UsageError, match="unknown number type 'int4'"):
        TorchEncoder.load(place, device="cpu", dtype="int4")
    if not torch.cuda.is_available():
        with pytest.raises(EngineError, match="no CUDA device"):
            TorchEncoder.load(place, device="cuda")


def test_a_missing_name_and_a_hub_model_that_is_not_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BundleError, match="there is no directory"):
        locate_encoder(str(tmp_path / "absent" / "deeper"))
    with pytest.raises(BundleError, match=r"Salesforce/codet5p-220m is not on this machine; fetch it once with: hf download .* --revision 2b92f36e"):
        locate_encoder("Salesforce/codet5p-220m")


def _fill_hub_cache(cache: Path, files: Path, commit: str) -> None:
    """Lay ``files`` out as the hub's local cache has a model ``Some/model`` at ``commit``."""
    model = cache / "models--Some--model"
    shutil.copytree(files, model / "snapshots" / commit)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(commit)


def test_no_thread_and_no_connection_when_a_cached_hub_model_is_loaded(tiny_encoder: Path, tmp_path: Path) -> None:
    """transformers would start a thread that converts a ``.bin`` by way of the hub; here no thread starts and no socket is opened."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    _fill_hub_cache(tmp_path, tiny_encoder, commit)
    script = """
import socket, sys, threading
opened, started = [], []
def refuse(*args, **kwargs):
    opened.append(args)
    raise OSError("no network in this test")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
start = threading.Thread.start
def noted(self):
    started.append((self.name, getattr(self, "_target", None)))
    start(self)
threading.Thread.start = noted
from aicodelint.detection.encoder_torch import TorchEncoder
from aicodelint.detection.hub_torch import locate_encoder
place = locate_encoder("Some/model")
encoder = TorchEncoder.load(place, device="cpu")
print(encoder.encode([[5, 6, 7]]).shape, place.revision)
assert not opened, opened
assert not started, started
assert threading.enumerate() == [threading.main_thread()]
"""
    environment = {"HF_HUB_CACHE": str(tmp_path), "PATH": "", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[0] == f"(1, 32) {commit}"


def test_offline_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BundleError, match=r"cannot reach the Hugging Face hub .* and config\.json of Some/model is not on this machine"):
        locate_encoder("Some/model", download=True)
