from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicodelint.detection.tokenizer import SPECIAL_TOKENS, CodeTokenizer
from aicodelint.errors import BundleError
from aicodelint.training.tokenizer import train_tokenizer

CODE = "def f(first, second):\n    if first:\n        return second\n\n    return first  # the first\n\n\nclass A:\n\tvalue = 12345\n"


@pytest.fixture(scope="module")
def tokenizer() -> CodeTokenizer:
    rows = pd.DataFrame({"code": [CODE] * 60, "language": ["Python", "Go"] * 30, "group": ["wild", "npm"] * 30})
    return CodeTokenizer.from_bytes(train_tokenizer(rows, vocabulary=400).to_str().encode())


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_every_line_begins_with_one_token_and_no_text_fails(tokenizer: CodeTokenizer, text: str) -> None:
    ids = tokenizer.encode([text])[0]
    starts = tokenizer.line_starts(ids)
    assert len(starts) == text.replace("\r\n", "\n").count("\n") + 1
    assert starts[0] == 0
    assert np.all(np.diff(starts) > 0)
    assert tokenizer.decode(ids) == "\n" + text.replace("\r\n", "\n")


def test_a_newline_and_its_indentation_are_one_token(tokenizer: CodeTokenizer) -> None:
    with_indent = tokenizer.encode(["a\n        return"])[0]
    without = tokenizer.encode(["a\nreturn"])[0]
    assert len(with_indent) == len(without)


def test_special_tokens_in_a_source_file_are_text(tokenizer: CodeTokenizer) -> None:
    ids = tokenizer.encode(["".join(SPECIAL_TOKENS)])[0]
    assert ids.min() >= len(SPECIAL_TOKENS)


def test_a_batch_gives_what_single_texts_give(tokenizer: CodeTokenizer) -> None:
    texts = [CODE, "", "x = 1", CODE[::-1]]
    for together, text in zip(tokenizer.encode(texts), texts, strict=True):
        assert np.array_equal(together, tokenizer.encode([text])[0])


def test_lone_surrogates_are_read_as_question_marks(tokenizer: CodeTokenizer) -> None:
    assert tokenizer.decode(tokenizer.encode(["a\udc80b"])[0]) == "\na?b"


def test_what_is_no_tokenizer_is_a_bundle_error(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot read the tokenizer"):
        CodeTokenizer.load(tmp_path / "missing.json")
    with pytest.raises(BundleError, match="cannot be read"):
        CodeTokenizer.from_bytes(b"{}")
