"""``aicodelint predict``: its options, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from aicodelint.cli.checked import checked
from aicodelint.cli.columns import column_options, needed
from aicodelint.cli.say import say
from aicodelint.config import probability
from aicodelint.errors import EngineError


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path, dir_okay=False), help="A .parquet, .csv or .jsonl file.")
@click.option("--model", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="A bundle. Default: the one that ships.")
@click.option("--labels-only", is_flag=True, help="Write id and label alone, as the research task asks.")
@click.option(
    "--threshold", metavar="P", type=float, callback=checked(probability), help="Label a row AI from this probability on. Default: the bundle's."
)
@column_options("code", "id", "language")
@click.option("--device", default="auto", show_default=True, type=click.Choice(["auto", "cpu", "cuda"]))
@click.option("--jobs", "-j", type=click.IntRange(1), help="Threads. Default: one a core.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors.")
def predict(data: tuple[Path, ...], output: Path, **given: Any) -> int:
    """Label every row of DATA: id, label (0 = human, else the family's id), P(AI) and the families' probabilities.

    \b
    aicodelint predict snippets.parquet --output labelled.parquet
    aicodelint predict test.csv --output submission.csv --labels-only
    aicodelint predict snippets.jsonl -o out.jsonl --model mine/ --code-column text

    Rows are read, judged and written a batch at a time: a table may be larger than memory. Labels are the ids that `train` reads, 0 to 10 as in
    the research task; a bundle with families of its own numbers them in its order, from 1 on. A row is labelled -1 where it is AI only because
    --threshold is so low that its family was not looked for.
    """
    try:
        from aicodelint.training.predict_table import predict_table
    except ImportError as error:
        raise EngineError(needed("predict", error)) from None
    rows = predict_table(
        data,
        output,
        model_dir=given["model"],
        columns={kind: given[f"{kind}_column"] for kind in ("code", "id", "language")},
        labels_only=given["labels_only"],
        threshold=given["threshold"],
        device=given["device"],
        jobs=given["jobs"],
        quiet=given["quiet"],
    )
    if not given["quiet"]:
        say(f"wrote {rows:,} rows to {output}")
    return 0
