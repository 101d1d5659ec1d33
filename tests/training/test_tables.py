from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from aicodelint.errors import UsageError  # noqa: E402
from aicodelint.training.table_writer import TableWriter  # noqa: E402
from aicodelint.training.tables import Columns, Sample, read_samples  # noqa: E402

ROWS = [
    {"id": "a1", "code": 'x = 1\n\ty,"z"\n', "label": "Human", "group": "g1", "language": "Python"},
    {"id": "a2", "code": "é → 😀\r\nint x;\r\n", "label": "3", "group": "g2", "language": None},
]
EXPECTED = [
    Sample("a1", ROWS[0]["code"], "Human", "g1", "Python"),
    Sample("a2", ROWS[1]["code"], "3", "g2", None),
]


def _write(path: Path, rows: list[dict[str, object]] = ROWS) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl"])
def test_every_kind_of_table_gives_the_same_samples(tmp_path: Path, suffix: str) -> None:
    assert list(read_samples([_write(tmp_path / f"t{suffix}")])) == EXPECTED


def test_a_folder_of_tables_and_several_paths(tmp_path: Path) -> None:
    _write(tmp_path / "one.csv")
    _write(tmp_path / "two.parquet")
    assert list(read_samples([tmp_path, tmp_path / "one.csv"])) == EXPECTED * 3


def test_a_folder_per_label(tmp_path: Path) -> None:
    for name, text in {"Human/a.py": "x", "Qwen/deep/b.js": "y", "Qwen/.git/c": "no", ".hidden/d": "no"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert list(read_samples([tmp_path])) == [Sample("Human/a.py", "x", "Human"), Sample("Qwen/deep/b.js", "y", "Qwen")]


def test_column_names_by_option(tmp_path: Path) -> None:
    path = _write(tmp_path / "t.csv", [{"src": "x", "who": "me", "repo": "r", "text": "no", "label": "no"}])
    assert list(read_samples([path], Columns(code="src", label="who", group="repo"))) == [Sample("0", "x", "me", "r")]


def test_rows_without_ids_are_numbered_over_all_files(tmp_path: Path) -> None:
    paths = [_write(tmp_path / name, [{"code": "x", "label": "a"}, {"code": "y", "label": "b"}]) for name in ("a.csv", "b.csv")]
    assert [sample.id for sample in read_samples(paths)] == ["0", "1", "2", "3"]


def test_integer_labels_of_parquet_with_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"code": ["x", "y"], "label": pa.array([0.0, 10.0]), "id": pa.array([7, None])}), path)
    assert [(sample.id, sample.label) for sample in read_samples([path])] == [("7", "0"), ("1", "10")]


def test_unlabelled_rows_need_no_label(tmp_path: Path) -> None:
    assert list(read_samples([_write(tmp_path / "t.csv", [{"code": "x"}])], labelled=False)) == [Sample("0", "x")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"text2,label\nx,1\n", r"no code column called code, text.*its columns are text2, label \(see --code-column\)"),
        ("t.csv", b"code,other\nx,1\n", "no label column"),
        ("t.csv", b"code,label\nx\n", "line 2: the column 'label' holds no label"),
        ("t.jsonl", b'{"code": "x", "label": "a"}\n{"code": \n', "line 2: not one JSON object a line"),
        ("t.jsonl", b'{"code": 3, "label": "a"}\n', "line 1: the column 'code' holds no text"),
        ("t.jsonl", b"[1]\n", "line 1: not a JSON object"),
        ("t.parquet", b"PAR1 nothing of the kind PAR1", "not a readable parquet file"),
        ("t.xlsx", b"", "no table that can be read"),
    ],
)
def test_bad_tables_are_told_in_one_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        list(read_samples([tmp_path / name]))
    assert "\n" not in str(caught.value)


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        list(read_samples([tmp_path / "absent.csv"]))


def test_reading_streams(tmp_path: Path) -> None:
    """A table of 200 MB passes in a tenth of that."""
    import resource

    path = tmp_path / "big.jsonl"
    line = json.dumps({"code": "x" * 100_000, "label": "a"}) + "\n"
    with path.open("w") as file:
        for _ in range(2000):
            file.write(line)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for _ in read_samples([path])) == 2000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_written_tables_read_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "new" / f"t{suffix}"
    with TableWriter(path, {"id": str, "code": str, "label": int}) as writer:
        writer.write([{"id": "a", "code": 'x,\n"é"', "label": 1}])
        assert not path.exists()
        writer.write([{"id": "b", "code": "y", "label": 2}])
    assert list(read_samples([path])) == [Sample("a", 'x,\n"é"', "1"), Sample("b", "y", "2")]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), TableWriter(path, {"id": str}) as writer:
        writer.write([{"id": "a"}])
        raise RuntimeError
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
@pytest.mark.parametrize("rows", [1, 5000])
def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(tmp_path: Path, suffix: str, rows: int) -> None:
    """One row is written when the file is closed, five thousand before that."""
    import resource

    path = tmp_path / f"t{suffix}"
    batch = [{"id": f"{number:064x}"} for number in range(rows)]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(UsageError, match=r"cannot write .*: File too large"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, before[1]))
        try:
            with TableWriter(path, {"id": str}) as writer:
                writer.write(batch)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_a_link_where_the_file_is_begun_is_not_written_through(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    monkeypatch.setattr("secrets.token_hex", lambda size: "guessed")
    (tmp_path / ".guessed.partial").symlink_to(precious)
    with pytest.raises(UsageError, match="cannot write"), TableWriter(tmp_path / f"t{suffix}", {"id": str}) as writer:
        writer.write([{"id": "a"}])
    assert precious.read_text() == "mine"


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"its name must end in \.parquet, \.csv"):
        TableWriter(tmp_path / "t.xml", {"id": str})
