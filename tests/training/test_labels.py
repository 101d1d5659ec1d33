from __future__ import annotations

import pytest

pytest.importorskip("numpy")

from aicodelint.errors import UsageError
from aicodelint.training.labels import family_names, is_ai_or_human, is_human, named, reserved_names


@pytest.mark.parametrize("human", [None, "Human", "human ", "0"])
def test_0_and_human_are_the_same(human: str | None) -> None:
    assert is_human(["0", "Human", "HUMAN", "2", "Qwen"], human).tolist() == [True, True, True, False, False]


def test_another_human_label_stands_alone() -> None:
    assert is_human(["0", "Human", "People"], "people").tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("human", "ai", "expected"),
    [
        ({"0"}, ["1", "1"], True),
        ({"Human"}, ["1"], True),
        ({"1"}, ["0"], True),
        ({"0"}, ["2"], False),
        ({"0"}, ["1", "2"], False),
        ({"people"}, ["1"], False),
        (set(), ["1"], False),
    ],
)
def test_0_and_1_alone_are_human_and_ai(human: set[str], ai: list[str], expected: bool) -> None:
    assert is_ai_or_human(human, ai) is expected


def test_ids_become_names_and_names_stay() -> None:
    assert family_names(["0", "1", "13"]) == ["Human", "DeepSeek-AI", "xAI"]
    assert family_names(["1", "mine"]) == ["1", "mine"]
    assert family_names([]) == []


def test_integers_that_are_no_ids_are_named() -> None:
    with pytest.raises(UsageError, match=r"0 \(human\) to 13; there is no -1, 14: call families of your own by name"):
        family_names(["0", "2", "14", "-1", "14"])


def test_names_that_mean_something_else_in_predictions() -> None:
    assert reserved_names(("Qwen", "ID", "p_ai", "ai", "Human")) == ["ID", "p_ai", "ai", "Human"]
    assert reserved_names(("AI",)) == reserved_names(("Qwen", "AI21")) == []


def test_many_labels_are_cut_short() -> None:
    assert named([f"{number:02}" for number in range(12)]) == "00, 01, 02, 03, 04, 05, 06, 07, 08, 09 and 2 more"
