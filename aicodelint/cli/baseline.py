"""``aicodelint baseline``: accepts the findings of today, so that scans report new ones alone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aicodelint.baseline import DEFAULT_FILE, Baseline, Ledger, Recorder, write
from aicodelint.cli.format_option import format_option
from aicodelint.cli.outputs import Outputs
from aicodelint.cli.say import say, tell
from aicodelint.errors import UsageError

if TYPE_CHECKING:
    from aicodelint.cli.scan import MakeLedger
    from aicodelint.config import Config
    from aicodelint.model import Model

_SCAN_ARGUMENTS = {"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}
_file = click.option(
    "--file", "-F", type=click.Path(path_type=Path), metavar="FILE", help=f"The baseline (default: the configured one, or {DEFAULT_FILE})."
)
_arguments = click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PATHS AND OPTIONS OF SCAN]...")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def baseline() -> None:
    """Accept the findings of today, so that scans report new ones alone.

    \b
    aicodelint baseline create                  accept what 'aicodelint scan' reports now
    aicodelint scan --baseline .aicodelint-baseline.json
    aicodelint baseline update                  take out what is gone
    aicodelint baseline update --add            accept what is new, too
    aicodelint baseline show

    An accepted finding is known by its path and its text without blanks: it survives moved lines, small edits and a renamed file.
    """


@baseline.command(context_settings=_SCAN_ARGUMENTS)
@_file
@click.option("--force", is_flag=True, help="Replace a baseline that is there.")
@_arguments
def create(file: Path | None, force: bool, arguments: tuple[str, ...]) -> None:
    """Scan, and accept every finding. Takes the paths and options of 'aicodelint scan'.

    \b
    aicodelint baseline create
    aicodelint baseline create src --threshold 0.99
    aicodelint baseline create --file ci/known.json --force
    """
    directory = Path.cwd()
    paths, given = _parsed(arguments)
    configured = _configured(directory, given)
    target = _target(file, configured, directory)
    if target.exists() and not force:
        raise UsageError(f"{_shown(target, directory)} is there already: 'aicodelint baseline update' shrinks it, --force replaces it")
    recorder = Recorder(target.parent, directory)
    model = _scan(paths, given, directory, lambda *_: recorder)
    write(target, model, recorder.entries)
    shown = _shown(target, directory)
    say(f"{shown}: {_counted(len(recorder.entries))} accepted")
    if configured != target:
        say(f"scan with --baseline {shown}, or write baseline = {json.dumps(shown)} under [tool.aicodelint] in pyproject.toml")


@baseline.command(context_settings=_SCAN_ARGUMENTS)
@_file
@click.option("--add", is_flag=True, help="Accept new findings, too.")
@_arguments
def update(file: Path | None, add: bool, arguments: tuple[str, ...]) -> None:
    """Scan, and take out what is gone; what lies outside of PATHS stays as it is. Takes the paths and options of 'aicodelint scan'.

    \b
    aicodelint baseline update                       take out what is gone
    aicodelint baseline update --add src/new.py      accept what is new there
    aicodelint baseline update --baseline-any-model  after a change of model
    """
    directory = Path.cwd()
    paths, given = _parsed(arguments)
    target = _target(file, _configured(directory, given), directory)
    known = Baseline.read(target, directory)

    def ledger(model: Model, config: Config, given: dict[str, Any], start: Path) -> Ledger:
        if not given["baseline_any_model"]:
            known.check_model(model)
        return known

    model = _scan(paths, given, directory, ledger)
    kept = [*known.found, *known.unseen(), *(known.fresh if add else ())]
    write(target, model, kept)
    news = f"{len(known.fresh)} new {'accepted' if add else 'not accepted (--add accepts them)'}"
    say(f"{_shown(target, directory)}: {_counted(len(kept))}, {len(known.gone())} gone, {news}")


@baseline.command()
@_file
@format_option()
def show(file: Path | None, form: str) -> None:
    """List the accepted findings."""
    directory = Path.cwd()
    target = _target(file, _configured(directory, {}), directory)
    known = Baseline.read(target, directory)
    if form == "json":
        findings = [{"path": entry.path, "code": entry.code, "content": entry.content} for entry in known.entries]
        model = {"name": known.model_name, "fingerprint": known.model_fingerprint}
        click.echo(json.dumps({"file": _shown(target, directory), "model": model, "findings": findings}, indent=1))
        return
    for entry in known.entries:
        tell(f"{entry.path}: {entry.code} ({entry.content[:12]})")
    tell(f"{_counted(len(known.entries))}, made with the model {known.model_name} ({known.model_fingerprint})")


def _parsed(arguments: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the paths and the options that ``aicodelint scan`` would read from ``arguments``."""
    from aicodelint.cli.scan import scan

    given = scan.make_context("aicodelint scan", list(arguments)).params
    paths, _, _ = given.pop("paths"), given.pop("formats"), given.pop("outputs")
    if given["staged"] or given["diff"] or given["baseline"]:
        raise UsageError("a baseline is made of whole files: --staged and --diff do not go with it, and --file names it, not --baseline")
    return paths, given


def _configured(directory: Path, given: dict[str, Any]) -> Path | None:
    """Return the baseline that the configuration names, absolute, or None."""
    from aicodelint.config_search import ConfigSearch

    named = ConfigSearch(directory, None, given.get("config_file"), given.get("isolated", False)).invocation.baseline
    return None if named is None else directory / named


def _target(file: Path | None, configured: Path | None, directory: Path) -> Path:
    return configured or directory / DEFAULT_FILE if file is None else directory / file


def _shown(target: Path, directory: Path) -> str:
    return os.path.relpath(target, directory)


def _scan(paths: tuple[str, ...], given: dict[str, Any], directory: Path, make_ledger: MakeLedger) -> Model:
    """Scan without a report; return the model."""
    from aicodelint.cli.scan import run_scan

    models: list[Model] = []

    def ledger(model: Model, config: Config, options: dict[str, Any], start: Path) -> Ledger | None:
        models.append(model)
        return make_ledger(model, config, options, start)

    given["quiet"] = True
    with Outputs() as nowhere:
        run_scan(paths, given, directory, nowhere, ledger)
    return models[0]


def _counted(number: int) -> str:
    return "1 finding" if number == 1 else f"{number} findings"
