from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from aicodelint.training.draw_packages import draw
from aicodelint.training.labelled_packages import CHARACTERS, FILES_A_PACKAGE, Release, choose, fetch_all, labelled_rows, read_releases
from aicodelint.training.package_index import index_root
from aicodelint.training.pretraining_archive import Document
from aicodelint.training.pretraining_sources import FetchError
from aicodelint.training.pretraining_text import HELD_OUT, UnlabelledTable


def python(number: int) -> str:
    return "".join(f"def work_{number}_{line}(items):\n    return [item * {number} for item in items if item]\n\n\n" for line in range(8)).strip("\n")


def sdist(*paths: str, number: int = 1) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for place, path in enumerate(paths):
            data = python(10 * number + place).encode()
            entry = tarfile.TarInfo(f"package-1.0/{path}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


class Index:
    """What an index answers, by address."""

    root = "https://index.test"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        monkeypatch.setenv("PIP_INDEX_URL", f"{self.root}/simple/")
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{self.root}/npm/")
        index_root.cache_clear()
        monkeypatch.setattr("aicodelint.training.package_index.read_address", self.read)
        monkeypatch.setattr("aicodelint.training.draw_packages.read_address", self.read)

    def read(self, address: str, most: int) -> bytes:
        self.asked[address] += 1
        if address not in self.answers:
            raise FetchError("an index does not answer: HTTPError")
        return self.answers[address]

    def publish(self, name: str, *releases: tuple[str, str, bytes], licence: str = "MIT", home: str = "") -> None:
        """Put up a PyPI project with sdists: version, day, archive."""
        files = {}
        for version, day, data in releases:
            address = f"{self.root}/files/{name}-{version}.tar.gz"
            digests = {"sha256": hashlib.sha256(data).hexdigest()}
            files[version] = [{"packagetype": "sdist", "upload_time_iso_8601": f"{day}T00:00:00Z", "url": address, "digests": digests}]
            self.answers[address] = data
        info = {"license": licence, "home_page": home, "classifiers": [], "project_urls": None}
        self.answers[f"{self.root}/pypi/{name}/json"] = json.dumps({"info": info, "releases": files}).encode()


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Index:
    return Index(monkeypatch)


def release(name: str, data: bytes, owner: str = "", tool: str = "agent-notes") -> Release:
    family = "Anthropic" if tool == "agent-notes" else "Human"
    return Release("pypi", name, "1.0", hashlib.sha256(data).hexdigest(), "MIT", owner, family, tool, "2026-01-01")


def test_the_list_that_ships_can_be_read_and_says_of_each_release_what_it_must() -> None:
    releases = read_releases()
    assert len(releases) > 1_000
    assert {one.tool for one in releases} == {"agent-notes", "before-agents", "before-september-2022"}
    for one in releases:
        assert one.index in {"pypi", "npm"}
        assert len(one.sha256) == 64
        assert one.licence
        assert (one.family == "Human") == (one.tool != "agent-notes")
        assert one.date < {"agent-notes": "2027", "before-agents": "2024-05", "before-september-2022": "2022-11"}[one.tool]
    assert len({(one.index, one.name) for one in releases}) == len(releases)


def test_what_is_fetched_becomes_rows_and_is_not_fetched_again(index: Index, tmp_path: Path) -> None:
    agent, human = sdist("a/x.py", "a/y.py", "CLAUDE.md"), sdist("b/x.py", number=2)
    index.publish("agent", ("1.0", "2026-01-01", agent))
    index.publish("human", ("1.0", "2022-01-01", human))
    releases = [release("agent", agent, "somebody"), release("human", human, tool="before-september-2022")]
    assert fetch_all(releases, tmp_path / "kept") == []
    asked = index.asked.total()
    assert fetch_all(releases, tmp_path / "kept") == []
    assert index.asked.total() == asked
    rows = labelled_rows(releases, tmp_path / "kept")
    assert sorted(rows["code"]) == sorted([python(10), python(11), python(20)])
    assert dict(zip(rows["source"], rows["family"], strict=True)) == {"pypi:somebody": "Anthropic", "pypi:human": "Human"}
    assert rows["sample_id"].is_unique


def test_an_archive_that_is_not_the_pinned_one_is_refused_and_the_others_go_on(index: Index, tmp_path: Path) -> None:
    good = sdist("a/x.py")
    index.publish("good", ("1.0", "2026-01-01", good))
    index.publish("other", ("1.0", "2026-01-01", sdist("a/x.py", number=3)))
    broken = b"no archive at all"
    index.publish("broken", ("1.0", "2026-01-01", broken))
    index.answers[f"{index.root}/pypi/odd/json"] = b'{"releases": {"1.0": [{"digests": null}]}}'
    releases = [release(name, good) for name in ("gone", "odd")] + [release("broken", broken), release("good", good)]
    releases = [release("other", sdist("a/x.py", number=4)), *releases]
    failures = fetch_all(releases, tmp_path)
    assert [failure.split(":")[0] for failure in failures] == ["other", "gone", "odd", "broken"]
    assert all("\n" not in failure for failure in failures)
    assert len(labelled_rows(releases, tmp_path)) == 1


def test_texts_of_several_owners_and_what_the_table_holds_are_left_out(index: Index, tmp_path: Path) -> None:
    shared = sdist("a/x.py")
    for name in ("one", "two"):
        index.publish(name, ("1.0", "2026-01-01", shared))
    known, repository = sdist("a/x.py", number=5), sdist("a/x.py", number=6)
    index.publish("known", ("1.0", "2026-01-01", known))
    index.publish("repo-name", ("1.0", "2026-01-01", repository))
    mine = sdist("a/x.py", number=7)
    index.publish("mine", ("1.0", "2026-01-01", mine))
    releases = [release("one", shared), release("two", shared), release("known", known), release("repo-name", repository), release("mine", mine)]
    fetch_all(releases, tmp_path / "kept")
    table = pd.DataFrame({"code": [python(50), python(1)], "source": ["bench/mark", "owner/Repo_Name"], "group": ["benchmark", "wild"]})
    table = table.assign(language="Python", fold=0, problem_id="")
    table.to_parquet(tmp_path / "table.parquet")
    rows = labelled_rows(releases, tmp_path / "kept", UnlabelledTable(tmp_path / "table.parquet", HELD_OUT))
    assert list(rows["source"]) == ["pypi:mine"]


def test_files_in_rarer_languages_are_chosen_first() -> None:
    long = "x" * CHARACTERS[0]
    found = [Document(f"{number}.py", "Python", long) for number in range(9)]
    found += [Document("a.ts", "TypeScript", long), Document("b.sh", "Shell", "short"), Document("setup.py", "Python", long)]
    chosen = choose(found)
    assert len(chosen) == FILES_A_PACKAGE
    assert chosen[0].path == "a.ts"
    assert {"b.sh", "setup.py"}.isdisjoint(document.path for document in chosen)
    assert choose(reversed(found)) == chosen


@pytest.mark.parametrize(
    ("notes", "family"), [("CLAUDE.md", "Anthropic"), (".gemini/settings.json", "Gemini"), ("AGENTS.md", "Other"), ("README.md", None)]
)
def test_a_new_package_is_drawn_for_the_notes_it_holds(index: Index, notes: str, family: str | None) -> None:
    data = sdist("a/x.py", notes)
    index.publish("new", ("0.9", "2025-06-01", sdist("a/x.py")), ("1.0", "2026-01-01", data), home="https://github.com/Somebody/new")
    drawn = draw("pypi", "new")
    if family is None:
        assert drawn is None
    else:
        expected = Release("pypi", "new", "1.0", hashlib.sha256(data).hexdigest(), "MIT", "somebody", family, "agent-notes", "2026-01-01")
        assert drawn == expected


def test_an_old_package_is_drawn_for_its_last_release_before_agents(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aicodelint.training.draw_packages.ONE_OF", 1)
    old, young = sdist("a/x.py"), sdist("a/x.py", "CLAUDE.md", number=2)
    index.publish("old", ("1.0", "2021-05-01", old), ("2.0", "2026-01-01", young))
    index.publish("between", ("1.0", "2024-08-01", old))
    index.publish("unfree", ("1.0", "2021-05-01", old), licence="Proprietary")
    drawn = draw("pypi", "old")
    assert drawn is not None
    assert (drawn.version, drawn.family, drawn.tool) == ("1.0", "Human", "before-september-2022")
    assert draw("pypi", "between") is None
    assert draw("pypi", "unfree") is None


def test_a_package_of_npm_tells_its_licence_in_its_archive(index: Index) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path, text in (("package.json", '{"license": "Apache-2.0"}'), ("CLAUDE.md", "notes")):
            entry = tarfile.TarInfo(f"package/{path}")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    index.answers[f"{index.root}/npm/x.tgz"] = buffer.getvalue()
    answer = {
        "versions": {"1.0.0": {"dist": {"tarball": f"{index.root}/npm/x.tgz"}}},
        "time": {"created": "2025-09-01", "1.0.0": "2025-09-01T00:00:00Z"},
    }
    index.answers[f"{index.root}/npm/@scope%2Fx"] = json.dumps(answer).encode()
    drawn = draw("npm", "@scope/x")
    assert drawn is not None
    assert (drawn.index, drawn.licence, drawn.family) == ("npm", "Apache", "Anthropic")
