from __future__ import annotations

import json


def test_the_contract(written, results) -> None:
    report = json.loads(written("json", results))
    assert list(report) == ["schema_version", "tool", "files", "summary"]
    assert report["schema_version"] == 1
    assert report["tool"] == {
        "name": "aicodelint",
        "version": "0.1.0",
        "model": "rule",
        "model_fingerprint": "0123456789abcdef",
        "engine": "in-process",
        "device": "cpu",
    }
    assert report["summary"] == {"files": 7, "ai": 2, "human": 1, "undetermined": 1, "skipped": 3, "seconds": 1.23}
    assert [file["path"] for file in report["files"]] == [result.path for result in results]
    first = report["files"][0]
    assert list(first) == [
        "path",
        "language",
        "status",
        "reason",
        "p_ai",
        "code",
        "family",
        "family_confidence",
        "families",
        "regions",
        "declared",
        "suppressed",
        "fingerprint",
        "findings",
    ]
    assert first["status"] == "ai"
    assert first["families"]["Qwen"] == 0.61
    assert len(first["families"]) == 13
    assert first["regions"] == [{"start_line": 3, "end_line": 40, "p_ai": 0.98, "family": "Qwen", "family_confidence": 0.66}]
    assert report["files"][1]["suppressed"] == "inline"
    assert report["files"][2]["families"] is None
    assert report["files"][4]["reason"] == "binary"


def test_json_lines_are_the_files_one_a_line(written, results) -> None:
    lines = written("json-lines", results).splitlines()
    assert [json.loads(line) for line in lines] == json.loads(written("json", results))["files"]


def test_no_files(written) -> None:
    assert json.loads(written("json", []))["files"] == []
    assert written("json-lines", []) == ""


def test_any_name_gives_valid_utf8_and_one_line(written, ai_result) -> None:
    names = ["é ␤ #%?.py", "line\nbreak\u2028.py", "caf\udce9.py", "\ud800x", '"quote\\"']
    for kind in ("json", "json-lines"):
        raw = written(kind, [ai_result(name) for name in names]).encode("utf-8")
        assert b"\xe2\x90\xa4" in raw
    lines = raw.decode().split("\n")
    assert [json.loads(line)["path"] for line in lines if line] == names
