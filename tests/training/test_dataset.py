from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aicodelint.training.dataset import CUT_CHARACTERS, cut_text, load_rows, modern, row_weights

LONG = "\n".join(f"line_{number} = call({number})" for number in range(120))


def table() -> pd.DataFrame:
    rows = [
        ("Human", "a/old", "wild", "", LONG),
        ("Human", "b/new", "wild", "no-ai-policy", LONG),
        ("Anthropic", "c/agent", "wild", "claude-code", LONG),
        ("Human", "PyPI:x", "PyPI", "", LONG),
        *[
            ("OpenAI", "bench/mark", "bench/mark", "", f"def f{number}(x):\n    return x + {number}  # a comment to be long enough\n")
            for number in range(60)
        ],
    ]
    frame = pd.DataFrame(rows, columns=["family", "source", "group", "tool", "code"])
    return frame.assign(
        sample_id=[str(n) for n in range(len(frame))], language="Python", generator="m", problem_id="", quality="file", fold=0, date="", license=""
    )


@pytest.fixture
def rows(tmp_path) -> pd.DataFrame:
    table().to_parquet(tmp_path / "train.parquet")
    return load_rows(tmp_path / "train.parquet")


def test_benchmarks_are_thinned_and_long_files_cut(rows):
    assert (rows["domain"] == "benchmark").sum() == 40
    cuts = rows[rows["cut"]]
    assert set(cuts["source"]) == {"a/old", "b/new", "c/agent", "PyPI:x"}
    assert all(text in LONG for text in cuts["text"])
    assert modern(rows).sum() == 2


def test_modern_human_rows_weigh_more_and_left_out_domains_nothing(rows):
    weights = row_weights(rows, {"wild": 1.0})
    whole = ~rows["cut"]
    assert weights[(rows["source"] == "b/new") & whole][0] == pytest.approx(2 * weights[(rows["source"] == "a/old") & whole][0])
    assert (weights[(rows["domain"] != "wild").to_numpy()] == 0).all()
    assert weights.mean() == pytest.approx(1)


def test_a_cut_is_a_run_of_whole_lines_of_the_wanted_length():
    rng = np.random.default_rng(0)
    lines = set(LONG.split("\n"))
    for _ in range(50):
        cut = cut_text(LONG, rng)
        assert set(cut.split("\n")) <= lines
        assert CUT_CHARACTERS[0] - 60 <= len(cut) <= 0.7 * len(LONG) + 60
