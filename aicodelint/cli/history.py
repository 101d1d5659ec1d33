"""``aicodelint history``: how much of the repository looked AI-generated, month by month."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--since", metavar="DATE", default="2 years ago", show_default=True, help="The first month, as git reads dates; 'all' for everything.")
@click.option("--format", "-f", "shape", type=click.Choice(["text", "json", "svg"]), default="text", show_default=True, help="How to tell.")
@click.option("--threshold", type=click.FloatRange(0, 1), metavar="P", help="Count files from this probability on.")
@click.option("--model", type=click.Path(path_type=Path), metavar="DIR", help="The bundle to use.")
@click.option("--no-cache", is_flag=True, help="Judge every file anew, and remember nothing.")
def history(since: str, shape: str, threshold: float | None, model: Path | None, no_cache: bool) -> None:
    """Say how much of this repository looked AI-generated at the end of each month: a table and a plot.

    \b
    aicodelint history
    aicodelint history --since 2024-01-01
    aicodelint history --since all --format svg > history.svg

    It follows the first parents of HEAD and judges each version of a file once. It knows no authors. Of human files about as many as the model's
    rate of false positives are counted, too: look at the change, not at a low level.
    """
    from aicodelint.config import Config
    from aicodelint.config_search import ConfigSearch
    from aicodelint.discovery.git import require_repository
    from aicodelint.history import History, to_svg, to_text
    from aicodelint.policy import Options
    from aicodelint.scanning import Policies, open_configured_engine
    from aicodelint.sources import discovery_options

    directory = Path.cwd()
    repository = require_repository(str(directory))
    said = Config(threshold=threshold, model=None if model is None else directory / model, cache=False if no_cache else None)
    search = ConfigSearch(directory, said)
    engine = open_configured_engine(search.invocation)
    try:
        policies = Policies(search, engine.model, Options(inline=False), directory)
        record = History(repository, discovery_options(search.invocation, directory), engine, policies)
        months = list(record.months(None if since == "all" else since))
    finally:
        engine.close()
    if shape == "svg":
        click.echo(to_svg(months), nl=False)
    elif shape == "json":
        shown = [{**asdict(month), "share": month.share} for month in months]
        model_shown = {"name": engine.model.name, "fingerprint": engine.model.fingerprint}
        click.echo(json.dumps({"schema_version": 1, "model": model_shown, "months": shown}, indent=1))
    else:
        click.echo("\n".join(to_text(months)))
