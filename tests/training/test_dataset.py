from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aicodelint.training.dataset import CUT_CHARACTERS, FEWEST_OWNERS, cut_text, load_rows, modern, row_weights
from aicodelint.training.splits import LABELLED_PACKAGES

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


def test_labelled_packages_come_last_by_owner_and_leave_the_languages_as_they_are(tmp_path):
    table().to_parquet(tmp_path / "train.parquet")
    packages = [("Other", f"pypi:{number}", "agent-notes", "Python") for number in range(FEWEST_OWNERS)]
    packages += [("Human", f"pypi:old-{number}", "before-agents", "Python") for number in range(FEWEST_OWNERS - 1)]
    packages += [("Other", "npm:few", "agent-notes", "TypeScript")]
    frame = pd.DataFrame(packages, columns=["family", "source", "tool", "language"])
    frame = frame.assign(
        sample_id=[f"p{n}" for n in range(len(frame))],
        code=LONG,
        group=LABELLED_PACKAGES,
        fold=0,
        generator="",
        problem_id="",
        quality="file",
        license="MIT",
    )
    frame.to_parquet(tmp_path / "packages.parquet")
    without = load_rows(tmp_path / "train.parquet")
    rows = load_rows(tmp_path / "train.parquet", tmp_path / "packages.parquet")
    own = len(without)
    pd.testing.assert_frame_equal(rows[:own][list(without)].astype(object), without.astype(object))
    assert set(rows["domain"][own:]) == {"labelled"}
    assert rows[own:].groupby("source")["split"].nunique().max() == 1
    assert rows["split"][own:].nunique() > 1
    assert rows["cut"][own:].any()

    weights = row_weights(rows, {"wild": 1.0, "labelled": 0.5})
    ai, python = rows["ai"].to_numpy(), (rows["language"] == "Python").to_numpy()
    labelled = (rows["domain"] == "labelled").to_numpy()
    assert weights[labelled & ai & python].sum() == pytest.approx(0.5 * weights[~labelled & ai].sum())
    assert weights[labelled & (~ai | ~python)].sum() == 0  # nine owners, and one
    assert weights[ai].sum() == pytest.approx(weights[~ai].sum())
    assert row_weights(rows, {"wild": 1.0})[labelled].sum() == 0


def test_a_cut_is_a_run_of_whole_lines_of_the_wanted_length():
    rng = np.random.default_rng(0)
    lines = set(LONG.split("\n"))
    for _ in range(50):
        cut = cut_text(LONG, rng)
        assert set(cut.split("\n")) <= lines
        assert CUT_CHARACTERS[0] - 60 <= len(cut) <= 0.7 * len(LONG) + 60
