"""What labels mean: names or ids, which of them is human, and what a class is called."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aicodelint.errors import UsageError
from aicodelint.rules import FAMILIES, HUMAN

_HUMAN_NAMES = frozenset({HUMAN.casefold(), "0"})


def is_human(labels: Sequence[object] | npt.NDArray[np.generic], human: str | None = None) -> npt.NDArray[np.bool_]:
    """Return which labels say human: 0, ``Human`` in any case, or the label called ``human``; shape (n,)."""
    names = _HUMAN_NAMES if human is None else {human.casefold()}
    return np.array([_name(label).casefold() in names for label in labels], bool)


def family_names(labels: Sequence[str]) -> list[str]:
    """Return labels as names: ids 1 to 13 become the names of their families where every label is such an id; else they stay as they are."""
    if labels and all(label.isdecimal() and int(label) <= len(FAMILIES) for label in labels):
        return [HUMAN if int(label) == 0 else FAMILIES[int(label) - 1] for label in labels]
    return list(labels)


def ordered_families(names: Sequence[str]) -> tuple[str, ...]:
    """Return the distinct family names: the known ones by id, then the others by name. Raise ``UsageError`` for fewer than two."""
    known = [name for name in FAMILIES if name in set(names)]
    found = (*known, *sorted(set(names) - set(known)))
    if len(found) < 2:
        raise UsageError(f"a family head needs rows of at least two families; these have {', '.join(found) or 'none'}")
    return found


def _name(label: object) -> str:
    if isinstance(label, float | np.floating) and float(label).is_integer():
        return str(int(label))
    return str(label)
