"""``aicodelint train``: its options, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from aicodelint.cli.columns import column_options, needed
from aicodelint.cli.say import say, silent
from aicodelint.errors import EngineError, UsageError

INTERRUPTED = 130
DTYPE_HELP = (
    "Of the encoder. auto: bf16 on a GPU; on a CPU int8 for encoders of 40M parameters or more, where embeddings stay the same. "
    "With int8 the new bundle holds the encoder and scans without torch; with the others it names it and is under 1 MB."
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path, file_okay=False), help="The directory of the new bundle.")
@click.option(
    "--encoder", metavar="NAME_OR_DIR", help="A bundle, a directory or a hub model (NAME or NAME@REVISION). Default: the bundle that ships."
)
@click.option("--revision", metavar="SHA", help="The revision of a hub model.")
@click.option("--download", is_flag=True, help="Fetch a hub model that is not on this machine. Without it nothing is ever downloaded.")
@click.option("--only", type=click.Choice(["head", "gate"]), help="Train the family head alone, or AI or human alone.")
@click.option("--human", metavar="LABEL", help="The label of human rows. Default: Human or 0, which are the same.")
@column_options("code", "label", "group", "language")
@click.option("--epochs", default=30, show_default=True, type=click.IntRange(1), help="Epochs at most.")
@click.option("--learning-rate", default=1e-3, show_default=True, type=click.FloatRange(0, min_open=True))
@click.option("--batch-size", default=32, show_default=True, type=click.IntRange(1))
@click.option("--weight-decay", default=0.01, show_default=True, type=click.FloatRange(0))
@click.option("--warmup", default=0.1, show_default=True, type=click.FloatRange(0, 1), help="The share of the steps over which the rate rises.")
@click.option("--patience", default=5, show_default=True, type=click.IntRange(0), help="Epochs without a better validation; 0 never stops early.")
@click.option("--validation-fraction", default=0.1, show_default=True, type=click.FloatRange(0, 0.5), help="By group where there are groups.")
@click.option("--class-weight", default="balanced", show_default=True, type=click.Choice(["balanced", "sqrt", "none"]))
@click.option("--loss", default="cross-entropy", show_default=True, type=click.Choice(["cross-entropy", "ldam"]))
@click.option("--label-smoothing", default=0.0, show_default=True, type=click.FloatRange(0, 0.9))
@click.option("--width", default=256, show_default=True, type=click.IntRange(1, 65536), help="The width of the head's hidden layers.")
@click.option("--depth", default=1, show_default=True, type=click.IntRange(0, 8), help="The number of hidden layers.")
@click.option("--dropout", default=0.3, show_default=True, type=click.FloatRange(0, 0.95))
@click.option("--layer-norm", is_flag=True, help="Normalise the hidden layers.")
@click.option("--fine-tune", is_flag=True, help="Train the encoder too; the new bundle then holds it.")
@click.option("--fine-tune-epochs", default=3, show_default=True, type=click.IntRange(1))
@click.option("--fine-tune-learning-rate", default=5e-5, show_default=True, type=click.FloatRange(0, min_open=True))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The same seed on the same machine gives the same bundle.")
@click.option("--device", default="auto", show_default=True, type=click.Choice(["auto", "cpu", "cuda"]))
@click.option("--dtype", default="auto", show_default=True, type=click.Choice(["auto", "fp32", "fp16", "bf16", "int8"]), help=DTYPE_HELP)
@click.option("--cache-dir", type=click.Path(path_type=Path, file_okay=False), help="Where embeddings are kept. Default: the user's cache.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors.")
def train(data: tuple[Path, ...], output: Path, **given: Any) -> int:
    """Train a bundle on DATA: parquet, CSV or JSON lines with code and labels, or a folder per label.

    \b
    aicodelint train labelled.csv --output mine/
    aicodelint scan --model mine/ src/
    aicodelint train by-label/ --output mine/ --human people
    aicodelint train rows.csv -o mine/ --code-column text --label-column who --group-column repo
    aicodelint train rows.parquet --output mine/ --encoder Salesforce/codet5p-220m --download
    aicodelint train rows.jsonl --output mine/ --only head --loss ldam --label-smoothing 0.1

    Labels are names or ids (0 = human, 1 to 13, the first ten as in the research task); 0 and 1 alone are human and AI, as --only gate has it.
    Human rows teach AI or human and are left out of the family head; without any, AI or human is what the default bundle says. Interrupted, the
    same command goes on where it was.
    """
    try:
        from aicodelint.training import train_command
    except ImportError as error:
        raise EngineError(needed("train", error)) from None
    _check_output(output)
    told = silent if given["quiet"] else say
    try:
        train_command.train(data, output, given, told)
    except KeyboardInterrupt:
        told("interrupted; what is done is kept: the same command goes on from there")
        return INTERRUPTED
    return 0


def _check_output(output: Path) -> None:
    if output.is_dir() and any(output.iterdir()) and not any((output / name).exists() for name in ("bundle.json", ".training")):
        raise UsageError(f"{output} is not empty and no bundle: choose another --output")
