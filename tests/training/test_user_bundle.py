from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("lightgbm")

from aicodelint.errors import UsageError
from aicodelint.training.tables import Sample
from aicodelint.training.user_bundle import Labelled, labelled_rows


def _rows(*labels: str, human: str | None = None, only: str | None = None) -> Labelled:
    return labelled_rows([Sample(str(number), f"x = {number}", label) for number, label in enumerate(labels)], human, only)


@pytest.mark.parametrize(
    ("labels", "human", "family"),
    [(("0", "1", "1"), None, [-1, 0, 0]), (("Human", "1"), None, [-1, 0]), (("0", "1"), "Human", [-1, 0]), (("0", "1"), "1", [0, -1])],
)
def test_labels_0_and_1_alone_name_no_family(labels: tuple[str, ...], human: str | None, family: list[int]) -> None:
    data = _rows(*labels, human=human)
    assert (data.families, data.family.tolist(), data.ai_or_human) == (("AI",), family, True)


def test_other_ids_name_families() -> None:
    data = _rows("0", "1", "2")
    assert (data.families, data.ai_or_human) == (("DeepSeek-AI", "Qwen"), False)


def test_ids_with_human_by_name() -> None:
    data = _rows("0", "2", "6", human="Human")
    assert (data.families, data.family.tolist()) == (("Qwen", "Phi"), [-1, 0, 1])


def test_a_label_of_its_own_for_human_rows() -> None:
    data = _rows("-1", "2", "6", human="-1")
    assert (data.families, data.family.tolist()) == (("Qwen", "Phi"), [-1, 0, 1])


@pytest.mark.parametrize("only", [None, "gate"])
def test_ai_as_the_only_other_label_is_no_family(only: str | None) -> None:
    assert _rows("human", "ai", only=only).families == ("AI",)


def test_a_gate_takes_any_names() -> None:
    assert _rows("human", "id", "label", only="gate").families == ("AI",)


@pytest.mark.parametrize(
    ("labels", "human", "message"),
    [
        (("Human", "Phi"), "Humna", "no row has the label Humna that --human names; the labels are Human, Phi"),
        (("Human", "Phi", "Qwen"), "Phi", "with --human Phi rows labelled 0 or Human would be AI"),
        (("0", "2", "6"), "2", "rows labelled 0 or Human would be AI"),
        (("Human", "Phi", "p_ai", "Family"), None, "no family can be called Family, p_ai"),
        (("Human", "Phi", "AI"), None, "no family can be called AI"),
        (("00", "2", "6"), None, "no family can be called Human"),
        (("0", "2", "14"), None, "there is no 14"),
    ],
)
def test_labels_that_would_be_misread_are_refused(labels: tuple[str, ...], human: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        _rows(*labels, human=human)
