"""``aicodelint evaluate``: its options, and what becomes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from aicodelint.atomic_file import write_text
from aicodelint.cli.checked import checked
from aicodelint.cli.columns import column_options, needed
from aicodelint.cli.format_option import format_option
from aicodelint.cli.say import say, silent
from aicodelint.config import probability
from aicodelint.errors import EngineError, UsageError

BY = "source,language,family,length,year"
COLUMNS = ("code", "label", "language", "source", "group", "date")
_probability = checked(probability)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--model", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="A bundle. Default: the one that ships.")
@click.option("--by", default=BY, show_default=True, metavar="KINDS", help="The tables to make, as far as the columns allow.")
@format_option()
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it. Default: standard output.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Also write a page with ROC curve, reliability and confusion matrix.")
@click.option("--threshold", metavar="P", type=float, callback=_probability, help="Flag a row from this probability on. Default: the bundle's.")
@click.option(
    "--family-threshold", metavar="P", type=float, callback=_probability, help="Name a family from this confidence on. Default: the bundle's."
)
@click.option("--in-sample", is_flag=True, help="Judge rows that the bundle was trained on, too.")
@click.option(
    "--cross-validate",
    type=click.Choice(["group", "source", "random"]),
    help="Judge what `train` would make of DATA on the encoder of --model, each fold by a bundle that has not seen it.",
)
@click.option("--folds", default=5, show_default=True, type=click.IntRange(2, 50), help="Of --cross-validate.")
@click.option("--epochs", default=30, show_default=True, type=click.IntRange(1), help="Of the heads that --cross-validate trains, at most.")
@click.option("--human", metavar="LABEL", help="The label of human rows. Default: Human, or 0.")
@column_options(*COLUMNS)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the bootstrap and the folds.")
@click.option("--device", default="auto", show_default=True, type=click.Choice(["auto", "cpu", "cuda"]))
@click.option("--jobs", "-j", type=click.IntRange(1), help="Threads. Default: one a core.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors and the report.")
def evaluate(data: tuple[Path, ...], form: str, output: Path | None, html: Path | None, **given: Any) -> int:
    """Say how good a bundle is on DATA, labelled code that it has not seen: parquet, CSV or JSON lines, or a folder per label.

    Labels are names or ids (0 = human, 1 to 13, the first ten as in the research task); 0 and 1 alone are human and AI. Rows of sources that the
    bundle was trained on are refused. Rows are judged a batch at a time: a table may be larger than memory, except with --cross-validate.
    """
    try:
        report = _report(data, given)
    except ImportError as error:
        raise EngineError(needed("evaluate", error)) from None
    from aicodelint.training.evaluate_page import as_page
    from aicodelint.training.evaluate_text import as_text

    text = as_text(report) if form == "text" else json.dumps(report, indent=1) + "\n"
    if html is not None:
        _write(html, as_page(report))
    if output is not None:
        _write(output, text)
    else:
        click.echo(text, nl=False)
    return 0


def _report(data: tuple[Path, ...], given: dict[str, Any]) -> dict[str, Any]:
    from aicodelint.training.evaluate_command import Request, by_kinds, evaluate
    from aicodelint.training.tables import Columns

    request = Request(
        paths=data,
        model_dir=given["model"],
        columns=Columns(**{kind: given[f"{kind}_column"] for kind in COLUMNS}),
        human=given["human"],
        by=by_kinds(given["by"]),
        threshold=given["threshold"],
        family_threshold=given["family_threshold"],
        in_sample=given["in_sample"],
        cross_validate=given["cross_validate"],
        folds=given["folds"],
        epochs=given["epochs"],
        seed=given["seed"],
        device=given["device"],
        jobs=given["jobs"],
        quiet=given["quiet"],
    )
    return evaluate(request, silent if given["quiet"] else say)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
