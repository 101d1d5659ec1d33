from __future__ import annotations

import sysconfig
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from aicodelint.detection.bundle import MANIFEST, Bundle, default_path  # noqa: E402
from aicodelint.detection.detector import Detector  # noqa: E402
from aicodelint.detection.encoder_onnx import OnnxEncoder  # noqa: E402
from aicodelint.detection.encoder_torch import TorchEncoder  # noqa: E402
from aicodelint.detection.hub_torch import EncoderPlace  # noqa: E402
from aicodelint.detection.open_encoder import open_encoder  # noqa: E402
from aicodelint.engine import select  # noqa: E402
from aicodelint.errors import EngineError  # noqa: E402
from aicodelint.finding import Snippet  # noqa: E402

needs_default = pytest.mark.skipif(not (default_path() / MANIFEST).is_file(), reason="the default bundle is not in this checkout")


def _snippets(count: int) -> list[Snippet]:
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:: max(1, 150 // count)][:count]
    return [Snippet(path.read_text(encoding="utf-8", errors="replace")[:4000], "Python") for path in files]


@needs_default
def test_torch_and_onnx_runtime_give_the_same_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of a GPU, on CPU torch, beside int8 ONNX: the same status at the thresholds, P(AI) within 0.01."""
    torch.set_num_threads(1)
    bundle = Bundle.open(default_path())
    cpu = Detector(bundle, jobs=1)
    on_torch = Detector(bundle, jobs=1)
    monkeypatch.setattr(on_torch, "_encoder", TorchEncoder.load(EncoderPlace(bundle.path), "cpu"))
    snippets = _snippets(30)
    limits = bundle.model.thresholds
    before, after = cpu.judge(snippets), on_torch.judge(snippets)
    assert max(abs(one.p_ai - other.p_ai) for one, other in zip(before, after, strict=True)) <= 0.01
    said = [[(verdict.p_ai >= limits.ai, verdict.p_ai < limits.human) for verdict in verdicts] for verdicts in (before, after)]
    assert np.mean([one == other for one, other in zip(*said, strict=True)]) >= 0.995


@needs_default
def test_the_cpu_runs_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_encoder(Bundle.open(default_path()), "cpu", 1), OnnxEncoder)


@needs_default
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_cuda_without_a_device_says_so() -> None:
    with pytest.raises(EngineError, match="no CUDA device"):
        open_encoder(Bundle.open(default_path()), "cuda", 1)


def test_auto_takes_the_gpu_only_where_torch_can_run_on_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(select, "NVIDIA_PLACES", (str(tmp_path / "absent"),))
    assert select.resolve_device("auto") == "cpu"
    with pytest.raises(EngineError, match="there is no NVIDIA driver"):
        select.resolve_device("cuda")
    monkeypatch.setattr(select, "NVIDIA_PLACES", (str(tmp_path),))
    monkeypatch.setattr(select, "version", lambda name: "2.13.0+cpu")
    assert select.resolve_device("auto") == "cpu"
    with pytest.raises(EngineError, match="built for CPUs alone"):
        select.resolve_device("cuda")
    monkeypatch.setattr(select, "version", lambda name: "2.13.0+cu130")
    assert select.resolve_device("auto") == "cuda"
    assert select.resolve_device("cpu") == "cpu"
