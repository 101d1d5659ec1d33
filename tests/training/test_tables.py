from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from aicodelint.errors import UsageError  # noqa: E402
from aicodelint.training.table_writer import TableWriter  # noqa: E402
from aicodelint.training.tables import Columns, Sample, is_read, read_samples  # noqa: E402

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


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_another_encoding_is_told(tmp_path: Path, encoding: str, suffix: str) -> None:
    text = 'code,label\n"é = 1",a\n' if suffix == ".csv" else '{"code": "é = 1", "label": "a"}\n'
    path = tmp_path / f"t{suffix}"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(UsageError, match="is not UTF-8 text: save it as UTF-8"):
        list(read_samples([path]))
    path.write_bytes(text.encode("utf-8-sig"))
    assert list(read_samples([path])) == [Sample("0", "é = 1", "a")]


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize(("suffix", "place"), [(".csv", "line 3"), (".parquet", "row 1"), (".jsonl", "line 2")])
def test_a_row_with_null_code_is_refused_and_named(tmp_path: Path, suffix: str, place: str, labelled: bool) -> None:
    path = _write(tmp_path / f"t{suffix}", [{"code": "x", "label": "a"}, {"code": None, "label": "b"}])
    with pytest.raises(UsageError, match=f"{place}: the column 'code' holds no text"):
        list(read_samples([path], labelled=labelled))


def test_labels_lose_blanks_and_the_fraction_of_whole_floats(tmp_path: Path) -> None:
    rows = [{"code": "x", "label": label} for label in (" Human ", "0.0", "10.", "-1.0", "3.5", "v2.0")]
    labels = [sample.label for sample in read_samples([_write(tmp_path / "t.csv", rows)])]
    assert labels == ["Human", "0", "10", "-1", "3.5", "v2.0"]
    with pytest.raises(UsageError, match="line 2: the column 'label' holds no label"):
        list(read_samples([_write(tmp_path / "blank.csv", [{"code": "x", "label": "  "}])]))


def test_names_in_capitals_are_read_in_a_folder_too(tmp_path: Path) -> None:
    (_write(tmp_path / "one.csv")).rename(tmp_path / "ONE.CSV")
    assert list(read_samples([tmp_path])) == EXPECTED


def _folders(root: Path) -> Path:
    for name in ("Human/a.py", "Qwen/deep/b.js"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    return root


def test_a_stray_table_does_not_hide_a_folder_per_label(tmp_path: Path) -> None:
    (_folders(tmp_path) / "meta.csv").write_text("name,size\n")
    with pytest.raises(UsageError, match=r"holds tables \(meta.csv\) as well as folders \(Human, Qwen\): name the tables, or move them out"):
        list(read_samples([tmp_path]))
    assert list(read_samples([tmp_path], labelled=False)) == []


def test_folders_without_files_do_not_stand_beside_tables(tmp_path: Path) -> None:
    _write(tmp_path / "one.csv")
    for name in ("empty", "void", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / ".hidden" / "x").write_text("x")
    assert list(read_samples([tmp_path])) == EXPECTED


def test_what_is_read_is_known_under_every_name(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    table = _write(tmp_path / "in" / "t.csv")
    (tmp_path / "link.csv").symlink_to(table)
    (tmp_path / "hard.csv").hardlink_to(table)
    other = _write(tmp_path / "other.csv")
    for name in (table, tmp_path / "in" / ".." / "in" / "t.csv", tmp_path / "link.csv", tmp_path / "hard.csv"):
        assert is_read(name, [other, table])
        assert is_read(name, [tmp_path / "in"])
    assert not is_read(other, [table, tmp_path / "in", tmp_path / "absent"])
    assert not is_read(tmp_path / "in" / "new.csv", [tmp_path / "in"])
    assert is_read(_folders(tmp_path / "labels") / "Qwen" / "deep" / "b.js", [tmp_path / "labels"])


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
    (tmp_path / ".guessed.aicodelint-part").symlink_to(precious)
    with pytest.raises(UsageError, match="cannot write"), TableWriter(tmp_path / f"t{suffix}", {"id": str}) as writer:
        writer.write([{"id": "a"}])
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("suffix", [".CSV", ".Parquet", ".JSONL"])
def test_the_kind_is_told_by_a_name_in_any_case(tmp_path: Path, suffix: str) -> None:
    with TableWriter(tmp_path / f"t{suffix}", {"code": str, "label": int}) as writer:
        writer.write([{"code": "x", "label": 1}])
    assert list(read_samples([tmp_path / f"t{suffix}"])) == [Sample("0", "x", "1")]


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"its name must end in \.parquet, \.csv"):
        TableWriter(tmp_path / "t.xml", {"id": str})
