"""``aicodelint scan``: its options, and what becomes of them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aicodelint import __version__
from aicodelint.cli.checked import checked
from aicodelint.cli.outputs import Outputs, pair_outputs
from aicodelint.cli.progress import Progress
from aicodelint.cli.say import say, silent
from aicodelint.config import Config, Globs, file_size, probability
from aicodelint.errors import AicodelintError, UsageError
from aicodelint.finding import Status
from aicodelint.report.base import Style, Summary, Tool
from aicodelint.report.formats import FORMATS

if TYPE_CHECKING:
    from aicodelint.baseline import Ledger
    from aicodelint.model import Model

    MakeLedger = Callable[[Model, Config, dict[str, Any], Path], Ledger | None]

EXAMPLES = """\b
Examples:
  aicodelint scan                            this directory
  aicodelint scan src tests/test_api.py      directories and files
  aicodelint scan --staged                   what is about to be committed
  aicodelint scan --diff origin/main...HEAD  what a branch changes
  aicodelint scan --threshold 0.99 --show-source
  aicodelint scan -f text -f sarif -o out.sarif -f html -o report.html
  git ls-files -z '*.py' | aicodelint scan --files-from -
  aicodelint scan --stdin-filename a.py - < a.py

\b
'aicodelint explain FILE' says why; 'aicodelint baseline create' accepts what
is there now; 'aicodelint hook install' stops commits. [tool.aicodelint] in
pyproject.toml keeps options.
"""


class _ScanCommand(click.Command):
    """Remembers the order in which ``--format`` and ``--output`` were given: click collects each of them apart."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)
        rest = super().parse_args(ctx, args)
        formats, outputs = ctx.params["formats"], ctx.params["outputs"]
        ctx.meta["outputs"] = _in_order(given, formats, outputs)
        return rest


def _in_order(args: list[str], formats: tuple[str, ...], outputs: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the formats and outputs that click found in the order of ``args``; the first to the first where that cannot be told."""
    kinds = {"--format": "format", "-f": "format", "--output": "output", "-o": "output"}
    found: list[tuple[str, str]] = []
    rest = iter(args)
    for word in rest:
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if word in kinds:
            found.append((kinds[word], next(rest, "")))
        elif name in kinds and equals and name.startswith("--"):
            found.append((kinds[name], value))
        elif word[:2] in kinds:
            found.append((kinds[word[:2]], word[2:]))
    if tuple(value for kind, value in found if kind == "format") == formats and tuple(value for kind, value in found if kind == "output") == outputs:
        return found
    pairs = zip_longest((("format", value) for value in formats), (("output", value) for value in outputs))
    return [given for pair in pairs for given in pair if given]


def _words(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    if not values:
        return None
    words = tuple(word.strip() for value in values for word in value.split(",") if word.strip())
    if not words:  # an unset variable of a script, which would let everything pass
        raise click.BadParameter("it is empty", ctx=ctx, param=parameter)
    return words


@click.command(cls=_ScanCommand, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--staged", is_flag=True, help="Scan what is staged in git, as it is in the index.")
@click.option("--diff", metavar="BASE[...HEAD]", help="Scan the files that differ from a git revision; report what touches changed lines.")
@click.option("--whole-file", is_flag=True, help="With --staged and --diff: report changed files whose AI-generated lines were not changed, too.")
@click.option("--stdin-filename", metavar="NAME", help="With the path -: read stdin, as if it were the file NAME.")
@click.option("--files-from", type=click.Path(), metavar="FILE", help="Scan the files listed in FILE, by line or NUL; - is stdin.")
@click.option("-f", "--format", "formats", multiple=True, type=click.Choice(list(FORMATS)), help="How to report (default: text).  [repeatable]")
@click.option("-o", "--output", "outputs", multiple=True, type=click.Path(), help="Where that report goes (default: stdout).  [repeatable]")
@click.option("--threshold", type=float, callback=checked(probability), metavar="P", help="Report files from this probability on.")
@click.option("--family-threshold", type=float, callback=checked(probability), metavar="P", help="Name a family from this probability on.")
@click.option("--select", multiple=True, callback=_words, metavar="CODES", help="Report these codes or families alone.")
@click.option("--ignore", multiple=True, callback=_words, metavar="CODES", help="Do not report these codes or families.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out files, as in .gitignore; replaces the configured ones.")
@click.option("--extend-exclude", multiple=True, metavar="PATTERN", help="Leave out these files as well.")
@click.option("--force-exclude", is_flag=True, default=None, help="Exclude files even if they are named on the command line.")
@click.option("--max-file-size", callback=checked(file_size), metavar="SIZE", help="Skip larger files (such as 500kB).")
@click.option("--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", help="Use this configuration file and no other.")
@click.option("--isolated", is_flag=True, help="Heed no configuration, .gitattributes or inline ignores of the scanned repository.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Report only what is not in this baseline.")
@click.option("--baseline-any-model", is_flag=True, help="Take the baseline even if it was made with another model.")
@click.option("--model", type=click.Path(path_type=Path), metavar="DIR", help="The bundle to use.")
@click.option("--device", metavar="auto|cpu|cuda", help="Where the model runs.")
@click.option("--engine", metavar="auto|in-process|daemon", help="What runs the model.")
@click.option("--no-daemon", is_flag=True, help="Neither use nor start the process that keeps the model warm.")
@click.option("--no-cache", is_flag=True, help="Judge every file anew, and remember nothing.")
@click.option("-j", "--jobs", type=click.IntRange(1, 1024), metavar="N", help="Threads to use.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--show-source", is_flag=True, help="Show the source of each finding.")
@click.option("--show-suppressed", is_flag=True, help="Show what configuration, comments or the baseline hold back, too.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to use colours.")
@click.option("-v", "--verbose", is_flag=True, help="Tell of skipped, undetermined and suppressed files, too.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings alone.")
@click.pass_context
def scan(ctx: click.Context, /, paths: tuple[str, ...], formats: tuple[str, ...], outputs: tuple[str, ...], **given: Any) -> int:
    """Say which files under PATHS (default: the current directory) look AI-generated, and by which model family.

    Exits with 0 if there is nothing to report, 1 if there are findings, 2 if the job could not be done.
    """
    if given["verbose"] and given["quiet"]:
        raise UsageError("--verbose and --quiet exclude each other")
    directory = Path.cwd()
    style = Style(
        show_source=given["show_source"],
        color=_colors(given["color"]),
        quiet=given["quiet"],
        verbose=given["verbose"],
        base=str(directory),
        show_suppressed=given["show_suppressed"],
    )
    given["texts"] = "html" in formats
    with Outputs() as reports:
        reports.open(pair_outputs(ctx.meta["outputs"]), style)
        return run_scan(paths, given, directory, reports)


def run_scan(paths: tuple[str, ...], given: dict[str, Any], directory: Path, reports: Outputs, make_ledger: MakeLedger | None = None) -> int:
    """Scan, tell ``reports``, and return the exit code. ``given`` holds the options of ``scan`` by name; raises ``AicodelintError``.

    ``make_ledger`` makes what stands in the place of the baseline that the options or the configuration name.
    """
    from aicodelint.config_search import ConfigSearch
    from aicodelint.policy import Options
    from aicodelint.scanning import Policies, judge_files, open_configured_engine
    from aicodelint.selection import check_selectors
    from aicodelint.sources import Request, source_files

    started = time.monotonic()
    request = Request(paths, given["staged"], given["diff"], given["stdin_filename"], given["files_from"])
    request.check()
    search = ConfigSearch(directory, _command_line(given, directory), given["config_file"], given["isolated"])
    progress = Progress(not given["quiet"])
    engine = open_configured_engine(search.invocation, *_sayers(progress, given))
    try:
        for name in ("select", "ignore"):
            check_selectors(given[name] or (), engine.model.families, f"--{name}")
        ledger = (make_ledger or _open_baseline)(engine.model, search.invocation, given, directory)
        options = Options(
            inline=not given["isolated"],
            snippets=given["show_source"],
            whole_file=given["whole_file"],
            texts=given.get("texts", False),
            ledger=ledger,
        )
        policies = Policies(search, engine.model, options, directory)
        summary = Summary()
        reports.start(Tool(__version__, engine.model, engine.name, engine.device, baseline=ledger is not None))
        for result in judge_files(source_files(request, search, directory, reports.files), engine, policies):
            summary.add(result)
            if ledger is not None and result.status is not Status.SKIPPED:
                ledger.visit(result.path)
            if result.findings or given["verbose"]:
                progress.hide()
            reports.add(result)
            progress.step()
        progress.hide()
    finally:
        engine.close()
    summary.seconds = time.monotonic() - started
    reports.finish(summary)
    if ledger is not None and not given["quiet"] and (gone := len(ledger.gone())):
        say(f"note: {gone} of the baseline's findings are gone: 'aicodelint baseline update' takes them out")
    if summary.files and summary.reasons["unreadable"] == summary.files:
        raise AicodelintError("no file could be read")
    return 0 if given["exit_zero"] or not summary.findings else 1


def _open_baseline(model: Model, config: Config, given: dict[str, Any], directory: Path) -> Ledger | None:
    if config.baseline is None:
        return None
    from aicodelint.baseline import Baseline

    baseline = Baseline.read(directory / config.baseline, directory)
    if not given["baseline_any_model"]:
        baseline.check_model(model)
    return baseline


def _command_line(given: dict[str, Any], directory: Path) -> Config:
    return Config(
        threshold=given["threshold"],
        family_threshold=given["family_threshold"],
        select=given["select"],
        ignore=given["ignore"],
        exclude=Globs(directory, given["exclude"]) if given["exclude"] else None,
        extend_exclude=Globs(directory, given["extend_exclude"]) if given["extend_exclude"] else None,
        force_exclude=given["force_exclude"],
        max_file_size=given["max_file_size"],
        engine=given["engine"],
        device=given["device"],
        jobs=given["jobs"],
        model=given["model"],
        baseline=given["baseline"],
        daemon=False if given["no_daemon"] else None,
        cache=False if given["no_cache"] else None,
    )


def _sayers(progress: Progress, given: dict[str, Any]) -> tuple[Callable[[str], None], Callable[[str], None]]:
    """Return what tells of a cache that cannot be used, and what tells of a daemon that was of no use."""

    def warn(text: str) -> None:
        progress.hide()
        say(f"warning: {text}")

    return silent if given["quiet"] else warn, warn if given["verbose"] else silent


def _colors(when: str) -> bool:
    if when != "auto":
        return when == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
