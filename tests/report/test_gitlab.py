from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

SCHEMA = json.loads((Path(__file__).parent / "data" / "gitlab-codequality.schema.json").read_text(encoding="utf-8"))


def validate(report: list) -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(report)


def test_every_finding_has_gitlabs_fields(written, results) -> None:
    report = json.loads(written("gitlab", results))
    validate(report)
    (issue,) = report
    assert issue["description"] == "Looks AI-generated; likeliest model family: Qwen (p=0.97, Qwen 0.61)"
    assert (issue["check_name"], issue["severity"]) == ("AIC102", "minor")
    assert issue["location"] == {"path": "src/a.py", "lines": {"begin": 3, "end": 40}}
    del issue["fingerprint"]
    with pytest.raises(jsonschema.ValidationError):
        validate(report)


def test_equal_fingerprints_are_salted_the_same_way_each_time(written, ai_result) -> None:
    first, again = (json.loads(written("gitlab", [ai_result("a.py"), ai_result("b.py"), ai_result("c.py")])) for _ in range(2))
    validate(first)
    assert first == again
    assert first[0]["fingerprint"] == "f" * 32
    assert len({issue["fingerprint"] for issue in first}) == 3


def test_no_findings_are_an_empty_array(written) -> None:
    assert json.loads(written("gitlab", [])) == []


def test_paths_are_relative_to_the_checkout(written, ai_result, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path))
    inside = json.loads(written("gitlab", [ai_result("a.py"), ai_result("/elsewhere/b.py")], base=str(tmp_path / "sub")))
    assert [issue["location"]["path"] for issue in inside] == ["sub/a.py", "/elsewhere/b.py"]


def test_hostile_names_stay_json(written, ai_result) -> None:
    names = ['"],[.py', "a\nb.py", "\udcff.py", "\u202egnp.py", "</script>.py"]
    report = json.loads(written("gitlab", [ai_result(name) for name in names]))
    validate(report)
    assert [issue["location"]["path"] for issue in report] == names
