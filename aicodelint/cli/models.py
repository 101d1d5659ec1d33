"""``aicodelint models``: which bundles there are, what is in them, whether they are whole, and one that runs on a CPU."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from aicodelint.cli.checked import checked
from aicodelint.cli.columns import column_options, needed
from aicodelint.cli.format_option import format_option
from aicodelint.cli.say import say, tell
from aicodelint.config import probability
from aicodelint.errors import BundleError, EngineError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def models() -> None:
    """Look at bundles, check them, and make one that runs on a CPU."""


@models.command(name="list")
@click.argument("directories", nargs=-1, type=click.Path(path_type=Path, file_okay=False))
@format_option()
def list_bundles(directories: tuple[Path, ...], form: str) -> int:
    """List the bundle that ships, and those in DIRECTORIES and one level below. One that cannot be used is listed with the reason."""
    from aicodelint.detection.bundle import MANIFEST, Bundle, default_path

    places = [default_path()]
    for directory in directories:
        places += [path for path in (directory, *sorted(directory.glob("*"))) if (path / MANIFEST).is_file()]
    found = []
    for path in (path for path in places if (path / MANIFEST).is_file()):
        try:
            found.append(_described(Bundle.open(path)))
        except BundleError as error:
            found.append({"path": str(path), "error": str(error)})
    if form == "json":
        click.echo(json.dumps(found, indent=2))
    else:
        for entry in found:
            tell(_line(entry))
    return 0


@models.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path, file_okay=False))
@format_option()
def info(directory: Path | None, form: str) -> int:
    """Say what is in the bundle DIRECTORY (default: the one that ships)."""
    from aicodelint.detection.bundle import Bundle, default_path

    found = _described(Bundle.open(directory or default_path()))
    if form == "json":
        click.echo(json.dumps(found, indent=2))
        return 0
    limits = ", ".join(f"{name} {_limit(value)}" for name, value in found["thresholds"].items())
    tell(f"{found['name']} ({found['fingerprint']}) in {found['path']}")
    tell(f"families: {', '.join(found['families'])}")
    tell(f"thresholds: {limits}")
    tell(f"encoder: {found['encoder']}")
    for name, size in found["files"].items():
        tell(f"  {name}  {size:,} bytes")
    return 0


@models.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path, file_okay=False))
def verify(directory: Path | None) -> int:
    """Check every file of the bundle DIRECTORY (default: the one that ships) and that a text can be judged by it."""
    from aicodelint.detection.bundle import Bundle, default_path
    from aicodelint.detection.open_detector import open_detector
    from aicodelint.finding import Snippet

    bundle = Bundle.open(directory or default_path())
    bundle.verify()
    open_detector(bundle).judge([Snippet("def f(x):\n    return x + 1\n", "Python")])
    tell(f"{bundle.path}: {len(bundle.files)} files as promised, and it judges")
    return 0


@models.command(name="export-onnx")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path, file_okay=False), help="The directory of the new bundle.")
@click.option("--precision", type=click.Choice(["int8", "fp32"]), default="int8", show_default=True, help="Of the encoder's matrices.")
@click.option("--check", "data", multiple=True, metavar="DATA", type=click.Path(path_type=Path), help="Tables or folders to compare verdicts on.")
@column_options("code")
@click.option(
    "--least-agreement",
    default=0.98,
    show_default=True,
    metavar="P",
    type=float,
    callback=checked(probability),
    help="Refuse to write below this share.",
)
def export_onnx(directory: Path, output: Path, **given: Any) -> int:
    """Make a bundle that runs on a CPU without torch from DIRECTORY, whose encoder is only named.

    The verdicts of both are compared on the rows of --check, or on source files of Python's own library, and the agreement is printed.
    """
    try:
        from aicodelint.training.export_bundle import export_bundle
    except ImportError as error:
        raise EngineError(needed("models export-onnx", error)) from None
    agreement = export_bundle(
        directory, output, given["precision"] == "int8", given["data"], given["least_agreement"], code_column=given["code_column"]
    )
    tell(agreement.sentence())
    say(f"wrote {output}")
    return 0


def _line(entry: dict[str, Any]) -> str:
    """Return what the list says of one bundle."""
    if "error" in entry:
        return f"{entry['path']}: cannot be used: {entry['error']}"
    return f"{entry['path']}: {entry['name']} ({entry['fingerprint']}), {len(entry['families'])} families, {entry['bytes'] / 1e6:.1f} MB"


def _limit(value: Any) -> str:
    """Return a threshold, or those of the families that are ever named."""
    if not isinstance(value, dict):
        return str(value)
    return "(" + (", ".join(f"{name} {limit}" for name, limit in value.items() if limit < 1) or "none is named") + ")"


def _described(bundle: Any) -> dict[str, Any]:
    limits = bundle.model.thresholds
    sizes = {}
    for name in sorted(bundle.files):
        try:
            sizes[name] = (bundle.path / name).stat().st_size
        except OSError as error:
            raise BundleError(f"cannot read {bundle.path / name}: {error.strerror}") from None
    named = bundle.manifest.get("encoder")
    return {
        "path": str(bundle.path),
        "name": bundle.model.name,
        "fingerprint": bundle.model.fingerprint,
        "kind": bundle.manifest.get("kind"),
        "families": list(bundle.model.families),
        "thresholds": {"gate": bundle.gate_threshold, "human": limits.human, "ai": limits.ai, "family": limits.family},
        "encoder": "in the bundle" if not isinstance(named, dict) else named.get("hub") or named.get("path"),
        "files": sizes,
        "bytes": sum(sizes.values()),
    }
