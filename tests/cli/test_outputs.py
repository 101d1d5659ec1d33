from __future__ import annotations

import pytest

from aicodelint.cli.outputs import pair_outputs
from aicodelint.errors import UsageError

F, TO = "format", "output"


@pytest.mark.parametrize(
    ("given", "pairs"),
    [
        ([], [("text", "-")]),
        ([(F, "json")], [("json", "-")]),
        ([(TO, "a")], [("text", "a")]),
        ([(F, "json"), (TO, "a")], [("json", "a")]),
        ([(TO, "a"), (F, "json")], [("json", "a")]),
        ([(F, "text"), (F, "json"), (TO, "a")], [("text", "-"), ("json", "a")]),
        ([(F, "json"), (TO, "a"), (F, "text")], [("json", "a"), ("text", "-")]),
        ([(F, "json"), (TO, "a"), (F, "sarif"), (TO, "b"), (TO, "c")], [("json", "a"), ("sarif", "b"), ("text", "c")]),
        ([(F, "json"), (TO, "-"), (F, "json"), (TO, "b")], [("json", "-"), ("json", "b")]),
    ],
)
def test_an_output_belongs_to_the_format_beside_it(given: list[tuple[str, str]], pairs: list[tuple[str, str]]) -> None:
    assert pair_outputs(given) == pairs


@pytest.mark.parametrize(
    "given", [[(F, "json"), (F, "text")], [(F, "json"), (TO, "-"), (F, "text")], [(F, "json"), (TO, "a"), (F, "text"), (TO, "./a")]]
)
def test_two_reports_never_share_a_place(given: list[tuple[str, str]]) -> None:
    with pytest.raises(UsageError, match="more than one report"):
        pair_outputs(given)
