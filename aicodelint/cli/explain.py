"""``aicodelint explain``: which lines carry a file's verdict, and which features stand out."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aicodelint.cli.format_option import format_option


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", type=click.Path())
@format_option()
@click.option("--model", type=click.Path(path_type=Path), metavar="DIR", help="The bundle to use.")
def explain(file: str, form: str, model: Path | None) -> None:
    """Say which windows and lines of FILE carry its verdict, and which of its features stand out against human code of its language.

    \b
    aicodelint explain src/app.py
    aicodelint explain src/app.py --format json

    It explains what the model saw. It does not prove who wrote the file.
    """
    from aicodelint.config import Config
    from aicodelint.config_search import ConfigSearch
    from aicodelint.detection.bundle import Bundle, default_path
    from aicodelint.detection.features_that_stand_out import standing_out
    from aicodelint.explanation import Explanation, explained_windows, to_record, to_text
    from aicodelint.finding import Snippet
    from aicodelint.policy import Options
    from aicodelint.scanning import Policies, open_configured_engine
    from aicodelint.sources import Request, source_files

    directory = Path.cwd()
    search = ConfigSearch(directory, Config(model=None if model is None else directory / model))
    sources = list(source_files(Request((file,)), search, directory))
    if len(sources) != 1:
        raise click.BadParameter("not one file", param_hint="FILE")
    source = sources[0]
    engine = open_configured_engine(search.invocation)
    try:
        snippet = None if source.text is None else Snippet(source.text, source.language)
        verdict = None if snippet is None else next(iter(engine.judge([snippet])))
        result = Policies(search, engine.model, Options(), directory).for_file(source.path).decide(source, verdict)
        windows = () if verdict is None else explained_windows(source, verdict, engine.model)
        compared = None if snippet is None else standing_out(Bundle.open(search.invocation.model or default_path()), snippet)
        features = None if compared is None else tuple(compared[1])
        explanation = Explanation(result, windows, 0 if compared is None else compared[0].files, features)
        if form == "json":
            click.echo(json.dumps(to_record(explanation, engine.model), indent=1))
        else:
            click.echo("\n".join(to_text(explanation, engine.model)))
    finally:
        engine.close()
