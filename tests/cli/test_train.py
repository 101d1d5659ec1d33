from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("lightgbm")
pq = pytest.importorskip("pyarrow.parquet")

from aicodelint.detection.bundle import MANIFEST, Bundle, default_path  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embeddings")


def _write_csv(path: Path, rows: list[tuple[str, str]], header: tuple[str, ...] = ("code", "label")) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory, three_authors: list[tuple[str, str]]) -> Path:
    return _write_csv(tmp_path_factory.mktemp("data") / "three.csv", three_authors)


@pytest.fixture(scope="module")
def bundle(run_here: Callable[..., int], tmp_path_factory: pytest.TempPathFactory, table: Path, tiny_encoder: Path, cache: Path) -> Path:
    output = tmp_path_factory.mktemp("trained") / "mine"
    assert run_here("train", table, "--output", output, "--encoder", tiny_encoder, "--cache-dir", cache, "--quiet") == 0
    return output


def _project(directory: Path, rows: list[tuple[str, str]]) -> list[str]:
    """Lay rows out as files of a project; return their labels in the order of their names."""
    directory.mkdir(parents=True)
    for number, (code, label) in enumerate(rows):
        (directory / f"f{number:03}.{'java' if label == 'beta' else 'py'}").write_text(code, encoding="utf-8")
    return [label for _, label in rows]


def test_a_csv_of_three_labels_goes_from_train_to_scan_in_two_commands(
    command: Callable[..., Any], bundle: Path, tmp_path: Path, three_authors: list[tuple[str, str]]
) -> None:
    labels = _project(tmp_path / "project", three_authors[:30])
    outcome = command("scan", tmp_path / "project", "--model", bundle, "--engine", "in-process", "--format", "json", "--no-cache")
    assert outcome.code == 1, outcome.err
    found = json.loads(outcome.out)["files"]
    assert [entry["family"] or "Human" for entry in found] == labels
    assert {entry["status"] for entry in found} == {"ai", "human"}
    assert {tuple(entry["families"]) for entry in found if entry["families"]} == {("alpha", "beta")}
    assert {entry["code"] for entry in found} == {None, "AIC101", "AIC102"}


def test_the_bundle_names_its_encoder_and_stays_under_a_megabyte(bundle: Path, tiny_encoder: Path) -> None:
    opened = Bundle.open(bundle)
    opened.verify()
    assert opened.manifest["encoder"]["path"] == str(tiny_encoder)
    assert set(opened.files) == {"head.safetensors", "gate.onnx"}
    assert sum((bundle / name).stat().st_size for name in [*opened.files, MANIFEST]) < 1_000_000


def test_metrics_images_and_page(bundle: Path) -> None:
    metrics = json.loads((bundle / "metrics.json").read_text())
    assert metrics["labels"] == {"Human": 100, "alpha": 100, "beta": 100}
    assert metrics["ai"]["auc"] > 0.95
    assert metrics["family"]["macro_f1"] > 0.95
    assert len(metrics["family"]["history"]) >= metrics["family"]["best_epoch"] > 0
    assert metrics["family"]["judged_rows"] == 200
    for name in ("training-curves", "confusion-matrix", "reliability"):
        assert (bundle / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    page = (bundle / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 3
    assert "http" not in page


def test_int8_gives_a_bundle_that_holds_its_encoder(
    command: Callable[..., Any], table: Path, tiny_encoder: Path, tmp_path: Path, three_authors: list[tuple[str, str]]
) -> None:
    outcome = command("train", table, "-o", tmp_path / "b", "--encoder", tiny_encoder, "--dtype", "int8")
    assert outcome.code == 0, outcome.err
    assert {"encoder.onnx", "tokenizer.json"} <= set(Bundle.open(tmp_path / "b").files)
    labels = _project(tmp_path / "project", three_authors[:12])
    found = json.loads(command("scan", tmp_path / "project", "--model", tmp_path / "b", "--engine", "in-process", "--format", "json").out)["files"]
    assert [entry["family"] or "Human" for entry in found] == labels


def test_the_same_seed_gives_the_same_bundle(
    command: Callable[..., Any], bundle: Path, table: Path, tiny_encoder: Path, cache: Path, tmp_path: Path
) -> None:
    again = tmp_path / "mine"
    assert command("train", table, "-o", again, "--encoder", tiny_encoder, "--cache-dir", cache).code == 0
    assert Bundle.open(again).files == Bundle.open(bundle).files
    assert command("train", table, "-o", again, "--encoder", tiny_encoder, "--cache-dir", cache, "--seed", 1).code == 0
    assert Bundle.open(again).files != Bundle.open(bundle).files


def test_ids_of_the_research_task_become_family_names(
    command: Callable[..., Any], three_authors: list[tuple[str, str]], tiny_encoder: Path, tmp_path: Path
) -> None:
    ids = {"Human": "0", "alpha": "2", "beta": "10"}
    table = _write_csv(tmp_path / "ids.csv", [(code, ids[label]) for code, label in three_authors[:90]])
    assert command("train", table, "-o", tmp_path / "b", "--encoder", tiny_encoder, "--epochs", 3).code == 0
    assert Bundle.open(tmp_path / "b").model.families == ("Qwen", "OpenAI")


def test_folders_groups_and_options(command: Callable[..., Any], three_authors: list[tuple[str, str]], tiny_encoder: Path, tmp_path: Path) -> None:
    for number, (code, label) in enumerate(three_authors[:60]):
        path = tmp_path / "folders" / label / f"{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    options = ["--depth", 2, "--width", 16, "--layer-norm", "--loss", "ldam", "--label-smoothing", 0.1, "--class-weight", "sqrt", "--epochs", 3]
    outcome = command("train", tmp_path / "folders", "-o", tmp_path / "b", "--encoder", tiny_encoder, *options)
    assert outcome.code == 0, outcome.err
    assert command("models", "verify", tmp_path / "b").code == 0
    rows = [(code, label, f"g{number // 6}") for number, (code, label) in enumerate(three_authors[:90])]
    grouped = _write_csv(tmp_path / "g.csv", rows, ("text", "who", "repo"))
    columns = ["--code-column", "text", "--label-column", "who", "--group-column", "repo"]
    assert command("train", grouped, "-o", tmp_path / "g", "--encoder", tiny_encoder, "--epochs", 3, *columns).code == 0
    assert json.loads((tmp_path / "g" / "metrics.json").read_text())["groups"] == 15


def test_only_gate_names_no_family_of_the_data(
    command: Callable[..., Any], table: Path, tiny_encoder: Path, cache: Path, tmp_path: Path, three_authors: list[tuple[str, str]]
) -> None:
    assert command("train", table, "-o", tmp_path / "b", "--encoder", tiny_encoder, "--cache-dir", cache, "--only", "gate").code == 0
    labels = _project(tmp_path / "project", three_authors[:12])
    found = json.loads(command("scan", tmp_path / "project", "--model", tmp_path / "b", "--engine", "in-process", "--format", "json").out)["files"]
    assert [entry["status"] for entry in found] == ["human" if label == "Human" else "ai" for label in labels]


@pytest.mark.skipif(not (default_path() / MANIFEST).is_file(), reason="the default bundle is not in this checkout")
@pytest.mark.parametrize("options", [(), ("--only", "head")])
def test_without_human_rows_or_gate_the_default_bundle_says_ai_or_human(
    command: Callable[..., Any], tmp_path: Path, three_authors: list[tuple[str, str]], tiny_encoder: Path, options: tuple[str, ...]
) -> None:
    rows = [(code, {"Human": "gamma"}.get(label, label)) for code, label in three_authors] if not options else three_authors
    table = _write_csv(tmp_path / "t.csv", rows)
    assert command("train", table, "-o", tmp_path / "b", "--encoder", tiny_encoder, *options).code == 0
    assert set(Bundle.open(tmp_path / "b").files) == {"head.safetensors"}
    _project(tmp_path / "project", three_authors[:9])
    own = json.loads(command("scan", tmp_path / "project", "--model", tmp_path / "b", "--engine", "in-process", "--format", "json").out)["files"]
    default = json.loads(command("scan", tmp_path / "project", "--engine", "in-process", "--format", "json").out)["files"]
    assert [entry["p_ai"] for entry in own] == [entry["p_ai"] for entry in default]
    expected = ("alpha", "beta", "gamma") if not options else ("alpha", "beta")
    assert {tuple(entry["families"]) for entry in own if entry["families"]} <= {expected}


@pytest.mark.skipif(not (default_path() / MANIFEST).is_file(), reason="the default bundle is not in this checkout")
def test_with_the_encoder_that_ships_the_bundle_stands_alone(
    command: Callable[..., Any], tmp_path: Path, table: Path, three_authors: list[tuple[str, str]]
) -> None:
    assert command("train", table, "-o", tmp_path / "b").code == 0
    assert {"encoder.onnx", "tokenizer.json", "head.safetensors", "gate.onnx"} <= set(Bundle.open(tmp_path / "b").files)
    labels = _project(tmp_path / "project", three_authors[:30])
    found = json.loads(command("scan", tmp_path / "project", "--model", tmp_path / "b", "--engine", "in-process", "--format", "json").out)["files"]
    assert [entry["family"] or "Human" for entry in found] == labels


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([("x = 1", "Human"), ("y = 2", "human")], (), "a bundle needs rows of at least two labels; every row is Human"),
        ([("x = 1", "a"), ("y = 2", "a")], (), "every row is a"),
        ([("  ", "a")], (), "there is no code to train on"),
        ([("x = 1", "a"), ("y = 2", "b")], ("--only", "gate"), "a gate needs human rows"),
        ([("x = 1", "a"), ("y = 2", "human")], ("--only", "head"), "a family head needs rows of at least two families; these have a"),
        ([("x = 1", "a"), ("y = 2", "b")], ("--encoder", "no/such/encoder/here"), "there is no directory no/such/encoder/here"),
        ([("x = 1", "a"), ("y = 2", "b")], ("--code-column", "source"), "has no code column 'source'"),
        ([("x = 1", "a"), ("y = 2", "b")], ("--human", "c"), "no row has the label c that --human names; the labels are a, b"),
        ([("x = 1", "0"), ("y = 2", "2"), ("z = 3", "14")], (), "there is no 14"),
        ([("x = 1", "0"), ("y = 2", "1")], ("--only", "head"), "a family head needs rows of at least two families; these have AI"),
        ([("x = 1", "Human"), ("y = 2", "id"), ("z = 3", "b")], (), "no family can be called id"),
        ([("x = 1", "a"), ("y = 2", "b")], ("--revision", "abc"), "--revision is of a hub model"),
        ([("x = 1", "a"), ("", "b")], (), "t.csv, line 3: the column 'code' holds no text"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    command: Callable[..., Any], tmp_path: Path, tiny_encoder: Path, rows: list[tuple[str, str]], options: tuple[str, ...], message: str
) -> None:
    table = _write_csv(tmp_path / "t.csv", rows)
    outcome = command("train", table, "-o", tmp_path / "b", *(() if "--encoder" in options else ("--encoder", tiny_encoder)), *options, "-q")
    assert outcome.code == 2
    assert message in outcome.err
    assert outcome.err.count("\n") == 1
    assert not (tmp_path / "b" / MANIFEST).exists()


@pytest.mark.parametrize("name", ["file/b", "/proc/nothing/here"])
def test_an_output_that_cannot_be_made_is_told_before_the_training(
    command: Callable[..., Any], tmp_path: Path, table: Path, tiny_encoder: Path, name: str
) -> None:
    (tmp_path / "file").write_text("x")
    outcome = command("train", table, "-o", tmp_path / name, "--encoder", tiny_encoder)
    assert outcome.code == 2
    assert outcome.err.startswith(f"error: cannot write {tmp_path / name}: ")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--learning-rate", "inf", "must be finite"),
        ("--weight-decay", "inf", "must be finite"),
        ("--fine-tune-learning-rate", "inf", "must be finite"),
        ("--validation-fraction", "nan", "validation fraction must be"),
    ],
)
def test_what_no_parameter_can_be_is_told_before_anything_is_read(
    command: Callable[..., Any], tmp_path: Path, option: str, value: str, told: str
) -> None:
    outcome = command("train", tmp_path / "missing.csv", "-o", tmp_path / "b", option, value)
    assert outcome.code == 2
    assert told in outcome.err


def test_labels_0_and_1_alone_are_human_and_ai(
    command: Callable[..., Any], table: Path, tiny_encoder: Path, cache: Path, tmp_path: Path, three_authors: list[tuple[str, str]]
) -> None:
    ids = _write_csv(tmp_path / "ids.csv", [(code, "0" if label == "Human" else "1") for code, label in three_authors])
    options = ["--encoder", tiny_encoder, "--cache-dir", cache, "--epochs", 3]
    outcome = command("train", ids, "-o", tmp_path / "ids", *options)
    assert outcome.code == 0, outcome.err
    assert "labels 0 and 1 alone are taken as human and AI; no family is trained\n" in outcome.err
    assert command("train", table, "-o", tmp_path / "gate", *options, "--only", "gate").code == 0
    assert Bundle.open(tmp_path / "ids").model.families == Bundle.open(tmp_path / "gate").model.families == ("AI",)
    assert Bundle.open(tmp_path / "ids").files == Bundle.open(tmp_path / "gate").files


@pytest.mark.parametrize("groups", [("g", "g", "g"), ("people", "a", "b")], ids=["one group", "all human rows in one"])
def test_where_nothing_could_be_held_out_it_is_said(
    command: Callable[..., Any], tiny_encoder: Path, cache: Path, tmp_path: Path, three_authors: list[tuple[str, str]], groups: tuple[str, ...]
) -> None:
    group_of = dict(zip(("Human", "alpha", "beta"), groups, strict=True))
    rows = [(code, label, group_of[label]) for code, label in three_authors[:30]]
    table = _write_csv(tmp_path / "t.csv", rows, ("code", "label", "group"))
    outcome = command("train", table, "-o", tmp_path / "b", "--encoder", tiny_encoder, "--cache-dir", cache, "--epochs", 1)
    assert outcome.code == 0, outcome.err
    assert "AI or human: nothing could be held out (too few rows or groups): the threshold is not calibrated" in outcome.err
    assert Bundle.open(tmp_path / "b").model.thresholds.ai == 0.5


def test_three_rows_are_enough_to_say_that_they_are_not(command: Callable[..., Any], tiny_encoder: Path, cache: Path, tmp_path: Path) -> None:
    table = _write_csv(tmp_path / "t.csv", [("x = 1\n" * 20, "Human"), ("y = 2\n" * 20, "a"), ("z = 3\n" * 20, "b")])
    outcome = command("train", table, "-o", tmp_path / "b", "--encoder", tiny_encoder, "--cache-dir", cache, "--epochs", 1)
    assert outcome.code == 0, outcome.err
    assert "AI or human: nothing could be held out" in outcome.err
    assert command("models", "verify", tmp_path / "b").code == 0


def test_quiet_draws_nothing_even_on_a_terminal(
    command: Callable[..., Any], table: Path, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    options = ["--encoder", tiny_encoder, "--epochs", 1]
    loud = command("train", table, "-o", tmp_path / "loud", *options, "--cache-dir", tmp_path / "c1")
    assert (loud.code, "Embedding [" in loud.err) == (0, True)
    assert command("train", table, "-o", tmp_path / "quiet", *options, "--cache-dir", tmp_path / "c2", "--quiet") == (0, "", "")


def test_labels_reach_no_terminal_that_would_obey_them(
    command: Callable[..., Any], three_authors: list[tuple[str, str]], tiny_encoder: Path, cache: Path, tmp_path: Path
) -> None:
    table = _write_csv(tmp_path / "t.csv", [(code, label.replace("beta", "be\x1b[31mta")) for code, label in three_authors[:90]])
    outcome = command("train", table, "-o", tmp_path / "b", "--encoder", tiny_encoder, "--cache-dir", cache, "--epochs", 1)
    assert outcome.code == 0, outcome.err
    assert "be\\x1b[31mta" in outcome.err
    info = command("models", "info", tmp_path / "b")
    assert "be\\x1b[31mta" in info.out
    assert "\x1b" not in outcome.err + info.out


def test_a_directory_with_other_things_in_it_is_left_alone(command: Callable[..., Any], tmp_path: Path, table: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.txt").write_text("mine")
    outcome = command("train", table, "-o", tmp_path / "b")
    assert outcome.code == 2
    assert "is not empty and no bundle" in outcome.err


def test_interrupted_the_same_command_goes_on_and_ends_the_same(
    command: Callable[..., Any], table: Path, tiny_encoder: Path, cache: Path, tmp_path: Path
) -> None:
    options = ["--encoder", tiny_encoder, "--cache-dir", cache, "--epochs", 40, "--patience", 0]
    output = tmp_path / "mine"
    arguments = [sys.executable, "-m", "aicodelint", "train", str(table), "-o", str(output), *map(str, options)]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    state = output / ".training" / "head.state"
    deadline = time.monotonic() + 240
    while not state.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=240)
    assert process.returncode == 130, told
    assert "the same command goes on from there" in told
    assert not (output / MANIFEST).exists()
    outcome = command("train", table, "-o", output, *options)
    assert outcome.code == 0
    assert "going on after epoch" in outcome.err
    assert not state.exists()
    whole = tmp_path / "whole" / "mine"
    assert command("train", table, "-o", whole, *options).code == 0
    assert Bundle.open(whole).files == Bundle.open(output).files


def test_changed_files_and_a_changed_encoder_are_refused(
    command: Callable[..., Any], bundle: Path, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    data = bytearray((copy / "head.safetensors").read_bytes())
    data[-1] ^= 1
    (copy / "head.safetensors").write_bytes(bytes(data))
    outcome = command("models", "verify", copy)
    assert outcome.code == 2
    assert "is damaged or was changed" in outcome.err
    other = Path(shutil.copytree(bundle, tmp_path / "other"))
    encoder = Path(shutil.copytree(tiny_encoder, tmp_path / "encoder"))
    manifest = json.loads((other / MANIFEST).read_text())
    manifest["encoder"]["path"] = str(encoder)
    (other / MANIFEST).write_text(json.dumps(manifest))
    assert command("models", "verify", other).code == 0
    config = json.loads((encoder / "config.json").read_text())
    (encoder / "config.json").write_text(json.dumps(config | {"dropout_rate": 0.5}))
    outcome = command("models", "verify", other)
    assert outcome.code == 2
    assert "is not the one that this bundle's heads were trained on" in outcome.err


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_predict_writes_ids_labels_and_probabilities(
    command: Callable[..., Any], bundle: Path, tmp_path: Path, three_authors: list[tuple[str, str]], suffix: str
) -> None:
    rows = [(f"n{number}", code) for number, (code, _) in enumerate(three_authors[:30])]
    table = _write_csv(tmp_path / "in.csv", rows, ("id", "code"))
    output = tmp_path / f"out{suffix}"
    assert command("predict", table, "-o", output, "--model", bundle).code == 0
    if suffix == ".parquet":
        found = pq.read_table(output).to_pylist()
    elif suffix == ".csv":
        found = list(csv.DictReader(output.open(encoding="utf-8")))
    else:
        found = [json.loads(line) for line in output.read_text().splitlines()]
    assert list(found[0]) == ["id", "label", "family", "p_ai", "alpha", "beta"]
    assert [entry["id"] for entry in found] == [number for number, _ in rows]
    expected = [{"Human": 0, "alpha": 1, "beta": 2}[label] for _, label in three_authors[:30]]
    assert [int(entry["label"]) for entry in found] == expected
    assert float(found[1]["alpha"]) + float(found[1]["beta"]) == pytest.approx(1, abs=1e-3)


def test_predict_labels_only_is_the_official_csv(
    command: Callable[..., Any], bundle: Path, tmp_path: Path, three_authors: list[tuple[str, str]]
) -> None:
    table = _write_csv(tmp_path / "in.csv", [(str(number), code) for number, (code, _) in enumerate(three_authors[:3])], ("ID", "code"))
    assert command("predict", table, "-o", tmp_path / "out.csv", "--model", bundle, "--labels-only").code == 0
    assert (tmp_path / "out.csv").read_text() == "id,label\n0,0\n1,1\n2,2\n"


def test_predict_does_not_write_over_what_it_reads(
    command: Callable[..., Any], bundle: Path, tmp_path: Path, three_authors: list[tuple[str, str]]
) -> None:
    table = _write_csv(tmp_path / "in.csv", three_authors[:3])
    before = table.read_bytes()
    (tmp_path / "link.csv").symlink_to(table)
    for output in (table, tmp_path / "link.csv", tmp_path / "." / "in.csv"):
        outcome = command("predict", table, "-o", output, "--model", bundle)
        assert outcome.code == 2
        assert "is one of the files that are read: choose another --output" in outcome.err
    assert table.read_bytes() == before


def test_predict_refuses_families_that_are_columns(
    command: Callable[..., Any], bundle: Path, tmp_path: Path, three_authors: list[tuple[str, str]]
) -> None:
    import shutil

    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    manifest = json.loads((copy / MANIFEST).read_text())
    manifest["labels"] = ["Human", "id", "beta"]
    (copy / MANIFEST).write_text(json.dumps(manifest))
    table = _write_csv(tmp_path / "in.csv", three_authors[:3])
    outcome = command("predict", table, "-o", tmp_path / "out.csv", "--model", copy)
    assert outcome.code == 2
    assert "the bundle has a family called id" in outcome.err
    assert not (tmp_path / "out.csv").exists()
    assert command("predict", table, "-o", tmp_path / "out.csv", "--model", copy, "--labels-only").code == 0
    assert (tmp_path / "out.csv").read_text() == "id,label\n0,0\n1,1\n2,2\n"


def test_predict_and_scan_flag_the_same_at_a_low_threshold(
    command: Callable[..., Any], bundle: Path, tmp_path: Path, three_authors: list[tuple[str, str]]
) -> None:
    rows = three_authors[:12]
    _project(tmp_path / "project", rows)
    table = _write_csv(tmp_path / "in.csv", rows)
    options = ["--model", bundle, "--threshold", 0.0001]
    assert command("predict", table, "-o", tmp_path / "out.csv", *options).code == 0
    predicted = list(csv.DictReader((tmp_path / "out.csv").open()))
    scanned = json.loads(command("scan", tmp_path / "project", *options, "--engine", "in-process", "--no-cache", "--format", "json").out)["files"]
    assert [entry["label"] != "0" for entry in predicted] == [entry["status"] == "ai" for entry in scanned]
    assert ("-1", "AI") in {(entry["label"], entry["family"]) for entry in predicted}


def test_models_list_and_info(command: Callable[..., Any], bundle: Path) -> None:
    listed = json.loads(command("models", "list", bundle.parent, "--format", "json").out)
    assert str(bundle) in [entry["path"] for entry in listed]
    told = json.loads(command("models", "info", bundle, "--format", "json").out)
    assert told["families"] == ["alpha", "beta"]
    assert told["kind"] == "head"
    assert "families: alpha, beta" in command("models", "info", bundle).out


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_export_onnx_makes_a_bundle_that_agrees_and_needs_no_torch(
    command: Callable[..., Any],
    run_without: Callable[..., Any],
    bundle: Path,
    table: Path,
    tmp_path: Path,
    three_authors: list[tuple[str, str]],
    precision: str,
) -> None:
    outcome = command("models", "export-onnx", bundle, "-o", tmp_path / "cpu", "--precision", precision, "--check", table)
    assert outcome.code == 0, outcome.err
    assert "verdicts agree" in outcome.out
    labels = _project(tmp_path / "project", three_authors[:9])
    options = ["--model", tmp_path / "cpu", "--engine", "in-process", "--no-cache", "--format", "json"]
    done = run_without(("torch", "transformers"), "scan", tmp_path / "project", *options)
    assert done.returncode == 1, done.stderr
    assert [entry["family"] or "Human" for entry in json.loads(done.stdout)["files"]] == labels
    assert command("models", "export-onnx", tmp_path / "cpu", "-o", tmp_path / "again").code == 2


def test_export_onnx_refuses_what_does_not_agree(
    command: Callable[..., Any], bundle: Path, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import aicodelint.training.export_bundle as export

    monkeypatch.setattr(export, "compare", lambda *_: export.Agreement(100, 50, 0.9))
    outcome = command("models", "export-onnx", bundle, "-o", tmp_path / "cpu", "--check", table)
    assert outcome.code == 2
    assert "not written: only 50 of 100 verdicts agree (50.0%)" in outcome.err
    assert not (tmp_path / "cpu").exists()


def test_fine_tuning_trains_the_encoder_and_the_bundle_holds_it(
    command: Callable[..., Any], tmp_path: Path, three_authors: list[tuple[str, str]], tiny_encoder: Path
) -> None:
    import shutil

    table = _write_csv(tmp_path / "t.csv", three_authors[:120])
    options = ["--encoder", tiny_encoder, "--fine-tune", "--fine-tune-learning-rate", 1e-3, "--epochs", 5]
    outcome = command("train", table, "-o", tmp_path / "b", *options)
    assert outcome.code == 0, outcome.err
    assert "fine-tuning epoch 3 of 3" in outcome.err
    assert "too good" in json.loads((tmp_path / "b" / "metrics.json").read_text())["notes"][0]
    before = torch.load(tiny_encoder / "pytorch_model.bin", weights_only=True)["encoder.block.0.layer.0.SelfAttention.q.weight"]
    from safetensors.torch import load_file

    after = load_file(str(tmp_path / "b" / "encoder" / "model.safetensors"))["encoder.block.0.layer.0.SelfAttention.q.weight"]
    assert not torch.equal(before, after)
    moved = Path(shutil.move(tmp_path / "b", tmp_path / "elsewhere"))
    labels = _project(tmp_path / "project", three_authors[:12])
    found = json.loads(command("scan", tmp_path / "project", "--model", moved, "--engine", "in-process", "--format", "json").out)["files"]
    assert [entry["family"] or "Human" for entry in found] == labels
