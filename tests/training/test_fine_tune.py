"""What a fine-tuned encoder is kept with. tests/cli/test_train.py trains one from beginning to end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("sklearn")

from aicodelint.training.fine_tune import FineTuning, fine_tune  # noqa: E402
from aicodelint.training.tables import Sample  # noqa: E402
from aicodelint.training.text_encoder import open_text_encoder  # noqa: E402
from aicodelint.training.user_bundle import labelled_rows  # noqa: E402


def test_a_tokenizer_in_the_older_files_is_kept_with_the_encoder(tiny_encoder: Path, tmp_path: Path, three_authors: list[tuple[str, str]]) -> None:
    torch.set_num_threads(1)
    older = Path(shutil.copytree(tiny_encoder, tmp_path / "older"))
    model = json.loads((older / "tokenizer.json").read_text())["model"]
    (older / "vocab.json").write_text(json.dumps(model["vocab"]))
    (older / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{' '.join(pair)}\n" for pair in model["merges"]))
    (older / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "RobertaTokenizer"}))
    (older / "tokenizer.json").unlink()
    output = tmp_path / "mine"
    (output / "encoder").mkdir(parents=True)
    shutil.copy(tiny_encoder / "tokenizer.json", output / "encoder" / "tokenizer.json")
    data = labelled_rows([Sample(str(number), code, label) for number, (code, label) in enumerate(three_authors[:12])], None, None)
    tuned = fine_tune(data, open_text_encoder(older, device="cpu"), output, recipe=FineTuning(epochs=1), key="one")
    assert not (output / "encoder" / "tokenizer.json").exists(), "the one of an earlier training"
    windows = open_text_encoder(older, device="cpu").windows([three_authors[0][0]])
    np.testing.assert_array_equal(tuned.windows([three_authors[0][0]])[0][0], windows[0][0])
