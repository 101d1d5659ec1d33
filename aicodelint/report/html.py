"""One self-contained HTML file: an overview, a table to sort and filter, and the source of what was reported. It loads nothing and phones nobody.

It is for people; what does not fit (see the limits below) is counted and said.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import replace
from typing import TextIO

from aicodelint.finding import FileResult, Status
from aicodelint.report.base import Style, Summary, Tool, two_places
from aicodelint.report.html_charts import Bar, figure
from aicodelint.report.html_page import foot, head
from aicodelint.report.html_source import MAX_LINES, clean, source_lines
from aicodelint.report.text import summary_line

MAX_ROWS = 5_000
MAX_SECTIONS = 300
MAX_SOURCE_LINES = 100_000
MAX_BARS = 15
_WORDS = {Status.AI: "AI-generated", Status.HUMAN: "human", Status.UNDETERMINED: "undetermined"}
_LIMITS = """<section aria-labelledby="limits"><h2 id="limits">What this says, and what it does not</h2>
<div class="note"><p>Every figure here is an estimate by a statistical model that read the text of the files and nothing else.
It knows no author, no history and no intent.</p>
<ul><li>A file that is called AI-generated may have been written by a person:
some people's style, boilerplate and much-copied code look the same.</li>
<li>A file that is called human may have been written by a machine, above all if someone edited it afterwards.</li>
<li>The family of a model is a guess among those that the model of this tool knows; a newer one is taken for its nearest relative.</li>
<li>P(AI) is calibrated on the tool's own test data. On code unlike that data it is less sure than it looks.</li></ul>
<p>Use it to decide what to look at. It is no evidence against a person, and should not be treated as any.</p></div></section>
"""


class HtmlReport:
    """Rows are kept small until the end; of the files with findings the most confident keep their source."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._tool: Tool | None = None
        self._rows: list[tuple[float, int, FileResult]] = []
        self._sections: list[tuple[float, int, FileResult]] = []
        self._count = 0
        self._accused = 0
        self._families: Counter[str] = Counter()
        self._languages: dict[str, Counter[bool]] = {}
        self._folders: dict[str, Counter[bool]] = {}

    def start(self, tool: Tool) -> None:
        """Learn the model and its families."""
        self._tool = tool

    def add(self, result: FileResult) -> None:
        """Count one file, and keep it if it is among the most confident."""
        self._count += 1
        if result.status is Status.SKIPPED:
            return
        is_ai = result.status is Status.AI
        self._languages.setdefault(result.language or "unknown", Counter())[is_ai] += 1
        self._folders.setdefault(_folder(result.path), Counter())[is_ai] += 1
        rank = (result.p_ai or 0.0) + is_ai
        _keep(self._rows, (rank, -self._count, _without_source(result)), MAX_ROWS)
        if is_ai:
            self._accused += 1
            self._families[result.family or "undetermined"] += 1
            _keep(self._sections, (rank, -self._count, result), MAX_SECTIONS)

    def finish(self, summary: Summary) -> None:
        """Write the page."""
        sections = [result for _, _, result in sorted(self._sections, reverse=True)]
        anchors = {result.path: f"file-{number}" for number, result in enumerate(sections, 1)}
        write = self._stream.write
        write(head("aicodelint report"))
        write('<body>\n<a class="skip" href="#files-heading">Skip to the files</a>\n<header><h1>aicodelint report</h1>\n')
        if self._tool is not None:
            model = self._tool.model
            write(f'<p class="dim">aicodelint {clean(self._tool.version)}, model {clean(model.name)} ({clean(model.fingerprint)})</p>\n')
        write("</header>\n<main>\n")
        write(_LIMITS)
        self._overview(summary)
        self._table(anchors)
        self._details(sections, anchors)
        write("</main>\n")
        write(foot())

    def _overview(self, summary: Summary) -> None:
        statuses = [("AI-generated", summary.ai, "ai"), ("human", summary.human, "human"), ("undetermined", summary.undetermined, "undetermined")]
        statuses.append(("skipped", summary.skipped, ""))
        most = max(summary.files, 1)
        families = self._families.most_common(MAX_BARS)
        write = self._stream.write
        write('<section aria-labelledby="overview"><h2 id="overview">Overview</h2>\n')
        write(f'<p>{clean(summary_line(summary))}.</p>\n<div class="figures">\n')
        write(figure("Files by verdict", [Bar(name, count / most, str(count), kind) for name, count, kind in statuses], ("Verdict", "Files")))
        if families:
            bars = [Bar(name, count / families[0][1], str(count), "ai") for name, count in families]
            write(figure("Likeliest families of AI-generated files", bars, ("Family", "Files")))
        write(figure("AI-generated files by folder", _shares(self._folders), ("Folder", "AI-generated")))
        write(figure("AI-generated files by language", _shares(self._languages), ("Language", "AI-generated")))
        write("</div></section>\n")

    def _table(self, anchors: dict[str, str]) -> None:
        judged = sum(sum(counts.values()) for counts in self._languages.values())
        left_out = judged - len(self._rows)
        options = "".join(f'<option value="{name}">{name}</option>' for name in _WORDS.values())
        heads = "".join(
            f'<th scope="col">{name}</th>' for name in ("File", "Verdict", "P(AI)", "Likeliest family", "Code", "Language", "Held back by")
        )
        write = self._stream.write
        write('<section aria-labelledby="files-heading"><h2 id="files-heading">Files</h2>\n')
        write('<div class="controls" id="controls" hidden><label for="search">Filter <input id="search" type="search"></label>\n')
        write(f'<label for="status">Verdict <select id="status"><option value="">all</option>{options}</select></label>\n')
        write('<span id="shown" role="status"></span></div>\n')
        if left_out:
            write(f"<p>The table holds the {len(self._rows)} files that look most AI-generated; {left_out} more were judged.</p>\n")
        write('<div class="scroll table" role="region" aria-label="Table of files" tabindex="0"><table id="files"><thead><tr>')
        write(f"{heads}</tr></thead><tbody>\n")
        for _, _, result in sorted(self._rows, reverse=True):
            write(_row(result, anchors.get(result.path)))
        write("</tbody></table></div></section>\n")

    def _details(self, sections: list[FileResult], anchors: dict[str, str]) -> None:
        write = self._stream.write
        write('<section aria-labelledby="sources"><h2 id="sources">Files that look AI-generated</h2>\n')
        if not sections:
            write("<p>None.</p>\n")
        if self._accused > len(sections):
            write(f"<p>The {len(sections)} most confident of {self._accused} are shown.</p>\n")
        if sections:
            write("<p>The stronger a line is shaded, the more AI-generated its region looks; each region begins with its figures.</p>\n")
        budget = MAX_SOURCE_LINES
        for result in sections:
            budget -= self._section(result, anchors[result.path], min(budget, MAX_LINES))
        write("</section>\n")

    def _section(self, result: FileResult, anchor: str, most: int) -> int:
        """Write one file and return how many lines of source that took."""
        write = self._stream.write
        said = f"P(AI) {two_places(result.p_ai or 0.0)}, {clean(result.code or '')}, {clean(result.language or 'unknown language')}"
        held = f", held back by: {clean(result.suppressed)}" if result.suppressed else ""
        write(f'<article id="{anchor}" aria-labelledby="{anchor}-name"><h3 id="{anchor}-name">{clean(result.path)}</h3>\n<p>{said}{held}</p>\n')
        if result.families is not None and self._tool is not None:
            ordered = sorted(zip(self._tool.model.families, result.families, strict=True), key=lambda item: -item[1])
            bars = [Bar(name, share, two_places(share), "ai") for name, share in ordered[:5]]
            write(figure(f"The five likeliest families, if {result.path} is AI-generated", bars, ("Family", "Probability")))
        text = result.source.text if result.source is not None else None
        if text is None or most <= 0:
            write("<p>The source is not shown: this report holds enough lines already.</p></article>\n" if text else "</article>\n")
            return 0
        total = text.count("\n") + 1
        write(
            f'<details open><summary>Source</summary><div class="scroll" role="region" aria-label="Source of {clean(result.path)}" tabindex="0"><pre>'
        )
        for line in source_lines(result, most):
            write(line)
        write("</pre></div></details>\n")
        if total > most:
            write(f"<p>{total - most} more lines are not shown.</p>\n")
        write("</article>\n")
        return min(total, most)


def _keep(heap: list[tuple[float, int, FileResult]], entry: tuple[float, int, FileResult], most: int) -> None:
    if len(heap) < most:
        heapq.heappush(heap, entry)
    else:
        heapq.heappushpop(heap, entry)


def _without_source(result: FileResult) -> FileResult:
    return replace(result, source=None, regions=(), families=None) if result.source is not None else result


def _folder(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[: min(2, len(parts) - 1)]) or "."


def _shares(counts: dict[str, Counter[bool]]) -> list[Bar]:
    """A bar for each of the names with most AI-generated files: how many of its judged files those are."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1][True], -item[1][False], item[0]))
    bars = []
    for name, count in ordered[:MAX_BARS]:
        total = count[True] + count[False]
        bars.append(Bar(name, count[True] / total, f"{count[True]} of {total}", "ai"))
    return bars


def _row(result: FileResult, anchor: str | None) -> str:
    name = clean(result.path)
    path = f'<a href="#{anchor}">{name}</a>' if anchor else name
    p_ai = "" if result.p_ai is None else f"{result.p_ai:.4f}"
    cells = (clean(result.family or ""), clean(result.code or ""), clean(result.language or ""), clean(result.suppressed or ""))
    rest = "".join(f"<td>{cell}</td>" for cell in cells)
    shown = two_places(result.p_ai) if result.p_ai is not None else ""
    return f'<tr><td class="path">{path}</td><td>{_WORDS[result.status]}</td><td class="number" data-value="{p_ai}">{shown}</td>{rest}</tr>\n'
