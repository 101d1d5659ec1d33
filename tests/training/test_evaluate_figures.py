from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.metrics import f1_score, roc_auc_score, roc_curve

from aicodelint.errors import UsageError
from aicodelint.finding import Verdict
from aicodelint.model import Model, Thresholds
from aicodelint.rules import FAMILIES, TEN_FAMILIES
from aicodelint.training.evaluate_figures import figures, figures_by, ranking
from aicodelint.training.evaluate_intervals import LEVELS, area, found_at, histogram, intervals, level_at
from aicodelint.training.evaluate_rows import NO_FAMILY, Judged, JudgedRows, LabelMeaning
from aicodelint.training.tables import Sample

MODEL = Model("m", "0123", FAMILIES, Thresholds(ai=0.7, human=0.5, family=0.5))
LABELS = ("Human", "Qwen", "OpenAI", "Anthropic", "Copilot")


def fabricated(count: int = 1200, seed: int = 0) -> tuple[Judged, np.ndarray, list[str], list[Verdict]]:
    """Rows of five authors whose scores overlap, from forty sources; what they are by name, and their verdicts."""
    random = np.random.default_rng(seed)
    labels = [str(label) for label in random.choice(LABELS, count, p=[0.6, 0.1, 0.1, 0.1, 0.1])]
    rows = JudgedRows(LabelMeaning(labels))
    scores, verdicts = [], []
    for number, label in enumerate(labels):
        p_ai = round(float(random.beta(2, 4) if label == "Human" else random.beta(4, 2)), 4)
        shares = random.dirichlet(np.full(len(FAMILIES), 0.3))
        if label in FAMILIES and random.random() < 0.5:
            shares[FAMILIES.index(label)] += 1
        families = None if p_ai < 0.1 else tuple(float(round(share, 4)) for share in shares / shares.sum())
        verdicts.append(Verdict(p_ai, families, too_little=number % 50 == 0))
        scores.append(p_ai)
        sample = Sample(str(number), "x" * int(random.integers(50, 20_000)), label, source=f"s{number % 40}", date=f"{2019 + number % 8}-05-01")
        rows.add(sample, "Python" if number % 3 else "Go", verdicts[-1], MODEL)
    return rows.finish(), np.array(scores), labels, verdicts


def test_auc_and_shares_are_those_of_scikit_learn() -> None:
    judged, scores, labels, verdicts = fabricated()
    found = figures(judged)
    ai = np.array([label != "Human" for label in labels])
    assert found["auc"] == pytest.approx(roc_auc_score(ai, scores), abs=1e-4)
    false, true, _ = roc_curve(ai, scores, drop_intermediate=False)
    assert found["found_at_1"] == pytest.approx(true[false <= 0.01].max(), abs=1e-4)
    flagged = np.array([verdict.p_ai >= 0.7 and not verdict.too_little for verdict in verdicts])
    assert found["fpr"] == pytest.approx(flagged[~ai].mean(), abs=1e-4)
    assert found["tpr"] == pytest.approx(flagged[ai].mean(), abs=1e-4)
    assert (found["rows"], found["ai_rows"], found["too_little"]) == (1200, int(ai.sum()), 24)
    for x, y in found["roc"]:
        assert true[np.searchsorted(false, x - 1e-5)] - 1e-4 <= y <= true[np.searchsorted(false, x + 1e-5, side="right") - 1] + 1e-4
    assert found["roc"][0][0] == 0
    assert found["roc"][-1] == [1.0, 1.0]


def test_modern_human_rows_are_told_apart_by_year() -> None:
    judged, scores, labels, _ = fabricated()
    years = np.array([2019 + number % 8 for number in range(len(labels))])
    human = np.array([label == "Human" for label in labels])
    found = figures(judged)
    for key, mask in (("modern", human & (years >= 2023)), ("older", human & (years < 2023))):
        part = mask | ~human
        assert found[key]["human_rows"] == mask.sum()
        assert found[key]["auc"] == pytest.approx(roc_auc_score(~human[part], scores[part]), abs=1e-4)
    assert figures(replace(judged, year=np.zeros_like(judged.year)))["modern"] is None


def test_family_figures_are_those_of_scikit_learn() -> None:
    judged, _, labels, verdicts = fabricated()
    found = figures(judged)["families"]
    rows = [number for number, label in enumerate(labels) if label in FAMILIES]
    truth = [labels[number] for number in rows]
    guess = [FAMILIES[int(np.argmax(verdicts[number].families))] if verdicts[number].families else "none" for number in rows]
    present = ["Qwen", "OpenAI", "Anthropic"]
    assert found["macro_f1"] == pytest.approx(f1_score(truth, guess, labels=present, average="macro"), abs=1e-4)
    ten = [(name, verdicts[number]) for name, number in zip(truth, rows, strict=True) if name in TEN_FAMILIES]
    of_ten = [TEN_FAMILIES[int(np.argmax(verdict.families[:10]))] if verdict.families else "none" for _, verdict in ten]
    expected = f1_score([name for name, _ in ten], of_ten, labels=["Qwen", "OpenAI"], average="macro")
    assert found["macro_f1_ten"] == pytest.approx(expected, abs=1e-4)
    assert found["macro_f1_ten_over"] == ["Qwen", "OpenAI"]
    named = [
        number
        for number, verdict in enumerate(verdicts)
        if labels[number] != "Human" and verdict.families and max(verdict.families) >= 0.5 and verdict.p_ai >= 0.7 and not verdict.too_little
    ]
    right = [FAMILIES[int(np.argmax(verdicts[number].families))] == labels[number] for number in named]
    assert any(labels[number] == "Copilot" for number in named)
    assert found["precision"] == pytest.approx(np.mean(right), abs=1e-4)
    assert found["named_rows"] == len(named)
    assert found["precision_with_human"] < found["precision"]
    matrix = np.array(found["confusion"]["rows"])
    assert found["confusion"]["true"] == ["Qwen", "OpenAI", "Anthropic", "Copilot"]
    assert found["confusion"]["named"][-1] == "none (let go)"
    assert matrix.sum(axis=1).tolist() == [labels.count(name) for name in found["confusion"]["true"]]
    assert matrix[:, -1].sum() == sum(verdict.families is None and label != "Human" for verdict, label in zip(verdicts, labels, strict=True))


def test_labels_at_the_threshold_count_human_rows_as_well() -> None:
    judged, _, labels, verdicts = fabricated()
    known = [number for number, label in enumerate(labels) if label != "Copilot"]
    guess = []
    for number in known:
        verdict = verdicts[number]
        flagged = verdict.p_ai >= 0.7 and not verdict.too_little
        guess.append(FAMILIES[int(np.argmax(verdict.families))] if flagged else "Human")
    expected = f1_score([labels[number] for number in known], guess, labels=["Human", "Qwen", "OpenAI", "Anthropic"], average="macro")
    assert figures(judged)["families"]["macro_f1_labels"] == pytest.approx(expected, abs=1e-4)


def test_calibration_errors_are_small_for_honest_scores_and_large_for_others() -> None:
    random = np.random.default_rng(1)
    score = random.integers(0, 10_001, 20_000)
    honest = random.random(20_000) < score / 10_000
    judged, *_ = fabricated()
    for ai, low, high in ((honest, 0.0, 0.02), (random.random(20_000) < 0.5, 0.2, 0.3)):
        rows = replace(_cut(judged, 0), score=score, author=np.where(ai, 0, -1), **_blank(20_000))
        found = figures(rows)
        assert low <= found["ece"] <= high
        assert low <= found["ece_equal_width"] <= high
        assert len(found["reliability"]) == 15
        assert {part["rows"] for part in found["reliability"]} <= set(range(1300, 1366))


def test_many_equal_scores_fall_into_one_bin_whatever_their_order() -> None:
    judged, *_ = fabricated()
    score = np.repeat([100, 100, 9000], 100)
    ai = np.repeat([False, True, True], 100)
    order = np.random.default_rng(0).permutation(300)
    found = [figures(replace(_cut(judged, 0), score=score[o], author=np.where(ai[o], 0, -1), **_blank(300)))["ece"] for o in (np.arange(300), order)]
    assert found[0] == found[1] == pytest.approx((200 * abs(0.01 - 0.5) + 100 * abs(0.9 - 1)) / 300, abs=1e-4)


def test_too_few_rows_give_no_figure() -> None:
    judged, *_ = fabricated()
    human = np.flatnonzero(~judged.ai)
    few = _cut(judged, np.concatenate([human[:99], np.flatnonzero(judged.ai)]))
    assert figures(few)["found_at_1"] is None
    assert figures(few)["auc"] is not None
    nine = _cut(judged, np.concatenate([human[:9], np.flatnonzero(judged.ai)[:9]]))
    found = figures(nine)
    assert [found[name] for name in ("auc", "fpr", "tpr", "found_at_1", "ece")] == [None] * 5
    assert found["roc"] == found["reliability"] == []
    assert found["families"]["macro_f1"] is None
    assert figures(_cut(judged, human))["families"] == figures(_cut(judged, human[:1]))["families"]
    assert figures(_cut(judged, human))["families"]["rows"] == 0


def test_tables_compare_their_rows_at_one_threshold() -> None:
    judged, scores, labels, _ = fabricated(4000)
    human = np.array([label == "Human" for label in labels])
    cut = np.sort(scores[human])[::-1][int(0.01 * human.sum())]
    table = {row["value"]: row for row in figures_by(judged, "language")}
    for name, mask in (("Python", np.arange(4000) % 3 != 0), ("Go", np.arange(4000) % 3 == 0)):
        assert table[name]["found"] == pytest.approx((scores[mask & ~human] > cut).mean(), abs=1e-4)
        assert table[name]["auc"] == pytest.approx(roc_auc_score(~human[mask], scores[mask]), abs=1e-4)
    assert [row["value"] for row in figures_by(judged, "language")] == ["Python", "Go"]
    assert [row["value"] for row in figures_by(judged, "year")] == [str(year) for year in range(2019, 2027)]
    assert figures_by(judged, "length")[0]["value"] == "under 300"
    families = {row["value"]: row for row in figures_by(judged, "family")}
    assert set(families) == {"Qwen", "OpenAI", "Anthropic", "Copilot"}
    assert families["Copilot"]["f1"] is None
    qwen = np.array([label == "Qwen" for label in labels])
    assert families["Qwen"]["auc"] == pytest.approx(roc_auc_score(qwen[qwen | human], scores[qwen | human]), abs=1e-4)
    assert len(figures_by(judged, "source")) == 40


def test_a_table_by_what_no_row_has_is_empty() -> None:
    judged, *_ = fabricated(300)
    assert figures_by(replace(judged, source=np.full(300, -1), sources=()), "source") == []


def test_intervals_hold_the_truth_and_clusters_make_them_wider() -> None:
    """Each source has a leaning of its own: rows taken one by one look far surer than they are."""
    random = np.random.default_rng(2)
    cluster = np.repeat(np.arange(30), 60)
    ai = np.arange(1800) % 2 == 0
    leaning = random.normal(0, 1.5, 30)[cluster]
    score = np.clip(5000 + 1200 * (leaning + 1.5 * ai + random.normal(0, 1, 1800)), 0, 10_000).astype(np.int64)
    flagged = score >= 7000
    by_cluster = intervals(score, ai, flagged, cluster, seed=0)
    by_row = intervals(score, ai, flagged, None, seed=0)
    for name in ("auc", "tpr", "fpr"):
        assert by_cluster[name].high - by_cluster[name].low > 1.5 * (by_row[name].high - by_row[name].low) > 0
    assert by_row["auc"].low < area(histogram(score[ai]), histogram(score[~ai])) < by_row["auc"].high
    assert intervals(score, ai, flagged, cluster, seed=0) == by_cluster
    assert intervals(score, ai, flagged, cluster, seed=1) != by_cluster
    assert intervals(score, ai, flagged, np.zeros(1800, np.int64), seed=0) == {}
    assert "fpr" not in intervals(score, ai, np.zeros(1800, bool), cluster, seed=0)


def test_figures_say_what_was_resampled() -> None:
    judged, *_ = fabricated()
    assert (figures(judged)["bootstrap"], figures(judged)["clusters"]) == ("sources", 40)
    alone = replace(judged, source=np.full(1200, -1), sources=())
    assert (figures(alone)["bootstrap"], figures(alone)["clusters"]) == ("rows", 1200)
    grouped = replace(alone, group=judged.source, groups=judged.sources)
    assert figures(grouped)["bootstrap"] == "groups"


def test_a_threshold_at_a_rate_is_the_lowest_that_keeps_to_it() -> None:
    human = np.zeros(LEVELS)
    human[[100, 200, 300]] = [97, 2, 1]
    assert level_at(human, 0.01) == 201
    assert level_at(human, 0.03) == 101
    assert level_at(human, 0.0) == 301
    ai = np.zeros(LEVELS)
    ai[[200, 201]] = 5
    assert found_at(ai, human) == 0.5


def test_what_labels_mean() -> None:
    assert [LabelMeaning(["0", "1"])[label] for label in ("0", "1")] == ["Human", NO_FAMILY]
    assert LabelMeaning(["0", "1", "10"])["10"] == "OpenAI"
    assert LabelMeaning(["human", "AI"])["AI"] == NO_FAMILY
    meaning = LabelMeaning(["person", "Qwen"], human="person")
    assert (meaning["person"], meaning["Qwen"]) == ("Human", "Qwen")
    assert LabelMeaning(["HUMAN", "Somebody else"])["Somebody else"] == "Somebody else"
    assert LabelMeaning(["1"])["1"] == NO_FAMILY
    assert LabelMeaning(["-1", "2", "6"], human="-1")["2"] == "Qwen"
    with pytest.raises(UsageError, match="no row has the label persn that --human names"):
        LabelMeaning(["person", "Qwen"], human="persn")


def test_rows_without_families_of_their_own_give_none_of_their_figures() -> None:
    rows = JudgedRows(LabelMeaning(["human", "ai"]))
    for number in range(40):
        rows.add(Sample(str(number), "x", "ai" if number % 2 else "human"), None, Verdict(0.9 if number % 2 else 0.1, None), MODEL)
    found = figures(rows.finish())
    assert found["auc"] == 1.0
    assert found["families"]["rows"] == 0
    assert ranking(rows.finish(), rows.finish().ai, ~rows.finish().ai)["tpr"] == 1.0


def _cut(judged: Judged, rows: np.ndarray | int) -> Judged:
    kept = np.atleast_1d(rows)
    return replace(judged, **{name: getattr(judged, name)[kept] for name in ("score", "author", *_blank(1))})


def _blank(count: int) -> dict[str, np.ndarray]:
    numbers = {name: np.full(count, -1) for name in ("best", "best_of_ten", "source", "group", "language")}
    zero = {name: np.zeros(count, np.int64) for name in ("year", "length")}
    return numbers | zero | {name: np.zeros(count, bool) for name in ("flagged", "named", "too_little")}
