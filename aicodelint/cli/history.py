"""``aicodelint history``: how much of the repository looked AI-generated, month by month."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from aicodelint.cli.checked import checked
from aicodelint.cli.format_option import format_option
from aicodelint.cli.say import say
from aicodelint.config import Config, probability
from aicodelint.errors import UsageError


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--since", metavar="DATE", default="2 years ago", show_default=True, help="The first month, as git reads dates; 'all' for everything.")
@format_option("svg")
@click.option("--by-author", is_flag=True, help="Name who made the versions of the files, too (text and JSON).")
@click.option("--threshold", type=float, callback=checked(probability), metavar="P", help="Count files from this probability on.")
@click.option("--model", type=click.Path(path_type=Path), metavar="DIR", help="The bundle to use.")
@click.option("--no-cache", is_flag=True, help="Judge every file anew, and remember nothing.")
def history(*, since: str, form: str, by_author: bool, threshold: float | None, model: Path | None, no_cache: bool) -> None:
    """Say how much of this repository looked AI-generated at the end of each month: a table and a plot.

    \b
    aicodelint history
    aicodelint history --since 2024-01-01
    aicodelint history --since all --format svg > history.svg
    aicodelint history --by-author --format json

    It follows the first parents of HEAD and judges each version of a file once. It names nobody unless asked: --by-author counts each file for the
    author of the commit that first brought this version of it. Of human files about as many as the model's rate of false positives are counted,
    too: look at the change, not at a low level.
    """
    from aicodelint.cli.progress import Progress
    from aicodelint.config_search import ConfigSearch
    from aicodelint.discovery.git import require_repository
    from aicodelint.history import History
    from aicodelint.policy import Options
    from aicodelint.report.history import authors_text, months_svg, months_text
    from aicodelint.scanning import Policies, open_configured_engine
    from aicodelint.sources import discovery_options

    if by_author and form == "svg":
        raise UsageError("the plot names nobody: --by-author goes with --format text or json")
    directory = Path.cwd()
    repository = require_repository(str(directory))
    said = Config(threshold=threshold, model=None if model is None else directory / model, cache=False if no_cache else None)
    search = ConfigSearch(directory, said)
    engine = open_configured_engine(search.invocation)
    progress = Progress()
    try:
        policies = Policies(search, engine.model, Options(inline=False), directory)
        record = History(repository, discovery_options(search.invocation, directory), engine, policies, progress.step)
        months = list(record.months(None if since == "all" else since))
        authors = list(record.by_author(months)) if by_author else []
    finally:
        progress.hide()
        engine.close()
    if repository.is_shallow():
        say("note: this clone is shallow: months are missing that 'git fetch --unshallow' would bring")
    if not months:
        say("note: there are no commits" if since == "all" else f"note: no commit since {since}")
    if form == "svg":
        click.echo(months_svg(months), nl=False)
    elif form == "json":
        shown: list[dict[str, Any]] = [{**asdict(month), "share": month.share} for month in months]
        for month, makers in zip(shown, authors, strict=False):
            month["authors"] = [{**asdict(maker), "share": maker.share} for maker in makers]
        model_shown = {"name": engine.model.name, "fingerprint": engine.model.fingerprint}
        click.echo(json.dumps({"schema_version": 1, "model": model_shown, "months": shown}, indent=1))
    elif months:
        lines = list(months_text(months))
        if authors:
            lines += ["", *authors_text(months[-1].month, authors[-1])]
        click.echo("\n".join(lines))
