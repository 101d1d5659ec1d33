from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))


@pytest.fixture
def many(written, ai_result, tmp_path: Path) -> Path:
    """A report of 1,200 findings."""
    path = tmp_path / "many.sarif"
    results = (ai_result(f"src/d{number % 30}/file {number}.py", p_ai=0.9 + number / 20_000) for number in range(1200))
    path.write_text(written("sarif", results, base="/base/directory"), encoding="utf-8")
    return path


def test_twelve_hundred_findings_pass_the_official_schema(many: Path) -> None:
    report = json.loads(many.read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(SCHEMA).validate(report)
    assert len(report["runs"][0]["results"]) == 1200


def test_microsofts_validator_finds_no_error_in_them(many: Path, tmp_path: Path) -> None:
    validator = os.environ.get("SARIF_MULTITOOL") or shutil.which("Sarif.Multitool")
    if validator is None:
        pytest.skip("needs SARIF_MULTITOOL: the executable of npm @microsoft/sarif-multitool-linux")
    report = tmp_path / "out.sarif"
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    subprocess.run([validator, "validate", str(many), "--output", str(report)], env=environment, check=True, capture_output=True, timeout=300)
    found = json.loads(report.read_text(encoding="utf-8-sig"))["runs"][0].get("results", [])
    assert {(result["ruleId"], result.get("level", "warning")) for result in found} <= {("SARIF2005", "warning")}


def test_they_round_trip_through_sarif_tools(many: Path, tmp_path: Path) -> None:
    tool = os.environ.get("SARIF_TOOLS") or shutil.which("sarif")
    if tool is None:
        pytest.skip("needs SARIF_TOOLS: the command of the package sarif-tools")
    subprocess.run([tool, "copy", "-o", str(tmp_path / "copy.sarif"), str(many)], check=True, capture_output=True, timeout=120)
    first, copy = (json.loads(path.read_text(encoding="utf-8"))["runs"][0]["results"] for path in (many, tmp_path / "copy.sarif"))
    assert copy == first
