from __future__ import annotations

from html import unescape


def test_counts_a_table_and_the_limits_of_the_claim(written, results) -> None:
    lines = unescape(written("markdown", results)).split("\n")
    assert lines[0] == "## aicodelint"
    assert lines[2].startswith("Scanned 7 files: 2 AI-generated")
    assert "| src/a.py | 3-40 | AIC102 | 0.97 | Qwen (0.61) |" in lines
    assert "they prove nothing about who wrote a file. Model: rule." in lines[-2]


def test_without_findings_there_is_no_table(written) -> None:
    assert "|" not in written("markdown", [])


def test_no_name_becomes_markup(written, ai_result) -> None:
    names = ["[x](javascript:alert(1)).py", "<img src=x onerror=alert(1)>", "a|b\n# c", "@someone **b** `c`", "&lt;script>"]
    text = written("markdown", [ai_result(name) for name in names])
    rows = [line for line in text.split("\n") if line.startswith("| ") and "AIC102" in line]
    assert len(rows) == len(names)
    for row, name in zip(rows, names, strict=True):
        cell = row.split(" | ")[0].removeprefix("| ")
        assert not set(cell.replace("&#", "").replace("&lt;", "").replace("&gt;", "").replace("&amp;", "")) & set("<>[]()`*|@&")
        assert unescape(cell) == name.replace("\n", "\\x0a")


def test_only_the_most_confident_hundred_are_listed(written, ai_result) -> None:
    text = written("markdown", [ai_result(f"{number}.py") for number in range(130)])
    assert text.count("AIC102") == 100
    assert "The 100 most confident of 130 findings are listed." in text
