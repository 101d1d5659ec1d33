from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("lightgbm")
pq = pytest.importorskip("pyarrow.parquet")

from aicodelint.detection.bundle import MANIFEST  # noqa: E402

HEADER = ("code", "label", "source", "group", "language", "date")
HOSTILE = '</td><script>alert("x")</script>\x1b[31m\u202e'
Row = tuple[str, ...]


@pytest.fixture
def evaluate(command: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: command("evaluate", *arguments)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def rows(three_authors: list[tuple[str, str]]) -> list[Row]:
    """The first half is for training, the second for judging: no source in both."""
    return [
        (code, label, f"source-{number // 15}", f"group-{number // 30}", "Java" if label == "beta" else "Python", f"{2020 + number % 6}-03-01")
        for number, (code, label) in enumerate(three_authors)
    ]


def _write(path: Path, rows: list[Row], header: tuple[str, ...] = HEADER) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture(scope="module")
def trained_on(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> Path:
    return _write(tmp_path_factory.mktemp("data") / "train.csv", rows[:180])


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> Path:
    return _write(tmp_path_factory.mktemp("data") / "unseen.csv", rows[180:])


@pytest.fixture(scope="module")
def bundle(run_here: Callable[..., int], tmp_path_factory: pytest.TempPathFactory, trained_on: Path, tiny_encoder: Path) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    arguments = ["train", trained_on, "-o", folder / "mine", "--encoder", tiny_encoder, "--group-column", "source", "--cache-dir", folder / "cache"]
    assert run_here(*arguments, "--quiet") == 0
    return folder / "mine"


def _report(outcome: Any) -> dict[str, Any]:
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)
    return found


def test_unseen_rows_are_judged_as_predict_judges_them(
    evaluate: Callable[..., Any], run_here: Callable[..., int], bundle: Path, unseen: Path, tmp_path: Path
) -> None:
    found = _report(evaluate(unseen, "--model", bundle, "--format", "json"))
    assert run_here("predict", unseen, "--model", bundle, "-o", tmp_path / "p.jsonl") == 0
    predicted = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    labels = [row["label"] for row in csv.DictReader(unseen.open(encoding="utf-8"))]
    limit = found["thresholds"]["ai"]
    flagged = [entry["p_ai"] >= limit for entry in predicted]
    ai = [hit for hit, label in zip(flagged, labels, strict=True) if label != "Human"]
    assert found["figures"]["tpr"] == round(sum(ai) / len(ai), 4)
    assert (found["figures"]["human_rows"], found["figures"]["ai_rows"]) == (labels.count("Human"), len(ai))
    assert found["figures"]["auc"] > 0.95
    assert found["figures"]["families"]["macro_f1"] > 0.9
    assert found["figures"]["found_at_1"] is None, "forty human rows cannot tell a rate of 1 %"
    assert set(found["by"]) == {"source", "language", "family", "length", "year"}
    assert found["notes"] == []


def test_the_text_report_shows_a_dash_where_rows_are_too_few(evaluate: Callable[..., Any], bundle: Path, unseen: Path) -> None:
    outcome = evaluate(unseen, "--model", bundle, "--by", "language, year")
    assert outcome.code == 0
    assert outcome.err == ""
    line = next(line for line in outcome.out.splitlines() if line.startswith("  AI rows found at 1 % false positives"))
    assert line.split()[-1] == "–"  # noqa: RUF001
    assert next(line for line in outcome.out.splitlines() if line.startswith("  human rows flagged")).endswith("of 40")
    assert "By language" in outcome.out
    assert "By year" in outcome.out
    assert "By source" not in outcome.out
    assert "bootstrap over 8 sources" in outcome.out


@pytest.mark.parametrize("columns", [HEADER, ("code", "label")])
def test_rows_that_a_bundle_was_trained_on_are_refused(
    evaluate: Callable[..., Any], bundle: Path, rows: list[Row], tmp_path: Path, columns: tuple[str, ...]
) -> None:
    table = _write(tmp_path / "t.csv", [row[: len(columns)] for row in rows[150:210]], columns)
    outcome = evaluate(table, "--model", bundle)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1
    told = (
        "30 of 60 rows are of sources that mine was trained on (source-10, source-11)" if "source" in columns else "about 50% of the rows are texts"
    )
    assert told in outcome.err
    assert "--in-sample" in outcome.err
    found = _report(evaluate(table, "--model", bundle, "--in-sample", "--format", "json"))
    assert told in found["notes"][0]


def test_a_bundle_without_a_record_is_used_with_a_word_of_warning(
    evaluate: Callable[..., Any], bundle: Path, trained_on: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    manifest = json.loads((copy / MANIFEST).read_text())
    del manifest["training"]
    (copy / MANIFEST).write_text(json.dumps(manifest))
    found = _report(evaluate(trained_on, "--model", copy, "--format", "json"))
    assert "does not record what it was trained on" in found["notes"][0]


def test_thresholds_can_be_given(evaluate: Callable[..., Any], bundle: Path, unseen: Path) -> None:
    found = _report(evaluate(unseen, "--model", bundle, "--threshold", 0, "--family-threshold", 0, "--format", "json"))
    assert found["thresholds"] == {"ai": 0.0, "family": 0.0}
    assert found["figures"]["fpr"] == found["figures"]["tpr"] == 1.0
    outcome = evaluate(unseen, "--model", bundle, "--threshold", 7)
    assert outcome.code == 2


def test_every_kind_of_table_gives_the_same_report(evaluate: Callable[..., Any], bundle: Path, unseen: Path, tmp_path: Path) -> None:
    import pyarrow as pa

    records = list(csv.DictReader(unseen.open(encoding="utf-8")))
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "t.parquet")
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    expected = _report(evaluate(unseen, "--model", bundle, "--format", "json"))
    for name in ("t.parquet", "t.jsonl"):
        assert _report(evaluate(tmp_path / name, "--model", bundle, "--format", "json")) == expected


def test_folds_by_group_judge_what_train_would_make(
    evaluate: Callable[..., Any], run_here: Callable[..., int], rows: list[Row], tiny_encoder: Path, tmp_path: Path
) -> None:
    table = _write(tmp_path / "t.csv", rows[:120])
    encoder = _bundle_of(run_here, tiny_encoder, table, tmp_path)
    options = ["--model", encoder, "--folds", 2, "--epochs", 4, "--format", "json", "--in-sample"]
    outcome = evaluate(table, "--cross-validate", "source", *options)
    found = _report(outcome)
    assert "fold 2 of 2" in outcome.err
    assert "2 folds by source" in found["method"]
    assert found["figures"]["rows"] == 120
    assert found["figures"]["auc"] > 0.9
    random = evaluate(table, "--cross-validate", "random", *options)
    assert "warning: random folds" in random.err
    assert any("learnt by heart" in note for note in _report(random)["notes"])


def _bundle_of(run_here: Callable[..., int], encoder: Path, table: Path, folder: Path) -> Path:
    """A bundle of no use but for its encoder."""
    assert run_here("train", table, "-o", folder / "encoder", "--encoder", encoder, "--epochs", 1, "--only", "head", "--quiet") == 0
    return folder / "encoder"


@pytest.mark.parametrize("kind", ["group", "source"])
def test_folds_without_groups_are_refused_and_random_ones_must_be_asked_for(
    evaluate: Callable[..., Any], bundle: Path, rows: list[Row], tmp_path: Path, kind: str
) -> None:
    table = _write(tmp_path / "t.csv", [row[:2] for row in rows[180:]], ("code", "label"))
    outcome = evaluate(table, "--model", bundle, "--cross-validate", kind)
    assert outcome.code == 2
    assert f"needs a {kind} column" in outcome.err
    assert "--cross-validate random" in outcome.err
    one = _write(tmp_path / "one.csv", [(*row[:2], "only", "only") for row in rows[180:]], HEADER[:4])
    assert f"every row is of one {kind}" in evaluate(one, "--model", bundle, "--cross-validate", kind).err


class _Reader(HTMLParser):
    """What a browser would make of a page: its elements, and every address in it."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.handlers += [name for name, _ in attributes if name.startswith("on") or name in {"href", "src", "style"}]


def test_the_page_loads_nothing_and_obeys_no_name(evaluate: Callable[..., Any], bundle: Path, rows: list[Row], tmp_path: Path) -> None:
    hostile = [(row[0], HOSTILE if row[1] == "beta" else row[1], f"{HOSTILE}{number % 7}", *row[3:]) for number, row in enumerate(rows[180:])]
    table = _write(tmp_path / "t.csv", hostile)
    outcome = evaluate(table, "--model", bundle, "--html", tmp_path / "sub" / "page.html", "-o", tmp_path / "report.txt")
    assert outcome == (0, "", "")
    page = (tmp_path / "sub" / "page.html").read_text(encoding="utf-8")
    reader = _Reader()
    reader.feed(page)
    assert "script" not in reader.elements
    assert reader.handlers == []
    assert "http:" not in page
    assert "https:" not in page
    assert "\x1b" not in page
    assert {"svg", "table"} <= reader.elements
    assert "prefers-color-scheme: dark" in page
    assert "\x1b" not in (tmp_path / "report.txt").read_text(encoding="utf-8")
    assert "\\x1b[31m" in (tmp_path / "report.txt").read_text(encoding="utf-8")


def test_no_link_beside_the_report_is_written_through(evaluate: Callable[..., Any], bundle: Path, unseen: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / f".report.txt.{os.getpid()}.partial").symlink_to(precious)
    assert evaluate(unseen, "--model", bundle, "-o", tmp_path / "report.txt").code == 0
    assert precious.read_text() == "mine"


def test_binary_labels_are_human_and_ai_without_families(evaluate: Callable[..., Any], bundle: Path, rows: list[Row], tmp_path: Path) -> None:
    table = _write(tmp_path / "t.csv", [(row[0], str(int(row[1] != "Human"))) for row in rows[180:]], ("code", "label"))
    found = _report(evaluate(table, "--model", bundle, "--format", "json"))
    assert found["figures"]["auc"] > 0.95
    assert found["figures"]["families"]["rows"] == 0
    assert found["figures"]["bootstrap"] == "rows"
    assert "the labels are 0 and 1" in found["notes"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such.csv"], "no such file or directory: no-such.csv"),
        (["{table}", "--by", "moon"], "--by knows source, language, family, length, year; not 'moon'"),
        (["{table}", "--label-column", "who"], "has no label column 'who'"),
        (["{table}", "--model", "{empty}"], "is not a bundle"),
        (["{blank}"], "there is no code to judge"),
        (["{table}", "--html", "{table}/page.html"], "cannot write"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    evaluate: Callable[..., Any], bundle: Path, unseen: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "empty").mkdir()
    blank = _write(tmp_path / "blank.csv", [("  ", "Human")], ("code", "label"))
    filled = [argument.format(table=unseen, empty=tmp_path / "empty", blank=blank) for argument in arguments]
    model = [] if "--model" in filled else ["--model", bundle]
    outcome = evaluate(*filled, *model)
    assert outcome.code == 2
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_plain_install_judges_a_csv_and_says_what_parquet_needs(
    run_here: Callable[..., int], run_without: Callable[..., Any], bundle: Path, unseen: Path, tmp_path: Path
) -> None:
    """Without what the train extra brings; the bundle that is used here holds its encoder, as the one that ships does."""
    assert run_here("models", "export-onnx", bundle, "-o", tmp_path / "cpu", "--check", unseen) == 0
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    missing = ("torch", "transformers", "pandas", "sklearn", "scipy", "matplotlib", "lightgbm", "pyarrow", "onnx")
    for table, code in ((unseen, 0), (tmp_path / "t.parquet", 2)):
        done = run_without(missing, "evaluate", table, "--model", tmp_path / "cpu", "--html", tmp_path / "page.html")
        assert done.returncode == code, done.stderr
    assert done.stderr == "error: aicodelint evaluate needs packages that are not installed (pyarrow): pip install 'aicodelint[train]'\n"
