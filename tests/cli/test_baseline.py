from __future__ import annotations

import json
from pathlib import Path

import pytest

FILLER = "".join(f"    value_{number} = compute(value_{number}, {number})\n" for number in range(12))
FILE = ".aicodelint-baseline.json"


@pytest.fixture
def accepted(aicodelint_command, repository: Path):
    """The command, in a directory whose one finding is in the baseline."""
    made = aicodelint_command("baseline", "create")
    assert (made.code, made.out, made.err.splitlines()[0]) == (0, "", f"{FILE}: 1 finding accepted")
    assert made.err.splitlines()[1].startswith(f"scan with --baseline {FILE}, or write")
    return aicodelint_command


def test_known_findings_do_not_count_and_new_ones_do(accepted, repository: Path) -> None:
    assert accepted("scan", "--baseline", FILE).code == 0
    (repository / "new.py").write_text("def delve_more():\n" + FILLER)
    outcome = accepted("scan", "--baseline", FILE)
    assert outcome.code == 1
    assert "new.py:1:1" in outcome.out
    assert "ai.py:1" not in outcome.out
    assert accepted("scan").out.count("AIC10") == 2


def test_moved_lines_and_a_renamed_file_stay_known(accepted, repository: Path) -> None:
    text = (repository / "ai.py").read_text()
    (repository / "ai.py").write_text("\n" * 40 + text)
    assert accepted("scan", "--baseline", FILE).code == 0
    (repository / "sub").mkdir()
    (repository / "ai.py").rename(repository / "sub" / "renamed.py")
    assert accepted("scan", "--baseline", FILE).code == 0


def test_it_shrinks_and_grows_only_when_told(accepted, repository: Path) -> None:
    (repository / "new.py").write_text("def delve_more():\n" + FILLER)
    (repository / "ai.py").write_text("plain\n" * 10)
    noted = accepted("scan", "--baseline", FILE)
    assert (noted.code, "1 of the baseline's findings are gone" in noted.err) == (1, True)
    assert accepted("baseline", "update").err == f"{FILE}: 0 findings, 1 gone, 1 new not accepted (--add accepts them)\n"
    assert accepted("scan", "--baseline", FILE).code == 1
    assert accepted("baseline", "update", "--add").err == f"{FILE}: 1 finding, 0 gone, 1 new accepted\n"
    assert accepted("scan", "--baseline", FILE) == (0, accepted("scan", "--baseline", FILE).out, "")


def test_an_update_of_a_part_keeps_the_rest(accepted) -> None:
    assert accepted("baseline", "update", "human.py").err.startswith(f"{FILE}: 1 finding, 0 gone")


def test_another_model_is_refused_unless_told(accepted, rule_engine, repository: Path) -> None:
    content = json.loads((repository / FILE).read_text())
    (repository / FILE).write_text(json.dumps({**content, "model": {"name": "old", "fingerprint": "0"}}))
    refused = accepted("scan", "--baseline", FILE)
    assert (refused.code, "made with the model old" in refused.err) == (2, True)
    assert rule_engine.closed
    assert accepted("scan", "--baseline", FILE, "--baseline-any-model").code == 0
    assert accepted("baseline", "update").code == 2
    assert accepted("baseline", "update", "--baseline-any-model").code == 0
    assert accepted("scan", "--baseline", FILE).code == 0


def test_configuration_names_it_and_isolated_does_not_heed_that(accepted, repository: Path) -> None:
    (repository / "pyproject.toml").write_text(f'[tool.aicodelint]\nbaseline = "{FILE}"\n')
    assert accepted("scan").code == 0
    assert accepted("scan", "--isolated").code == 1
    assert accepted("baseline", "create", "--force").err == f"{FILE}: 1 finding accepted\n"


def test_the_configured_file_is_the_one_to_create_update_and_show(aicodelint_command, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "pyproject.toml").write_text('[tool.aicodelint]\nbaseline = "ci/known.json"\n')
    (repository / "ci").mkdir()
    assert aicodelint_command("baseline", "create").err == f"{Path('ci', 'known.json')}: 1 finding accepted\n"
    assert aicodelint_command("baseline", "create", "--isolated").err.startswith(f"{FILE}: 1 finding accepted\n")
    assert aicodelint_command("scan").code == 0
    monkeypatch.chdir(repository / "ci")
    assert aicodelint_command("baseline", "show").out.startswith("../ai.py: AIC102")
    assert aicodelint_command("baseline", "update").err == "known.json: 1 finding, 0 gone, 0 new not accepted (--add accepts them)\n"
    assert aicodelint_command("baseline", "show", "--file", f"../{FILE}").code == 0


def test_show_and_show_suppressed(accepted) -> None:
    lines = accepted("baseline", "show").out.splitlines()
    assert lines[0].startswith("ai.py: AIC102 (")
    assert lines[1] == "1 finding, made with the model rule (0123456789abcdef)"
    assert [entry["path"] for entry in json.loads(accepted("baseline", "show", "-f", "json").out)["findings"]] == ["ai.py"]
    shown = accepted("scan", "--baseline", FILE, "--show-suppressed")
    assert (shown.code, shown.out.splitlines()[0].endswith(" [suppressed: baseline]")) == (0, True)


def test_sarif_tells_known_from_new(accepted, repository: Path) -> None:
    (repository / "new.py").write_text("def delve_more():\n" + FILLER)
    (run,) = json.loads(accepted("scan", "--baseline", FILE, "-f", "sarif").out)["runs"]
    found = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: result for result in run["results"]}
    assert (found["ai.py"]["baselineState"], found["new.py"]["baselineState"]) == ("unchanged", "new")
    assert found["ai.py"]["suppressions"][0]["kind"] == "external"
    assert "suppressions" not in found["new.py"]
    (plain,) = json.loads(accepted("scan", "-f", "sarif").out)["runs"]
    assert all("baselineState" not in result for result in plain["results"])


def test_what_cannot_be_done(accepted, repository: Path) -> None:
    again = accepted("baseline", "create")
    assert (again.code, "--force" in again.err) == (2, True)
    assert accepted("baseline", "create", "--force", "--threshold", "0.99").code == 0
    assert json.loads((repository / FILE).read_text())["findings"] == []
    assert "whole files" in accepted("baseline", "update", "--staged").err
    assert accepted("scan", "--baseline", "missing.json").code == 2
