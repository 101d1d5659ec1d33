from __future__ import annotations

from pathlib import Path

import pytest

from aicodelint.config import Config, Globs, config_from_table, file_size, read_table
from aicodelint.errors import ConfigError


def read(tmp_path: Path, text: str | bytes, name: str = "pyproject.toml") -> Config | None:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    table = read_table(path, required=False)
    return None if table is None else config_from_table(table, path, tmp_path)


def test_every_key(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        """
[tool.aicodelint]
threshold = 0.95
family-threshold = 1
select = ["AIC1", "Qwen"]
ignore = ["AIC102"]
exclude = ["/build"]
extend-exclude = ["*.gen.py"]
force-exclude = true
max-file-size = "2 MB"
engine = "in-process"
device = "cpu"
jobs = 4
model = "models/own"
[tool.aicodelint.per-file-ignores]
"tests/**" = ["AIC1"]
""",
    )
    assert config == Config(
        source=tmp_path / "pyproject.toml",
        threshold=0.95,
        family_threshold=1.0,
        select=("AIC1", "Qwen"),
        ignore=("AIC102",),
        per_file_ignores=((Globs(tmp_path, ("tests/**",)), ("AIC1",)),),
        exclude=Globs(tmp_path, ("/build",)),
        extend_exclude=Globs(tmp_path, ("*.gen.py",)),
        force_exclude=True,
        max_file_size=2_000_000,
        engine="in-process",
        device="cpu",
        jobs=4,
        model=tmp_path / "models/own",
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("treshold = 0.5", r"unknown key 'treshold' \(did you mean \"threshold\"\?\)"),
        ("completely-else = 1", r"unknown key 'completely-else'$"),
        ("threshold = 1.5", "threshold: 1.5 is not a number from 0 to 1"),
        ("threshold = nan", "threshold: nan is not"),
        ("threshold = true", "threshold: true is not"),
        ("threshold = '0.5'", "threshold: '0.5' is not"),
        ("threshold = " + "9" * 3000, "threshold: this number is not"),
        ("select = 'AIC1'", "select: 'AIC1' is not a list"),
        ("select = [1]", "select: 1 is not a text"),
        ("select = ['']", "select: '' is not a text"),
        ("jobs = 0", "jobs: 0 is not a whole number"),
        ("jobs = 2.0", "jobs: 2.0 is not a whole number"),
        ("force-exclude = 'yes'", "force-exclude: 'yes' is neither"),
        ("max-file-size = '1 elephant'", "max-file-size: '1 elephant' is not a size"),
        ("max-file-size = -1", "max-file-size: -1 is not a size"),
        ("per-file-ignores = ['a']", "per-file-ignores: a list is not a table"),
        ("model = '\\u0000'", None),
        ('model = "\\u0000"', "model: "),
        ("exclude = 1979-05-27", "exclude: a date is not a list"),
        ("threshold = " + "[" * 100_000, "(nested too deeply|not valid TOML)"),
        ("threshold = ", "not valid TOML"),
        ('"\\u001b[31m" = 1', r"unknown key '\\x1b\[31m'"),
        ("x" * 5000 + " = 1", "unknown key"),
    ],
)
def test_one_line_that_names_file_and_key(tmp_path: Path, line: str, told: str | None) -> None:
    if told is None:
        assert read(tmp_path, f"[tool.aicodelint]\n{line}\n") is not None
        return
    with pytest.raises(ConfigError, match=told) as caught:
        read(tmp_path, f"[tool.aicodelint]\n{line}\n")
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "pyproject.toml"))
    assert "\n" not in message
    assert len(message) < 500


def test_a_table_of_the_wrong_kind_huge_files_and_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tool\.aicodelint is not a table"):
        read(tmp_path, "[tool]\naicodelint = 3\n")
    with pytest.raises(ConfigError, match="larger than"):
        read(tmp_path, "[tool.aicodelint]\n" + "#" * 2_000_000)
    with pytest.raises(ConfigError, match="not UTF-8"):
        read(tmp_path, b"[tool.aicodelint]\nmodel = '\xff'\n")


def test_a_pyproject_that_is_not_about_us_is_never_an_error(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xff\xfe broken [[[") is None
    assert read(tmp_path, "[project]\nname = 'uses-aicodelint'\n") is None
    assert read_table(tmp_path / "missing.toml", required=False) is None
    (tmp_path / "directory").mkdir()
    assert read_table(tmp_path / "directory", required=False) is None


def test_a_named_configuration_file_must_be_there_and_about_us(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        read_table(tmp_path / "missing.toml", required=True)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(ConfigError, match=r"no \[tool\.aicodelint\] table"):
        read_table(tmp_path / "pyproject.toml", required=True)


def test_a_file_of_another_name_is_the_table_itself(tmp_path: Path) -> None:
    assert read(tmp_path, "threshold = 0.5\n", "config.toml") == Config(source=tmp_path / "config.toml", threshold=0.5)


@pytest.mark.parametrize(
    ("written", "size"),
    [(1, 1), ("12", 12), ("500kB", 500_000), ("2 MiB", 2 << 20), ("1g", None), ("1GB", 10**9), ("", None), (0, None), ("9" * 30, None), (True, None)],
)
def test_sizes(written: object, size: int | None) -> None:
    if size is None:
        with pytest.raises(ValueError, match="is not a size"):
            file_size(written)
    else:
        assert file_size(written) == size


def test_what_is_said_on_top_wins() -> None:
    assert Config(threshold=0.1, select=()).over(Config(threshold=0.2, jobs=3, select=("AIC1",))) == Config(threshold=0.1, select=(), jobs=3)
