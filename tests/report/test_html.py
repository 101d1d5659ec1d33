from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aicodelint.finding import FileResult, Region, SourceFile, Status
from aicodelint.report import html, html_page

CODE = 'import os\n\n\ndef wanted(name):\n    """Return it."""\n    # why\n    return os.environ[name] + 1\n' + "x = 1\n" * 40
ATTACKS = [
    "<script>owned=1</script>.py",
    '"onmouseover="owned=1.py',
    "</pre></style><img src=x onerror=owned=1>.py",
    "' autofocus onfocus=alert(1) x='.py",
    "javascript:alert(1)//.py",
    "a\u202egnp.py",
    "\x00\x1b[31m\udcff.py",
    "&lt;script&gt;.py",
]


class Page(HTMLParser):
    """What is in a page: its elements with their attributes, and the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def with_source(ai_result) -> Callable[..., FileResult]:
    def make(path: str, text: str = CODE, **more) -> FileResult:
        return replace(ai_result(path, **more), source=SourceFile(path, text, "Python"))

    return make


def test_one_file_that_loads_nothing_and_whose_policy_knows_its_own_style_and_script(written, results, with_source) -> None:
    text = written("html", [*results, with_source("wanted.py")])
    page = Page(text)
    assert page.of("link") == page.of("img") == page.of("iframe") == []
    assert page.of("script") == [{}]
    (policy,) = (meta["content"] for meta in page.of("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    for content in (html_page.STYLE, html_page.SCRIPT):
        assert content in text
        assert html_page._hash(content) in policy
    assert "unsafe" not in policy
    assert not any(name.startswith("on") or name == "style" for _, attributes in page.elements for name in attributes)
    assert not re.search(r'(?:src|href)="(?!#)', text)


def test_it_tells_what_was_found_and_the_limits_of_the_claim(written, results, with_source) -> None:
    text = Page(written("html", [*results, with_source("wanted.py")])).text
    for words in ("Scanned 8 files: 3 AI-generated", "It is no evidence against a person", "wanted.py", "model rule", "lines 3 to 40: P(AI) 0.98"):
        assert words in text
    assert text.index("It is no evidence against a person") < text.index("Likeliest family")


def test_lines_are_shaded_by_their_region_and_highlighted_without_a_change(written, with_source) -> None:
    regions = (Region(1, 3, 0.1, None, None), Region(4, 7, 0.97, "Qwen", 0.6), Region(8, 48, 0.6, None, None))
    text = written("html", [replace(with_source("a.py"), regions=regions)])
    lines = re.findall(r'<span class="l( s\d)?"><span class="n">(\d+)</span>(.*)', text)
    assert [shade.strip() for shade, _, _ in lines] == [""] * 3 + ["s4"] * 4 + ["s2"] * 41
    assert [int(number) for _, number, _ in lines] == list(range(1, 49))
    shown = [Page(f"<p>{inside}</p>").text for _, _, inside in lines]
    assert shown == CODE.split("\n")
    assert '<span class="k">def</span>' in text
    assert '<span class="c"># why</span>' in text


def test_a_notebook_has_the_lines_of_the_file(written, ai_result) -> None:
    source = SourceFile("n.ipynb", "a = 1\nb = 2", "Python", line_numbers=(7, 12))
    text = written("html", [replace(ai_result("n.ipynb"), source=source, regions=(Region(7, 12, 0.97, None, None),))])
    assert re.findall(r'class="n">(\d+)<', text) == ["7", "12"]
    assert text.count('class="l s4"') == 2


@pytest.mark.parametrize("attack", ATTACKS)
def test_neither_names_nor_contents_become_markup(written, with_source, results, attack: str) -> None:
    harmless = Page(written("html", [*results, with_source(re.sub("[^/]", "a", attack), "harmless\n" * 3)]))
    hostile = Page(written("html", [*results, with_source(attack, f"{attack}\n" * 3)]))
    kinds = [[(tag, set(attributes)) for tag, attributes in page.elements if tag != "span"] for page in (harmless, hostile)]
    assert kinds[0] == kinds[1]
    assert not any(name.startswith("on") for _, attributes in hostile.elements for name in attributes)
    assert "\u202e" not in hostile.text
    assert "\x1b" not in hostile.text


def test_what_does_not_fit_is_counted(written, with_source, results, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "MAX_ROWS", 3)
    monkeypatch.setattr(html, "MAX_SECTIONS", 2)
    text = Page(written("html", [*results, with_source("x.py", "y\n" * 3000, p_ai=0.99), with_source("z.py", p_ai=0.98)])).text
    assert "The table holds the 3 files that look most AI-generated; 3 more were judged." in text
    assert "The 2 most confident of 4 are shown." in text
    assert "1001 more lines are not shown." in text
    assert text.index("Source", text.index("x.py")) < text.rindex("z.py")


def test_the_same_results_give_the_same_bytes(written, with_source, results) -> None:
    assert written("html", [*results, with_source("a.py")]) == written("html", [*results, with_source("a.py")])


def test_without_findings_it_is_still_a_page(written) -> None:
    assert "None." in Page(written("html", [FileResult("a.py", "Python", Status.HUMAN, p_ai=0.1)])).text
    assert "Scanned 0 files" in Page(written("html", [])).text


@pytest.fixture
def in_chromium(tmp_path: Path) -> Callable[[str], dict]:
    chromium, node = shutil.which("chromium"), shutil.which("node")
    if not (chromium and node and os.environ.get("AICODELINT_NODE_MODULES")):
        pytest.skip("needs chromium, node, and AICODELINT_NODE_MODULES: a directory with axe-core and puppeteer-core installed by npm")

    def check(text: str) -> dict:
        (tmp_path / "report.html").write_text(text, encoding="utf-8", errors="backslashreplace")
        script = Path(__file__).parent / "browser" / "check_html.mjs"
        screenshot = os.environ.get("AICODELINT_SCREENSHOT", str(tmp_path / "report"))
        command = [node, str(script), str(tmp_path / "report.html"), chromium, screenshot]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return check


def test_in_chromium_it_sorts_filters_reads_without_script_and_has_no_serious_fault(written, with_source, results, in_chromium) -> None:
    names = ["wanted.py", *ATTACKS[:6]]
    seen = in_chromium(written("html", [*results, *(with_source(name, f"{CODE}{name}\n") for name in names)]))
    assert seen["said"] == seen["dialogs"] == seen["requested"] == []
    assert seen["owned"] is False
    assert len(seen["rows"]) == 11
    assert sorted(seen["ascending"]) == sorted(seen["descending"]) == sorted(seen["rows"])
    assert seen["ascending"] == seen["descending"][::-1] or seen["descending"] == seen["ascending"][::-1]
    assert seen["sorted"] == "ascending"
    assert seen["ascending"].index("c.py") < seen["ascending"].index("d.go") < seen["ascending"].index("wanted.py")
    assert seen["filtered"] == ["wanted.py"]
    assert seen["shown"] == "1 of 11 rows"
    assert seen["human"] == ["c.py"]
    assert "wanted.py" in seen["without_script"]
    serious = {scheme: [one for one in found if one[1] in ("serious", "critical")] for scheme, found in seen["violations"].items()}
    assert serious == {"light": [], "dark": []}
