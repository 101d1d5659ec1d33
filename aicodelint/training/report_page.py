"""Training curves, confusion matrix and reliability diagrams as images, and one HTML page that holds them all."""

from __future__ import annotations

import base64
import html
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PAGE = "report.html"
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
    "table{border-collapse:collapse}td,th{padding:.25rem .75rem;border-bottom:1px solid #ddd;text-align:right}"
    "th:first-child,td:first-child{text-align:left}"
    "img{max-width:100%}"
)


def write_report(directory: Path, metrics: Mapping[str, Any]) -> list[Path]:
    """Write the images and ``report.html`` of a training to ``directory``; return what was written."""
    figures: dict[str, Figure] = {}
    family, ai = metrics.get("family", {}), metrics.get("ai", {})
    if family.get("history"):
        figures["training-curves"] = _curves(family["history"])
    if family.get("confusion"):
        figures["confusion-matrix"] = _confusion(family["confusion"], list(family["families"]))
    parts = {name: part["reliability"] for name, part in (("AI or human", ai), ("families", family)) if part.get("reliability")}
    if parts:
        figures["reliability"] = _reliability(parts)
    images = {name: _png(figure) for name, figure in figures.items()}
    written = []
    for name, data in images.items():
        path = directory / f"{name}.png"
        path.write_bytes(data)
        written.append(path)
    page = directory / PAGE
    page.write_text(_page(metrics, images), encoding="utf-8")
    return [*written, page]


def _curves(history: list[dict[str, float]]) -> Figure:
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    epochs = [entry["epoch"] for entry in history]
    for name, label in (("loss", "training loss"), ("validation_loss", "validation loss")):
        if name in history[0]:
            axes.plot(epochs, [entry[name] for entry in history], marker=".", label=label)
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    if "macro_f1" in history[0]:
        other = axes.twinx()
        other.plot(epochs, [entry["macro_f1"] for entry in history], color="tab:green", marker=".", label="validation macro-F1")
        other.set_ylim(0, 1.02)
        other.set_ylabel("macro-F1")
        other.legend(loc="center right")
    axes.legend(loc="upper right")
    return figure


def _confusion(matrix: list[list[int]], names: list[str]) -> Figure:
    size = max(4.0, 0.6 * len(names) + 2)
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.add_subplot()
    shares = [[count / max(sum(row), 1) for count in row] for row in matrix]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    # A name is no formula, whatever dollars are in it.
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_xlabel("named")
    axes.set_ylabel("true")
    for row, counts in enumerate(matrix):
        for column, count in enumerate(counts):
            axes.text(column, row, str(count), ha="center", va="center", color="white" if shares[row][column] > 0.5 else "black")
    return figure


def _reliability(parts: Mapping[str, list[dict[str, float]]]) -> Figure:
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    for name, bins in parts.items():
        axes.plot([part["confidence"] for part in bins], [part["right"] for part in bins], marker="o", label=name)
    axes.set_xlabel("probability")
    axes.set_ylabel("share that is so")
    axes.legend()
    return figure


def _png(figure: Figure) -> bytes:
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A family whose name the font lacks is drawn as boxes; the page beside the image spells it.
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def _page(metrics: Mapping[str, Any], images: Mapping[str, bytes]) -> str:
    family, ai = metrics.get("family", {}), metrics.get("ai", {})
    rows = [("rows", metrics["rows"]), ("encoder", metrics.get("encoder", ""))]
    rows += [
        (f"AI or human: {name.replace('_', ' ')}", ai[name])
        for name in ("auc", "threshold", "false_positive_rate", "true_positive_rate")
        if name in ai
    ]
    rows += [
        (f"families: {name.replace('_', ' ')}", family[name]) for name in ("macro_f1", "accuracy", "named", "precision_of_named") if name in family
    ]
    figures = "".join(
        f'<h2>{name.replace("-", " ").capitalize()}</h2><img alt="{name}" src="data:image/png;base64,{base64.b64encode(data).decode()}">'
        for name, data in images.items()
    )
    families = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{entry['precision']:.3f}</td><td>{entry['recall']:.3f}</td><td>{entry['f1']:.3f}</td><td>{entry['rows']}</td></tr>"
        for name, entry in family.get("families", {}).items()
    )
    table = f"<table><tr><th>family</th><th>precision</th><th>recall</th><th>F1</th><th>rows</th></tr>{families}</table>" if families else ""
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in metrics.get("notes", []))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>aicodelint training</title><style>{_STYLE}</style>'
        f"<h1>Training</h1><p>Every figure is from models that had not seen the text they judge.</p>{notes}<table>"
        + "".join(f"<tr><td>{html.escape(str(name))}</td><td>{html.escape(_shown(value))}</td></tr>" for name, value in rows)
        + f"</table>{table}{figures}</html>\n"
    )


def _shown(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
