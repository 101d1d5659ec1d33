import json
from pathlib import Path

import numpy as np
import pytest
import torch

from aicodelint.detection.encoder_onnx import OnnxEncoder
from aicodelint.detection.head import Head
from aicodelint.training.encoder import IGNORE, DetectorModel, EncoderSize, Targets, mask_tokens, task_loss
from aicodelint.training.encoder_data import Shards, WindowSampler
from aicodelint.training.encoder_loop import Recipe, RowTargets, Trainer
from aicodelint.training.encoder_run import export_parts, load_parts
from aicodelint.training.muon import Muon, orthogonalised

TINY = EncoderSize(layers=2, width=32, feed_forward=64, heads=2, head_width=16)
VOCABULARY = 60


def tiny_model() -> DetectorModel:
    torch.manual_seed(0)
    return DetectorModel(TINY.config(VOCABULARY))


def trainer(folder: Path, seconds: float) -> Trainer:
    """Texts whose author is told by one token: anything that learns will find it."""
    generator = np.random.default_rng(0)
    ids = generator.integers(8, VOCABULARY, (40, 50)).astype(np.uint16)
    ids[:, ::10] = 5
    is_ai = np.arange(40) % 2 == 0
    ids[is_ai, 3::5] = 7
    shards = Shards(ids.ravel(), np.arange(41, dtype=np.int64) * 50, ids.ravel() == 5)
    weights = np.full(40, 1 / 40)
    targets = RowTargets(is_ai, np.ones(40, dtype=bool), np.where(is_ai, 1, -1), np.ones(40))
    recipe = Recipe(seconds=seconds, tokens_per_batch=512, checkpoint_every=1e9, most_threads=1)
    return Trainer(tiny_model(), WindowSampler(shards, weights, 0), targets, weights, recipe=recipe, folder=folder)


def test_learns_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    first = trainer(tmp_path, seconds=3)
    first.run()
    second = trainer(tmp_path, seconds=3)
    assert second.progress.step == first.progress.step > 5
    for before, after in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(before, after)
    assert second.optimizers[0].state_dict()["state"][0]["momentum"].abs().sum() > 0
    ids, rows = second.sampler.batch(40, 50)
    with torch.inference_mode():
        logits = second.model(torch.from_numpy(ids))[1][:, 0].numpy()
    assert logits[rows % 2 == 0].mean() > logits[rows % 2 == 1].mean() + 0.3
    assert json.loads((tmp_path / "progress.json").read_text())["tokens"] > 0


def test_the_exported_graph_agrees_with_the_encoder(tmp_path: Path) -> None:
    model = tiny_model().eval()
    export_parts(model, tmp_path)
    encoder = OnnxEncoder((tmp_path / "encoder.onnx").read_bytes(), jobs=2)
    head = Head.from_bytes((tmp_path / "head.safetensors").read_bytes())
    windows = [np.random.default_rng(length).integers(5, VOCABULARY, length) for length in (1, 2, 17, 200, 512)]
    found = encoder.encode(windows)
    with torch.inference_mode():
        expected = [model(torch.from_numpy(window[None])) for window in windows]
    for ours, (embedding, ai, _) in zip(found, expected, strict=True):
        cosine = np.dot(ours, embedding[0]) / np.linalg.norm(ours) / np.linalg.norm(embedding[0])
        assert cosine > 0.995
        assert np.allclose(head.logits(ours[None])[0][0], ai[0], atol=0.15)


def test_a_second_round_begins_where_the_first_ended(tmp_path: Path) -> None:
    first = tiny_model().eval()
    torch.nn.init.normal_(first.ai.weight)
    export_parts(first, tmp_path)
    torch.manual_seed(9)
    second = DetectorModel(TINY.config(VOCABULARY)).eval()
    load_parts(second, tmp_path)
    window = torch.randint(5, VOCABULARY, (1, 20))
    with torch.inference_mode():
        for ours, theirs in zip(second(window), first(window), strict=True):
            assert torch.allclose(ours, theirs, atol=0.02), "the weights are kept in half precision"


def test_padding_changes_nothing() -> None:
    model = tiny_model().eval()
    window = torch.randint(5, VOCABULARY, (1, 20))
    padded = torch.nn.functional.pad(window, (0, 13))
    with torch.inference_mode():
        assert torch.allclose(model(window)[0], model(padded)[0], atol=1e-5)


def test_only_masked_tokens_are_asked_for() -> None:
    ids = torch.randint(5, VOCABULARY, (8, 100))
    ids[:, 80:] = 0
    masked, wanted = mask_tokens(ids, 0.2, torch.Generator().manual_seed(0))
    asked = wanted != IGNORE
    assert torch.equal(masked[~asked], ids[~asked])
    assert set(masked[asked].tolist()) == {4}
    assert torch.equal(wanted[asked], ids[asked])
    assert not asked[:, 80:].any()


def test_strangers_pull_the_family_head_towards_abstaining() -> None:
    family = torch.zeros(2, 13)
    family[:, 3] = 4.0
    family.requires_grad_()
    targets = Targets(torch.ones(2), torch.ones(2), torch.tensor([-2, -1]), torch.ones(2))
    task_loss(torch.zeros(2, 3), family, targets, torch.ones(13)).backward()
    assert family.grad is not None
    assert family.grad[0, 3] > 0
    assert torch.equal(family.grad[1], torch.zeros(13))


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 8, 20), (2, 20, 8)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape: tuple[int, int, int]) -> None:
    values = torch.linalg.svdvals(orthogonalised(torch.randn(shape, generator=torch.Generator().manual_seed(0))))
    assert values.min() > 0.3
    assert values.max() < 1.5


def test_muon_descends() -> None:
    matrix = torch.nn.Parameter(torch.randn(6, 6, generator=torch.Generator().manual_seed(0)))
    optimizer = Muon([matrix], lr=0.1)
    start = matrix.pow(2).sum().item()
    for _ in range(50):
        optimizer.zero_grad()
        matrix.pow(2).sum().backward()
        optimizer.step()
    assert matrix.pow(2).sum().item() < start / 2
