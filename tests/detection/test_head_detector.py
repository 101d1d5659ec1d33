from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save

torch = pytest.importorskip("torch")
pytest.importorskip("lightgbm")
pytest.importorskip("sklearn")

from aicodelint.detection.bundle import Bundle  # noqa: E402
from aicodelint.detection.head_detector import HeadDetector  # noqa: E402
from aicodelint.detection.open_detector import open_detector  # noqa: E402
from aicodelint.errors import BundleError  # noqa: E402
from aicodelint.finding import Snippet  # noqa: E402
from aicodelint.training.heads import HeadRecipe  # noqa: E402
from aicodelint.training.tables import Sample  # noqa: E402
from aicodelint.training.text_encoder import open_text_encoder  # noqa: E402
from aicodelint.training.train_run import run_training  # noqa: E402
from aicodelint.training.user_bundle import TrainingPlan, labelled_rows  # noqa: E402

LICENCE = "# Copyright 2019 Some One\n# Licensed under the Apache License, Version 2.0\n# http://www.apache.org/licenses/LICENSE-2.0\n\n"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path, three_authors: list[tuple[str, str]]) -> Path:
    torch.set_num_threads(1)
    samples = [Sample(str(number), code, label) for number, (code, label) in enumerate(three_authors[:150])]
    output = tmp_path_factory.mktemp("bundles") / "mine"
    plan = TrainingPlan(recipe=HeadRecipe(max_epochs=8, learning_rate=3e-3))
    run_training(labelled_rows(samples, None, None), open_text_encoder(tiny_encoder, device="cpu"), plan, output)
    return output


@pytest.fixture(scope="module")
def detector(bundle: Path) -> HeadDetector:
    found = open_detector(Bundle.open(bundle))
    assert isinstance(found, HeadDetector)
    return found


def _snippets(rows: list[tuple[str, str]]) -> list[Snippet]:
    return [Snippet(code, None) for code, _ in rows]


def test_what_else_is_judged_changes_no_verdict(detector: HeadDetector, three_authors: list[tuple[str, str]]) -> None:
    snippets = [*_snippets(three_authors[150:170]), Snippet("", None), Snippet("\n\n", "Python"), Snippet("x", None)]
    together = detector.judge(snippets)
    assert [detector.judge([snippet])[0] for snippet in snippets] == together
    assert detector.judge(snippets[::-1]) == together[::-1]


def test_windows_cover_a_long_text_in_its_own_line_numbers(detector: HeadDetector, three_authors: list[tuple[str, str]]) -> None:
    body = "".join(code for code, label in three_authors if label == "alpha")
    text = LICENCE + "\n\n" + body
    (verdict,) = detector.judge([Snippet(text, "Python")])
    assert len(verdict.windows) > 3
    assert verdict.windows[0].start_line == LICENCE.count("\n") + 3
    assert verdict.windows[-1].end_line == text.count("\n")
    for before, after in zip(verdict.windows, verdict.windows[1:], strict=False):
        assert after.start_line == before.end_line + 1
    assert verdict.families is not None
    assert sum(verdict.families) == pytest.approx(1, abs=1e-3)
    assert round(verdict.p_ai, 4) == verdict.p_ai


def test_the_gate_lets_human_texts_go_without_families(detector: HeadDetector, three_authors: list[tuple[str, str]]) -> None:
    human = [Snippet(code, "Python") for code, label in three_authors[150:] if label == "Human"]
    verdicts = detector.judge(human)
    assert np.mean([verdict.families is None for verdict in verdicts]) > 0.9
    assert max(verdict.p_ai for verdict in verdicts if verdict.families is None) < 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blend": {"bias": 0}}, "blend cannot be read"),
        ({"blend": {"bias": float("nan"), "trees": 1, "head": 1}}, "not finite"),
        ({"blend": {"bias": 10**400, "trees": 1, "head": 1}}, "blend cannot be read"),
        *(({"family_temperature": value}, "family_temperature cannot be read") for value in ("warm", [1.0], None, 10**400)),
        *(({"family_temperature": value}, "family_temperature is") for value in (0, -1.0, 1e-320, float("nan"), float("inf"))),
        ({"window_tokens": 2}, "no room beside the encoder's 2 special ones"),
        ({"labels": ["Human", "a", "b", "c"]}, "a head of 3 family classes; it has 2"),
        ({"encoder": {}}, "neither a hub model nor a path"),
        ({"encoder": None}, "neither holds an encoder nor names one"),
        ({"ai_from": "0" * 16}, "another default bundle|not a bundle"),
        ({"kind": "poem"}, "a kind this version does not know: 'poem'"),
    ],
)
def test_manifests_that_make_no_sense_are_refused(bundle: Path, tmp_path: Path, change: dict[str, object], message: str) -> None:
    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    manifest = json.loads((copy / "bundle.json").read_text()) | change
    (copy / "bundle.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=message) as caught:
        open_detector(Bundle.open(copy))
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_family_head_that_overflows_is_refused_when_a_text_meets_it(bundle: Path, tmp_path: Path, three_authors: list[tuple[str, str]]) -> None:
    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    tensors = load_file(copy / "head.safetensors")
    document = save(tensors | {name: np.full_like(tensor, 3e38) for name, tensor in tensors.items() if name.startswith("family.")})
    (copy / "head.safetensors").write_bytes(document)
    manifest = json.loads((copy / "bundle.json").read_text())
    manifest["files"]["head.safetensors"]["sha256"] = hashlib.sha256(document).hexdigest()
    (copy / "bundle.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="what the head makes of a text"):
        open_detector(Bundle.open(copy)).judge(_snippets([row for row in three_authors if row[1] != "Human"][:5]))
