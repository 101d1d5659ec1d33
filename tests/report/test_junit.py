from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

etree = pytest.importorskip("lxml.etree")
DATA = Path(__file__).parent / "data"


def schemas() -> list[Path]:
    """Ours, that of Jenkins' xUnit plugin, and others that ``JUNIT_XSD`` names.

    Jenkins' is the copy that pytest tests its own reports with (``testing/example_scripts/junit-10.xsd`` in its source distribution).
    """
    others = (Path(name) for name in os.environ.get("JUNIT_XSD", "").split(os.pathsep) if name)
    return [DATA / "junit.xsd", DATA / "jenkins-junit-10.xsd", *others]


def valid(text: str) -> bool:
    document = etree.fromstring(text.encode())
    return all(etree.XMLSchema(etree.parse(str(schema))).validate(document) for schema in schemas())


def test_it_passes_the_schema_and_the_schema_can_fail(written, results) -> None:
    text = written("junit", results)
    document = etree.fromstring(text.encode())
    for schema in schemas():
        etree.XMLSchema(etree.parse(str(schema))).assertValid(document)
    assert not valid(text.replace(' tests="7"', "", 1))


def test_jenkins_schema_can_fail(written, results) -> None:
    schema = etree.XMLSchema(etree.parse(str(DATA / "jenkins-junit-10.xsd")))
    text = written("junit", results)
    for wrong in (text.replace("<skipped ", "<left-out ", 1), text.replace(' name="src/a.py"', "", 1), text.replace('tests="7"', 'tasks="7"')):
        assert wrong != text
        assert not schema.validate(etree.fromstring(wrong.encode())), wrong


def test_a_case_for_each_file(written, results) -> None:
    root = ElementTree.fromstring(written("junit", results))
    (suite,) = root
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time")] == ["7", "1", "0", "3", "1.234"]
    by_name = {case.get("name"): case for case in suite}
    assert list(by_name) == [result.path for result in results]
    (failure,) = by_name["src/a.py"]
    assert (failure.get("type"), failure.get("message")) == ("AIC102", "Looks AI-generated; likeliest model family: Qwen")
    assert failure.text == "src/a.py:3-40: AIC102 Looks AI-generated; likeliest model family: Qwen (p=0.97, Qwen 0.61)"
    assert [case.tag for case in by_name["logo.png"]] == ["skipped"]
    assert by_name["logo.png"][0].get("message") == "binary"
    assert [len(by_name[name]) for name in ("src/b.py", "c.py", "d.go")] == [0, 0, 0]


def test_hostile_names_stay_well_formed(written, ai_result) -> None:
    names = ['"><x/>.py', "]]>.py", "a\x00\x1b[31m.py", "\udcff.py", "&amp;<![CDATA[.py", "\ufffe\u202e.py"]
    text = written("junit", [ai_result(name) for name in names])
    assert valid(text)
    assert "a\\x00\\x1b[31m.py" in [case.get("name") for case in ElementTree.fromstring(text).iter("testcase")]
