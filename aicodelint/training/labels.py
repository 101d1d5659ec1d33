"""What labels mean: names or ids, which of them is human, and what a class is called."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from aicodelint.errors import UsageError
from aicodelint.rules import FAMILIES, HUMAN

AI = "AI"
"""What AI code is called where no family is told apart."""
_HUMAN_NAMES = frozenset({HUMAN.casefold(), "0"})
_RESERVED_NAMES = frozenset({"id", "label", "family", "p_ai", AI.casefold(), HUMAN.casefold()})
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NAMED_IN_ERRORS = 10


def is_human(labels: Sequence[object] | npt.NDArray[np.generic], human: str | None = None) -> npt.NDArray[np.bool_]:
    """Return which labels say human: 0 and ``Human`` in any case, or where ``human`` names another label that one; shape (n,)."""
    asked = None if human is None else human.strip().casefold()
    names = _HUMAN_NAMES if asked is None or asked in _HUMAN_NAMES else {asked}
    return np.array([_name(label).casefold() in names for label in labels], bool)


def human_labels(labels: Collection[str], human: str | None = None) -> set[str]:
    """Return which of the labels of a table say human, as ``is_human`` has it; raise ``UsageError`` for a ``human`` that no row has."""
    distinct = sorted(set(labels))
    found = {label for label, is_person in zip(distinct, is_human(distinct, human), strict=True) if is_person}
    if human is not None and not found:
        raise UsageError(f"no row has the label {human} that --human names; the labels are {named(distinct)}")
    return found


def is_ai_or_human(human_labels: Collection[str], ai_labels: Collection[str]) -> bool:
    """Say whether labels are 0 and 1 alone, human and AI, whichever of the two is human; ``Human`` may stand for 0."""
    people = {label.casefold() for label in human_labels}
    ai = set(ai_labels)
    return (bool(people) and people <= _HUMAN_NAMES and ai == {"1"}) or (people == {"1"} and ai == {"0"})


def family_names(labels: Sequence[str]) -> list[str]:
    """Return labels as names: where every label is an integer, the names of the families with these ids; else they stay as they are.

    Raise ``UsageError`` for integers of which some are no id: they would turn all the others into names that look like ids.
    """
    if not labels or not all(_INTEGER.fullmatch(label) for label in labels):
        return list(labels)
    unknown = [label for label in labels if not 0 <= int(label) <= len(FAMILIES)]
    if unknown:
        raise UsageError(
            f"labels that are all integers are ids, 0 (human) to {len(FAMILIES)}; there is no {named(unknown)}: call families of your own by name"
        )
    return [HUMAN if int(label) == 0 else FAMILIES[int(label) - 1] for label in labels]


def reserved_names(families: Sequence[str]) -> list[str]:
    """Return the families whose names mean something else in tables of predictions: a column, human, or AI (alone it is no family)."""
    alone = len(families) == 1 and families[0].casefold() == AI.casefold()
    return [] if alone else [name for name in families if name.casefold() in _RESERVED_NAMES]


def named(labels: Collection[str]) -> str:
    """Return distinct labels as a list for an error, cut short where there are many."""
    found = sorted(set(labels))
    return ", ".join(found[:_NAMED_IN_ERRORS]) + (f" and {len(found) - _NAMED_IN_ERRORS} more" if len(found) > _NAMED_IN_ERRORS else "")


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
