"""A byte-level BPE of the hub (CodeT5, RoBERTa, GPT-2) made fit for windows of whole lines: every line begins with a token of its own.

The tokens are the model's own. Only two things change: a newline never joins the blanks before it in one token, and special tokens written in
a source file (``<s>``, ``<mask>``) are text like any other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from tokenizers import Tokenizer

from aicodelint.errors import BundleError


@dataclass(frozen=True, slots=True)
class HubTokenizer:
    """``tokenizer`` makes the tokens of a text alone; an encoder expects each window between ``prefix`` and ``suffix``."""

    tokenizer: Tokenizer
    prefix: tuple[int, ...]
    suffix: tuple[int, ...]


def adapt_tokenizer(tokenizer: Tokenizer, name: str) -> HubTokenizer:
    """Return ``tokenizer``, that of the model ``name``, made fit; raise ``BundleError`` for one that does not keep line breaks."""
    document = json.loads(tokenizer.to_str())
    if document["model"].get("type") != "BPE" or "Ċ" not in document["model"]["vocab"] or not _is_byte_level(document["pre_tokenizer"]):
        raise BundleError(f"wrong tokenizer: that of {name} is no byte-level BPE, so it would lose the line breaks and blanks of code")
    split = {"type": "Split", "pattern": {"String": "\n"}, "behavior": "MergedWithNext", "invert": False}
    document["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [split, document["pre_tokenizer"]]}
    prefix, suffix = _wrapping(tokenizer)
    document |= {"added_tokens": [], "post_processor": None, "truncation": None, "padding": None}
    return HubTokenizer(Tokenizer.from_str(json.dumps(document, ensure_ascii=False)), prefix, suffix)


def _is_byte_level(pre_tokenizer: dict[str, object] | None) -> bool:
    if not pre_tokenizer:
        return False
    parts = pre_tokenizer.get("pretokenizers")
    return pre_tokenizer.get("type") == "ByteLevel" or (isinstance(parts, list) and any(_is_byte_level(part) for part in parts))


def _wrapping(tokenizer: Tokenizer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the special tokens that the tokenizer puts before and after a text."""
    bare = tokenizer.encode("a", add_special_tokens=False).ids
    whole = tokenizer.encode("a", add_special_tokens=True).ids
    for start in range(len(whole) - len(bare) + 1):
        if whole[start : start + len(bare)] == bare:
            return tuple(whole[:start]), tuple(whole[start + len(bare) :])
    return (), ()
