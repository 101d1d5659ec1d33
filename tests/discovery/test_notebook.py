from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aicodelint.discovery.notebook import read_notebook


def notebook(*cells: object, **metadata: object) -> dict[str, object]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def code(source: object) -> dict[str, object]:
    return {"cell_type": "code", "execution_count": 1, "metadata": {"source": ["no"]}, "outputs": [{"source": "no"}], "source": source}


def test_code_cells_with_their_lines() -> None:
    raw = json.dumps(notebook({"cell_type": "markdown", "source": ["# Title\n"]}, code(["import os\n", "x = 1"]), code(['print("é")\n'])), indent=1)
    found = read_notebook(raw)
    assert found is not None
    assert found.language == "Python"
    assert found.text.split("\n") == ["import os", "x = 1", "", 'print("é")']
    lines = raw.split("\n")
    for text, number in zip(found.text.split("\n"), found.line_numbers, strict=True):
        if text:
            assert json.dumps(text)[1:-1] in lines[number - 1]


def test_source_as_one_string_and_key_order() -> None:
    raw = json.dumps({"metadata": {}, "cells": [{"source": "a = 1\nb = 2\n", "outputs": [], "cell_type": "code"}]})
    found = read_notebook(raw)
    assert found is not None
    assert (found.text, found.line_numbers) == ("a = 1\nb = 2", (1, 1))


def test_format_3() -> None:
    cell = {"cell_type": "code", "input": ["a = 1"], "language": "python"}
    found = read_notebook(json.dumps({"worksheets": [{"cells": [cell]}], "metadata": {}}))
    assert found is not None
    assert found.text == "a = 1"


def test_magics_are_left_out() -> None:
    raw = json.dumps(
        notebook(code(["%matplotlib inline\n", "!pip install x\n", "x = 1\n", "x?"]), code(["%%bash\n", "ls"]), code(["%%time\n", "y = 2"])), indent=1
    )
    found = read_notebook(raw)
    assert found is not None
    assert found.text.split("\n") == ["x = 1", "", "y = 2"]


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"kernelspec": {"language": "R", "name": "ir"}}, "R"),
        ({"language_info": {"name": "julia"}}, "Julia"),
        ({"kernelspec": {"name": "python3"}}, "Python"),
        ({"language_info": {"name": "haskell"}}, None),
        ({"kernelspec": 3}, "Python"),
    ],
)
def test_language(metadata: dict[str, object], language: str | None) -> None:
    found = read_notebook(json.dumps(notebook(code("x"), **metadata)))
    assert found is not None
    assert found.language == language


@pytest.mark.parametrize(
    "raw",
    ["", "{", "[]", "3", "{}", '{"cells": 3}', '{"cells": {}}', "[" * 100_000, '{"a":' * 100_000, '{"worksheets": [1]}', '"x"', '{"cells": [}'],
)
def test_no_notebook(raw: str) -> None:
    assert read_notebook(raw) is None


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ({"cell_type": "code", "source": [1, None, {"a": "b"}, ["c"], "x"]}, "x"),
        ({"cell_type": "code", "source": ["a"], "source ": ["b"]}, "a"),
        ({"cell_type": "code", "source": {"source": "a"}}, ""),
        ({"cell_type": 3, "source": "a"}, ""),
        ("cell", ""),
        ([{"cell_type": "code", "source": "a"}], ""),
    ],
)
def test_odd_cells(cell: object, text: str) -> None:
    found = read_notebook(json.dumps(notebook(cell)))
    assert found is not None
    assert found.text == text


def test_the_last_of_repeated_keys_counts() -> None:
    found = read_notebook('{"cells": [{"cell_type": "code", "source": ["a"], "source": ["b"]}]}')
    assert found is not None
    assert found.text == "b"


def test_lone_surrogates_and_zeros_are_harmless() -> None:
    found = read_notebook('{"cells": [{"cell_type": "code", "source": "x = \\"\\ud800\\u0000\\""}]}')
    assert found is not None
    found.text.encode()
    assert "\0" not in found.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["code", "a\nb", "%%x\n", "x = 1\n"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["cells", "cell_type", "source", "worksheets", "metadata", "input"]), inner)
    ),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(JSON, st.sampled_from([None, 1]))
def test_any_json(value: object, indent: int | None) -> None:
    for document in (value, {"cells": value}, {"cells": [value]}, {"cells": [{"cell_type": "code", "source": value}]}):
        found = read_notebook(json.dumps(document, indent=indent))
        if found is not None and found.text:
            assert len(found.line_numbers) == found.text.count("\n") + 1
