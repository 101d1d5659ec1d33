"""A scan that tells nobody anything: it has the pages of a fresh child copied, and whatever is made at first use made, before a client comes."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator

from aicodelint import __version__
from aicodelint.cli.main import cli
from aicodelint.engine.protocol import FrameReader, encode
from aicodelint.engine.verdict_json import verdict_from_json, verdict_to_json
from aicodelint.finding import Snippet, Verdict, WindowVerdict
from aicodelint.model import Model, Thresholds
from aicodelint.report.base import Style, Summary, Tool
from aicodelint.report.formats import open_report
from aicodelint.scanning import scan
from aicodelint.warm.protocol import PACKAGE

FILE = f"{PACKAGE}/__init__.py"
ARGUMENTS = ("scan", "--isolated", "--quiet", "--no-cache", "--engine", "in-process", "--format", "json", "--max-file-size", "1B", FILE)
FORMATS = ("text", "json")


class _Understudy:
    """An engine that needs no model: everything is AI-generated. What it says goes the way of what the daemon says."""

    name = "daemon"
    device = "cpu"

    def __init__(self) -> None:
        self.model = Model("rehearsal", "0" * 16, ("one", "other"), Thresholds(ai=0.9, human=0.5, family=0.4))

    def judge(self, snippets: Iterable[Snippet]) -> Iterator[Verdict]:
        frames = FrameReader()
        for snippet in snippets:
            lines = snippet.text.count("\n") + 1
            verdict = Verdict(0.99, (0.9, 0.1), (WindowVerdict(1, lines, 0.99, (0.9, 0.1)),))
            said = {"type": "verdict", "text": snippet.text, "verdict": verdict_to_json(verdict)}
            yield from (verdict_from_json(message["verdict"], 2) for message in frames.feed(encode(said)))

    def close(self) -> None:
        return


def rehearse(bundle: str) -> None:
    """Scan a file of the package twice: by the command line, which finds it too large to need an engine, and with an understudy for one."""
    with contextlib.suppress(Exception):
        cli.main([*ARGUMENTS, "--model", bundle], prog_name="aicodelint", standalone_mode=False)
    with contextlib.suppress(Exception):
        understudy = _Understudy()
        results = list(scan(FILE, engine=understudy, isolated=True))
        for name in FORMATS:
            report = open_report(name, io.StringIO(), Style())
            report.start(Tool(__version__, understudy.model, understudy.name, understudy.device))
            summary = Summary()
            for result in results:
                summary.add(result)
                report.add(result)
            report.finish(summary)
