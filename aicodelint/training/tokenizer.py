"""Trains the byte-level BPE of a bundle: whitespace, case and indentation are kept, since they tell authors apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from aicodelint.detection.licence import strip_licence
from aicodelint.detection.tokenizer import SPECIAL_TOKENS

# A newline and the indentation after it are one piece, so a line start is one token; runs of blanks, words with one leading sign, up to
# three digits, runs of signs. Every repetition is bounded: a line of a million letters stays linear.
PIECES = r"\n[ \t]{0,80}|[^\n\p{L}\p{N}]?\p{L}{1,64}|\p{N}{1,3}| ?[^\s\p{L}\p{N}]{1,64}|[ \t]{1,80}|\s"


def train_tokenizer(rows: pd.DataFrame, vocabulary: int = 12_288, characters_per_language: int = 1_500_000, seed: int = 0) -> Tokenizer:
    """Learn a BPE of ``vocabulary`` tokens from ``rows`` (columns code, language, group): each language gets an equal share, wild rows first."""
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(PIECES), behavior="isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=20,
        max_token_length=24,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_balanced(rows, characters_per_language, seed), trainer)
    # Special tokens are ids for the model; written in a source file they are text like any other.
    state = tokenizer.to_str()
    return Tokenizer.from_str(_without_added_tokens(state))


def _without_added_tokens(state: str) -> str:
    import json

    document = json.loads(state)
    document["added_tokens"] = []
    return json.dumps(document, ensure_ascii=False)


def _balanced(rows: pd.DataFrame, characters: int, seed: int) -> Iterator[str]:
    shuffled = rows.iloc[np.random.default_rng(seed).permutation(len(rows))]
    shuffled = pd.concat([shuffled[shuffled["group"] == "wild"], shuffled[shuffled["group"] != "wild"]])
    for _, of_language in shuffled.groupby("language"):
        taken = 0
        for code in of_language["code"]:
            text = strip_licence(code)[0][:20_000]
            yield "\n" + text.replace("\r\n", "\n")
            taken += len(text)
            if taken >= characters:
                break
