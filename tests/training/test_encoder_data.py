import numpy as np
import pandas as pd
import pytest

from aicodelint.training.encoder_data import HUMAN, UNKNOWN_AUTHOR, Shards, WindowSampler, family_targets, kinds, sampling_weights


def rows() -> pd.DataFrame:
    def block(number: int, **values: str) -> pd.DataFrame:
        empty = {"code": "x", "language": "Python", "family": "Human", "source": "a/a", "group": "wild", "tool": "", "quality": "wild_file"}
        return pd.DataFrame([empty | values] * number)

    return pd.concat(
        [
            block(600, family="Anthropic", source="big/repository"),
            block(10, family="Other", source="small/repository"),
            block(200, tool="no-ai-policy", source="modern/project"),
            block(200, tool="before-september-2022", source="older/project"),
            block(200, source="oldest/project"),
            block(400, tool="before-agents", source="some/where"),
            block(500, family="Qwen", source="bench/mark", group="bench/mark", quality="function"),
            block(100, source="PyPI:a-1", group="PyPI", quality="file"),
            block(60, source="mbzuai-nlp/SemEval-2026-Task13", group="mbzuai-nlp/SemEval-2026-Task13", quality="semeval_in_domain"),
        ],
        ignore_index=True,
    )


def test_families_humans_and_strangers_are_told_apart() -> None:
    targets = family_targets(rows())
    found = rows()["family"]
    assert set(targets[found == "Human"]) == {HUMAN}
    assert set(targets[found == "Other"]) == {UNKNOWN_AUTHOR}
    assert set(targets[found == "Qwen"]) == {1}


def test_modern_human_files_are_drawn_more_often_than_doubtful_ones_and_labels_are_balanced() -> None:
    weights = sampling_weights(rows())
    kind = kinds(rows())
    assert weights.sum() == pytest.approx(1)
    assert weights[kind == "wild no-ai-policy"].sum() > weights[kind == "wild before-agents"].sum()
    wild = np.array([name.startswith("wild") for name in kind])
    human = (rows()["family"] == "Human").to_numpy()
    assert weights[wild & human].sum() / weights[wild].sum() == pytest.approx(0.5, abs=0.15)
    big = (rows()["source"] == "big/repository").to_numpy()
    small = (rows()["source"] == "small/repository").to_numpy()
    assert weights[small].mean() > weights[big].mean()


def test_a_second_round_draws_mostly_snippets() -> None:
    table = rows()
    wild = (table["group"] == "wild").to_numpy()
    assert sampling_weights(table, "snippets")[wild].sum() < sampling_weights(table)[wild].sum() / 2


@pytest.fixture
def shards() -> Shards:
    generator = np.random.default_rng(0)
    parts, starts = [], []
    for _ in range(20):
        lines = generator.integers(1, 12, generator.integers(1, 60))
        ids = np.concatenate([[5, *[9] * (length - 1)] for length in lines]).astype(np.uint16)
        parts.append(ids)
        starts.append(ids == 5)
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    return Shards(np.concatenate(parts), offsets, np.concatenate(starts))


def test_windows_are_whole_lines_of_the_row_they_name(shards: Shards) -> None:
    sampler = WindowSampler(shards, np.full(len(shards), 1 / len(shards)), seed=0)
    ids, chosen = sampler.batch(200, 64)
    assert ids.shape[0] == 200
    assert ids.shape[1] <= 64
    for window, row in zip([line[line != 0] for line in ids], chosen, strict=True):
        text = shards.ids[shards.offsets[row] : shards.offsets[row + 1]]
        assert window[0] == 5
        places = [begin for begin in range(len(text) - len(window) + 1) if np.array_equal(text[begin : begin + len(window)], window)]
        assert any(begin + len(window) == len(text) or text[begin + len(window)] == 5 for begin in places)


def test_a_restored_generator_draws_on_as_if_never_stopped(shards: Shards) -> None:
    weights = np.full(len(shards), 1 / len(shards))
    first = WindowSampler(shards, weights, seed=3)
    first.batch(10, 32)
    state = first.generator.bit_generator.state
    expected = first.batch(10, 32)[0]
    second = WindowSampler(shards, weights, seed=99)
    second.generator.bit_generator.state = state
    assert np.array_equal(second.batch(10, 32)[0], expected)
