from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from aicodelint.config import Config, Globs
from aicodelint.discovery.notebook import read_notebook
from aicodelint.errors import ConfigError
from aicodelint.finding import FileResult, Snippet, SourceFile, Status, Verdict, WindowVerdict
from aicodelint.policy import Fingerprints, Options, Policy

HERE = Path("/repository")
HUMAN = "plain\n" * 10
AI_QWEN = "delve\nQwen\n" + "x\n" * 8
AI = "delve\n" + "y\n" * 9


def decide(engine, text: str | None, config: Config = Config(), options: Options = Options(), **source) -> FileResult:  # noqa: B008
    file = SourceFile(source.pop("path", "src/a.py"), text, "Python", **source)
    verdict = None if text is None else next(engine.judge([Snippet(text, "Python")]))
    return Policy(engine.model, config, options, HERE, Fingerprints()).decide(file, verdict)


def test_the_four_statuses(rule_engine) -> None:
    assert decide(rule_engine, AI).status is Status.AI
    assert decide(rule_engine, HUMAN).status is Status.HUMAN
    assert decide(rule_engine, HUMAN).families is None
    close = decide(rule_engine, "perhaps\n" * 5)
    assert (close.status, close.reason, close.code, close.findings) == (Status.UNDETERMINED, "too-close", None, ())
    little = decide(rule_engine, "delve\n")
    assert (little.status, little.reason, little.p_ai, little.findings) == (Status.UNDETERMINED, "too-little", 0.9731, ())
    skipped = decide(rule_engine, None, reason="binary")
    assert (skipped.status, skipped.reason, skipped.p_ai) == (Status.SKIPPED, "binary", None)


def test_the_threshold_itself_counts_as_reached_and_a_hair_below_does_not(rule_engine) -> None:
    assert decide(rule_engine, AI, Config(threshold=0.9731)).status is Status.AI
    assert decide(rule_engine, AI, Config(threshold=0.9732)).status is Status.UNDETERMINED
    assert decide(rule_engine, "perhaps\n" * 5, Config(threshold=0.3)).status is Status.AI


def test_the_family_is_named_only_from_its_threshold_on_but_always_listed(rule_engine) -> None:
    named = decide(rule_engine, AI_QWEN)
    assert (named.code, named.family, named.family_confidence) == ("AIC102", "Qwen", 0.61)
    assert "Qwen" in named.findings[0].message
    unnamed = decide(rule_engine, AI_QWEN, Config(family_threshold=0.62))
    assert (unnamed.code, unnamed.family, unnamed.family_confidence) == ("AIC100", None, None)
    assert unnamed.families == named.families
    assert unnamed.findings[0].code == "AIC100"


def test_the_finding_stands_at_the_most_confident_ai_region(rule_engine) -> None:
    result = decide(rule_engine, HUMAN + AI_QWEN + HUMAN)
    assert [(region.start_line, region.end_line) for region in result.regions] == [(1, 10), (11, 20), (21, 31)]
    (finding,) = result.findings
    assert (finding.start_line, finding.end_line, finding.end_column) == (11, 20, 2)


def test_a_file_without_ai_windows_that_is_ai_as_a_whole_is_reported_at_its_strongest_place(rule_engine) -> None:
    verdict = Verdict(0.95, None, (WindowVerdict(1, 2, 0.7, None), WindowVerdict(3, 4, 0.8, None)))
    policy = Policy(rule_engine.model, Config(), Options(), HERE, Fingerprints())
    (finding,) = policy.decide(SourceFile("a.c", "1\n2\n3\n4", "C"), verdict).findings
    assert (finding.start_line, finding.end_line, finding.code) == (1, 4, "AIC100")
    (whole,) = policy.decide(SourceFile("b.c", "1\n2\n3\n4", "C"), Verdict(0.95, None)).findings
    assert (whole.start_line, whole.end_line) == (1, 4)


def test_select_and_ignore_by_prefix_and_family(rule_engine) -> None:
    def counts(**said) -> bool:
        result = decide(rule_engine, AI_QWEN, Config(**said))
        assert result.status is Status.AI
        assert (result.suppressed == "config") is (not result.findings)
        return bool(result.findings)

    assert counts(select=("AIC1",))
    assert counts(select=("qwen",))
    assert not counts(select=("AIC103", "Phi"))
    assert not counts(ignore=("Qwen",))
    assert not counts(ignore=("AIC1",))
    assert counts(ignore=("AIC1",), select=("AIC102",))
    assert not counts(select=("AIC102",), ignore=("AIC102",))
    assert not counts(select=())


def test_an_unknown_selector_names_itself_its_key_and_its_neighbour(rule_engine) -> None:
    config = Config(source=Path("/r/pyproject.toml"), ignore=("Quen",))
    with pytest.raises(ConfigError, match=r"/r/pyproject.toml: ignore: .*'Quen' \(did you mean \"Qwen\"\?\)"):
        Policy(rule_engine.model, config, Options(), HERE, Fingerprints())
    with pytest.raises(ConfigError, match="AIC999"):
        Policy(rule_engine.model, Config(select=("AIC999",)), Options(), HERE, Fingerprints())


def test_per_file_ignores_are_relative_to_their_configuration(rule_engine) -> None:
    config = Config(per_file_ignores=((Globs(HERE / "src", ("/gen/**",)), ("AIC102",)),))
    assert decide(rule_engine, AI_QWEN, config, path="src/gen/a.py").suppressed == "config"
    assert decide(rule_engine, AI, config, path="src/gen/a.py").findings
    assert decide(rule_engine, AI_QWEN, config, path="gen/a.py").findings
    assert decide(rule_engine, AI_QWEN, config, path="src/a.py").findings


def test_a_line_suppression_holds_for_the_region_around_it(rule_engine) -> None:
    inside = AI.replace("y", "# aicodelint: ignore", 1)
    result = decide(rule_engine, HUMAN + inside)
    assert (result.suppressed, result.findings, result.status) == ("inline", (), Status.AI)
    assert len(result.suppressed_findings) == 1
    outside = decide(rule_engine, HUMAN.replace("plain", "# aicodelint: ignore", 1) + AI)
    assert outside.findings
    assert decide(rule_engine, HUMAN + inside, options=Options(inline=False)).findings


def test_another_ai_region_is_reported_when_one_is_suppressed(rule_engine) -> None:
    text = AI.replace("y", "# aicodelint: ignore", 1) + HUMAN + AI
    (finding,) = decide(rule_engine, text).findings
    assert finding.start_line == 21


def test_suppressions_may_name_codes_or_families_and_hold_for_the_file(rule_engine) -> None:
    for selector, silent in (("AIC102", True), ("qwen", True), ("AIC1", True), ("Phi", False), ("AIC103", False), ("nonsense", False)):
        result = decide(rule_engine, HUMAN + AI_QWEN + f"# aicodelint: ignore-file[{selector}]\n")
        assert (result.suppressed == "inline") is silent, selector


def test_a_change_is_reported_at_its_longest_touched_stretch_or_not_at_all(rule_engine) -> None:
    text = HUMAN + AI + HUMAN
    (finding,) = decide(rule_engine, text, changed_lines=((1, 12), (15, 17))).findings
    assert (finding.start_line, finding.end_line) == (15, 17)
    untouched = decide(rule_engine, text, changed_lines=((1, 4), (25, 26)))
    assert (untouched.findings, untouched.suppressed, untouched.status) == ((), "unchanged", Status.AI)
    assert decide(rule_engine, text, options=Options(whole_file=True), changed_lines=((1, 4),)).findings
    assert decide(rule_engine, text, changed_lines=()).findings == ()


def test_notebook_findings_carry_the_lines_of_the_file(rule_engine) -> None:
    numbers = tuple(range(100, 110))
    text = AI.rstrip("\n")
    (finding,) = decide(rule_engine, text, line_numbers=numbers, changed_lines=((103, 104),)).findings
    assert (finding.start_line, finding.end_line) == (103, 104)


def test_a_change_outside_of_a_notebooks_code_touches_no_finding(rule_engine) -> None:
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": ["drawn"], "source": AI.splitlines(keepends=True)},
        {"cell_type": "markdown", "source": "x"},
    ]
    raw = json.dumps({"cells": cells, "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4}, indent=1)
    notebook = read_notebook(raw)
    assert notebook is not None
    before, after = notebook.line_numbers[0] - 1, notebook.line_numbers[-1] + 1

    def suppressed(*lines: tuple[int, int]) -> str | None:
        return decide(rule_engine, notebook.text, line_numbers=notebook.line_numbers, changed_lines=lines).suppressed

    assert suppressed((after, len(raw.splitlines()))) == "unchanged", "the metadata at its end alone"
    assert suppressed((1, before)) == "unchanged", "the outputs alone"
    assert suppressed((1, before), (after - 1, after)) is None


def test_a_fingerprint_is_of_the_file_and_survives_every_edit(rule_engine) -> None:
    def fingerprint(text: str, **source) -> str | None:
        return decide(rule_engine, text, **source).fingerprint

    first = fingerprint(AI)
    assert first == fingerprint(HUMAN + AI)
    assert first == fingerprint(AI.replace("y\n", "  y \t\r\n"))
    assert first == fingerprint(HUMAN + AI, changed_lines=((12, 13),))
    assert first == fingerprint(AI.replace("y", "z", 1))
    assert first == fingerprint("plain\n" * 3 + AI)
    assert first != fingerprint(AI, path="src/b.py")
    assert first == fingerprint(AI.replace("y", "Qwen", 1)), "which family is named makes no new finding"


def test_a_file_of_several_regions_is_one_alert_whichever_of_them_comes_first(rule_engine) -> None:
    """GitHub takes equal fingerprints for one alert: so a file must never give two findings of one rule for its regions."""
    twice = AI + HUMAN + AI
    (finding,) = decide(rule_engine, twice).findings
    (moved,) = decide(rule_engine, HUMAN * 4 + twice).findings
    (other_region,) = decide(rule_engine, twice, changed_lines=((21, 30),)).findings
    assert (finding.start_line, moved.start_line, other_region.start_line) == (1, 41, 21)
    assert finding.fingerprint == moved.fingerprint == other_region.fingerprint


def test_equal_comments_in_one_file_are_told_apart_and_stay_so_when_they_move(rule_engine) -> None:
    unused = "plain\n# aicodelint: ignore\n" * 2

    def fingerprints(text: str) -> list[str]:
        return [finding.fingerprint for finding in decide(rule_engine, text).findings if finding.code == "AIC900"]

    first = fingerprints(HUMAN + unused)
    assert len(set(first)) == 2
    assert fingerprints(HUMAN + "plain\n" * 40 + unused) == first
    assert fingerprints(HUMAN + "plain\n# aicodelint: ignore\n") == first[:1]


def test_equal_findings_get_different_fingerprints() -> None:
    prints = Fingerprints()
    assert len({prints.of("AIC100", "a", ["x"]) for _ in range(3)}) == 3
    assert Fingerprints().of("AIC100", "a", ["x"]) == Fingerprints().of("AIC100", "a", ["x"])


def test_snippets_are_kept_only_when_asked_for_and_stay_short(rule_engine) -> None:
    text = AI + "w" * 10_000
    assert decide(rule_engine, text).findings[0].snippet == ()
    snippet = decide(rule_engine, text, options=Options(snippets=True)).findings[0].snippet
    assert snippet[0] == "delve"
    assert len(snippet) == 8
    assert max(map(len, snippet)) <= 240


def test_a_result_keeps_no_text(rule_engine) -> None:
    marker = "uniquemarker"
    assert marker not in repr(replace(decide(rule_engine, AI + marker), path="x"))


def test_hostile_patterns_take_no_time(rule_engine) -> None:
    config = Config(per_file_ignores=((Globs(HERE, ("*a" * 30 + "*b", "**/a/" * 30 + "b")), ("AIC1",)),))
    started = time.perf_counter()
    assert decide(rule_engine, AI, config, path="a/" * 100 + "a" * 250).findings
    assert time.perf_counter() - started < 2
