from __future__ import annotations

from pathlib import Path

import pytest

from aicodelint.config import Config
from aicodelint.finding import FileResult, Snippet, SourceFile
from aicodelint.policy import Fingerprints, Options, Policy

HUMAN = "plain\n" * 10
AI = "delve\n" + "y\n" * 9


def decide(engine, text: str, config: Config = Config(), options: Options = Options(), **source) -> FileResult:  # noqa: B008
    verdict = next(engine.judge([Snippet(text, "Python")]))
    return Policy(engine.model, config, options, Path("/r"), Fingerprints()).decide(SourceFile("a.py", text, "Python", **source), verdict)


def told(result: FileResult) -> list[tuple[str, int]]:
    return [(finding.code, finding.start_line) for finding in result.findings]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# aicodelint: ignore\n" + HUMAN, [("AIC900", 1)]),
        ("# aicodelint: ignore-file\n" + HUMAN, [("AIC900", 1)]),
        ("# aicodelint: ignore\n" + AI, []),
        ("# aicodelint: ignore-file\n" + AI, []),
        ("# aicodelint: ignore[AIC104]\n" + AI, [("AIC100", 1), ("AIC900", 1)]),
        (AI + HUMAN + "# aicodelint: ignore\n" + HUMAN, [("AIC100", 1), ("AIC900", 21)]),
        (AI + HUMAN + "# aicodelint: ignore-file\n", []),
        ("# aicodelint: ignore\n" + "perhaps\n" * 9, []),
    ],
)
def test_ignores_that_hold_nothing_back(rule_engine, text: str, found: list[tuple[str, int]]) -> None:
    assert told(decide(rule_engine, text)) == found


def test_a_reason_is_asked_for_where_configured(rule_engine) -> None:
    config = Config(require_reason=True)
    assert told(decide(rule_engine, "# aicodelint: ignore-file\n" + AI, config)) == [("AIC901", 1)]
    assert told(decide(rule_engine, "# aicodelint: ignore-file -- reviewed\n" + AI, config)) == []
    assert told(decide(rule_engine, "# aicodelint: ignore-file\n" + AI)) == []


def test_they_can_be_ignored_by_configuration_but_by_no_comment(rule_engine) -> None:
    assert told(decide(rule_engine, "# aicodelint: ignore[AIC900]\n" + HUMAN)) == [("AIC900", 1)]
    assert told(decide(rule_engine, "# aicodelint: ignore\n" + HUMAN, Config(ignore=("AIC900",)))) == []
    assert told(decide(rule_engine, "# aicodelint: ignore\n" + HUMAN, options=Options(inline=False))) == []


def test_of_a_change_only_changed_lines_are_told(rule_engine) -> None:
    text = "# aicodelint: ignore\n" + HUMAN
    assert told(decide(rule_engine, text, changed_lines=((1, 1),))) == [("AIC900", 1)]
    assert told(decide(rule_engine, text, changed_lines=((5, 6),))) == []


def test_an_ignore_stays_used_when_configuration_holds_the_finding_back(rule_engine) -> None:
    assert told(decide(rule_engine, "# aicodelint: ignore\n" + AI, Config(ignore=("AIC100",)))) == []


def test_its_line_its_fingerprint_and_no_probability(rule_engine) -> None:
    one, two = (decide(rule_engine, "x\n" * count + "# aicodelint: ignore\n" + HUMAN).findings[0] for count in (1, 4))
    assert (one.start_line, one.end_line, one.end_column, one.p_ai) == (2, 2, 21, None)
    assert one.fingerprint == two.fingerprint
    assert len(one.fingerprint) == 32
