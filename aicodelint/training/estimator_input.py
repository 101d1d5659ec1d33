"""What the estimators are given: code, labels and groups, checked. What cannot be used is a ``ValueError`` that says so in a line."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

LABEL_KINDS = "biufUTO"
"""numpy's kinds of names and numbers; what is in an array of objects is looked at one by one."""


def checked_code(code: Any) -> list[str]:
    """Return ``code`` as a list of texts; raise ``ValueError`` that says so where it is missing, no list of texts, or holds an empty one."""
    if code is None:
        raise ValueError("code strings are missing: the encoder reads the source text itself, not features of it")
    if isinstance(code, str):
        raise ValueError("code must be a list of strings, not one string")
    if hasattr(code, "columns") or isinstance(code, Mapping) or (isinstance(code, np.ndarray) and code.ndim > 1 and code.dtype.kind in "UTO"):
        raise ValueError("code is a table: the one column that holds the strings is wanted, such as table['code']")
    texts = _listed("code", code)
    if not texts:
        raise ValueError("code is empty: at least one string is needed")
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"code[{place}] is {type(text).__name__}, not a string: the encoder reads the source text itself, not features of it")
        if not text.strip():
            raise ValueError(f"code[{place}] is empty")
    return texts


def checked_labels(y: Any, rows: int, things: str = "code strings") -> npt.NDArray[Any]:
    """Return labels, names or numbers, as an array of shape (rows,); raise ``ValueError`` for another number of them and where one is missing."""
    if y is None:
        raise ValueError("labels are missing")
    labels = np.asarray(y)
    if labels.shape != (rows,):
        raise ValueError(f"there are {rows} {things} and labels of shape {labels.shape}: one label each is needed")
    # Not of the array: in one of strings numpy has made a missing label the word "nan".
    for place, label in enumerate(y):
        if label is None or type(label).__name__ in {"NAType", "NaTType"} or (isinstance(label, Real) and not np.isfinite(float(label))):
            raise ValueError(f"the label of row {place} is missing: {label!r}")
    words = labels.dtype.kind == "O" and {isinstance(label, str) for label in labels}
    if labels.dtype.kind not in LABEL_KINDS or (words and words != {True} and not all(isinstance(label, Real) for label in labels)):
        raise ValueError("labels must be all names or all numbers")
    return labels


def checked_groups(groups: Any, rows: int, things: str = "code strings") -> list[Any] | None:
    """Return groups as a list, None for none; raise ``ValueError`` for another number of them than ``rows``."""
    if groups is None:
        return None
    found = _listed("groups", groups)
    if len(found) != rows:
        raise ValueError(f"there are {rows} {things} and {len(found)} groups: one group each is needed")
    return found


def _listed(name: str, values: Any) -> list[Any]:
    try:
        return list(values)
    except TypeError:
        raise ValueError(f"{name} must be a list, not {type(values).__name__}") from None
