from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest

from aicodelint.finding import FileResult, Status
from aicodelint.model import Model, Thresholds
from aicodelint.report import sarif
from aicodelint.report.base import Tool
from aicodelint.rules import FAMILIES

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
PATHS = ["sp ace/a.py", "naïve/漢字.py", "hash#.py", "what?.py", "100%.py", "back\\slash.py", "a:b.py", "é/#%20 ?.py", "/outside/of it.py"]


def validate(report: dict) -> None:
    jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(report)


@pytest.fixture
def report(written, results, ai_result) -> dict:
    return json.loads(written("sarif", [*results, *map(ai_result, PATHS)], base="/work dir/r#1"))


def test_it_passes_the_official_schema(report) -> None:
    validate(report)
    del report["runs"][0]["tool"]["driver"]["name"]
    with pytest.raises(jsonschema.ValidationError):
        validate(report)


def test_microsofts_validator_finds_no_error(report, tmp_path: Path) -> None:
    validator = os.environ.get("SARIF_MULTITOOL") or shutil.which("Sarif.Multitool")
    if validator is None:
        pytest.skip("needs SARIF_MULTITOOL: the executable of npm @microsoft/sarif-multitool-linux")
    (tmp_path / "in.sarif").write_text(json.dumps(report), encoding="utf-8")
    subprocess.run(
        [validator, "validate", "in.sarif", "--output", "out.sarif"],
        cwd=tmp_path,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        check=True,
        capture_output=True,
        timeout=120,
    )
    found = json.loads((tmp_path / "out.sarif").read_text(encoding="utf-8-sig"))["runs"][0].get("results", [])
    assert [result for result in found if result.get("level") == "error"] == []
    assert {result["ruleId"] for result in found} <= {"SARIF2005"}


def test_what_github_needs(report) -> None:
    run = report["runs"][0]
    assert report["$schema"].endswith("sarif-2.1.0.json")
    assert report["version"] == "2.1.0"
    assert run["automationDetails"]["id"] == "aicodelint/"
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("aicodelint", "0.1.0")
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert set(rule["properties"]) == {"precision", "problem.severity", "tags"}
    result = run["results"][0]
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "AIC102"
    assert result["message"]["text"] == "Looks AI-generated; likeliest model family: Qwen (p=0.97, Qwen 0.61)."
    assert result["partialFingerprints"] == {"primaryLocationLineHash": "f" * 32}
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "src/a.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 1, "endLine": 40, "endColumn": 12},
    }
    assert run["originalUriBaseIds"] == {"%SRCROOT%": {"uri": "file:///work%20dir/r%231/"}}
    assert "security-severity" not in json.dumps(report)


def test_uris_are_encoded_and_lead_back_to_the_path(report) -> None:
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in report["runs"][0]["results"]][-len(PATHS) :]
    assert [unquote(place["uri"].removeprefix("file://")) for place in places] == PATHS
    assert all(character not in place["uri"] for place in places for character in ' #?\\"')
    assert [("uriBaseId" in place) for place in places] == [True] * 8 + [False]


def test_suppressed_findings_and_skipped_files_are_in_it(report) -> None:
    run = report["runs"][0]
    assert [result["suppressions"][0]["kind"] for result in run["results"] if "suppressions" in result] == ["inSource"]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [(note["message"]["text"], note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) for note in notes] == [
        ("Skipped: binary", "logo.png"),
        ("Skipped: minified", "x.min.js"),
        ("Skipped: binary", "y.png"),
    ]
    assert run["invocations"][0]["executionSuccessful"] is True


def test_the_same_files_give_the_same_bytes_whatever_the_engine_and_however_long_it_took(written, results) -> None:
    model = Model("rule", "0123456789abcdef", FAMILIES, Thresholds(0.9, 0.5, 0.4))
    first = written("sarif", results, tool=Tool("0.1.0", model, "in-process", "cpu"), base="/b")
    assert written("sarif", results, tool=Tool("0.1.0", model, "daemon", "cuda"), seconds=99.0, base="/b") == first


def test_nothing_found_is_a_whole_report_too(written) -> None:
    report = json.loads(written("sarif", []))
    validate(report)
    assert report["runs"][0]["results"] == []


def test_too_many_results_keep_the_most_confident_and_say_so(written, ai_result, monkeypatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 3)
    monkeypatch.setattr(sarif, "MAX_NOTIFICATIONS", 1)
    found = [ai_result(f"{number}.py", p_ai=p_ai) for number, p_ai in enumerate((0.91, 0.99, 0.92, 0.93, 0.93, 0.9))]
    skipped = [FileResult(f"{number}.png", None, Status.SKIPPED, reason="binary") for number in range(3)]
    report = json.loads(written("sarif", [*skipped, *found]))
    validate(report)
    run = report["runs"][0]
    assert [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]] == ["1.py", "3.py", "4.py"]
    texts = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert texts == [
        "Skipped: binary",
        "More files were skipped than are listed: 2 binary",
        "Only the 3 most confident of 6 findings are listed: SARIF viewers refuse larger files.",
    ]


def test_a_file_that_would_be_too_large_is_cut(written, ai_result, monkeypatch) -> None:
    monkeypatch.setattr(sarif, "MAX_COMPRESSED", 20_000)
    results = [ai_result(os.urandom(50).hex() + ".py") for _ in range(1500)]
    report = json.loads(written("sarif", results))
    validate(report)
    assert 10 < len(report["runs"][0]["results"]) < 1500


def test_versions() -> None:
    versions = {"0.1.0": "0.1.0", "1.2": "1.2.0", "0.2.0.dev3": "0.2.0-dev3", "1.0.0.dev1+g12": "1.0.0-dev1.g12"}
    assert {version: sarif.semantic_version(version) for version in versions} == versions
