"""``aicodelint train``: a bundle of a user's own from labelled code. A family head, an AI head, trees, and where the lines are drawn.

Everything that decides (blend, thresholds, temperature) and every figure comes from models that had not seen the text they judge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from aicodelint.errors import UsageError
from aicodelint.rules import HUMAN
from aicodelint.training.blend import AiSide, fit_ai_side
from aicodelint.training.embeddings import Progress, TextEncoder, embed
from aicodelint.training.family_side import FamilySide, fit_family_side
from aicodelint.training.heads import HeadRecipe, HeadShape, TrainingState, Windows
from aicodelint.training.labels import AI, family_names, human_labels, is_ai_or_human, is_human, named, ordered_families, reserved_names
from aicodelint.training.out_of_fold import assign_folds
from aicodelint.training.research_features import text_features
from aicodelint.training.tables import Sample


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What is asked of a training. ``only`` is ``head`` (families alone), ``gate`` (AI or human alone) or None."""

    shape: HeadShape = field(default_factory=HeadShape)
    recipe: HeadRecipe = field(default_factory=HeadRecipe)
    validation_fraction: float = 0.1
    only: str | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """The rows of the user's data that can be trained on; ``family`` is the place in ``families``, or -1 for a human row, shape (n,).

    ``ai_or_human``: the labels were 0 and 1 alone, which name no family.
    """

    code: list[str]
    languages: list[str | None]
    families: tuple[str, ...]
    family: npt.NDArray[np.int64]
    groups: list[str] | None
    skipped: int
    ai_or_human: bool = False

    @property
    def human(self) -> npt.NDArray[np.bool_]:
        """Which rows are human, shape (n,)."""
        return self.family < 0


@dataclass(frozen=True, slots=True)
class TrainedBundle:
    """The sides of a bundle: either may be None, where it was not asked for or the data do not hold it."""

    data: Labelled
    windows: Windows
    ai: AiSide | None
    family: FamilySide | None


def labelled_rows(samples: Sequence[Sample], human: str | None, only: str | None) -> Labelled:
    """Sort samples by what their labels mean; rows without any code are left out and counted.

    Raise ``UsageError`` for data of one label, a ``human`` that no row has, and labels that cannot be told apart or from a column of predictions.
    """
    kept = [sample for sample in samples if sample.code.strip()]
    if not kept:
        raise UsageError("there is no code to train on")
    labels = [str(sample.label) for sample in kept]
    people = human_labels(labels, human)
    human_rows = np.array([label in people for label in labels], bool)
    rest = [label for label in labels if label not in people]
    ai_or_human = is_ai_or_human(people, rest)
    names = [AI] * len(rest) if ai_or_human else _names_of_ai(rest, human)
    found = sorted(set(names))
    if not found or (len(found) == 1 and not people):
        raise UsageError(f"a bundle needs rows of at least two labels; every row is {next(iter(found), HUMAN)}")
    families: tuple[str, ...]
    if only == "gate" or (len(found) == 1 and only != "head"):
        families = (AI,) if len(found) > 1 or found[0].casefold() == AI.casefold() else (found[0],)
        names = [families[0]] * len(names)
    else:
        families = ordered_families(names)
    if reserved := reserved_names(families):
        raise UsageError(f"no family can be called {named(reserved)}: predictions have a column or a label of that name; rename it")
    place = {name: number for number, name in enumerate(families)}
    family = np.full(len(kept), -1, np.int64)
    family[~human_rows] = [place[name] for name in names]
    grouped = any(sample.group for sample in kept)
    groups = [sample.group or f"row {number}" for number, sample in enumerate(kept)] if grouped else None
    code, languages = [sample.code for sample in kept], [sample.language for sample in kept]
    return Labelled(code, languages, families, family, groups, len(samples) - len(kept), ai_or_human)


def _names_of_ai(labels: list[str], human: str | None) -> list[str]:
    """Return the families of the rows that are not human; raise ``UsageError`` where their labels say human all the same."""
    if is_human(labels).any():
        raise UsageError(f"with --human {human} rows labelled 0 or {HUMAN} would be AI: rename them, or leave --human out")
    return family_names(labels)


def train_sides(
    data: Labelled,
    encoder: TextEncoder,
    plan: TrainingPlan,
    *,
    cache: Any = None,
    progress: Progress | None = None,
    device: str = "cpu",
    state: TrainingState | None = None,
    after_epoch: Callable[[TrainingState], None] | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> TrainedBundle:
    """Embed the rows, and train the sides that ``plan`` asks for and the data allow."""
    windows = embed(data.code, encoder, cache, progress)
    folds = assign_folds(data.family + 1, data.groups, plan.recipe.seed)
    ai = family = None
    if data.human.any() and plan.only != "head":
        say("training the gate and the AI head")
        features = text_features(data.code, data.languages)
        ai = fit_ai_side(windows, features, (~data.human).astype(np.int64), folds, data.groups, recipe=plan.recipe, device=device)
    if len(data.families) > 1 and plan.only != "gate":
        say("training the family head")
        rows = np.flatnonzero(~data.human)
        groups = None if data.groups is None else [data.groups[place] for place in rows]
        family = fit_family_side(
            windows.of_texts(rows),
            data.family[rows],
            len(data.families),
            folds[rows],
            groups,
            shape=plan.shape,
            recipe=plan.recipe,
            validation_fraction=plan.validation_fraction,
            device=device,
            state=state,
            after_epoch=after_epoch,
        )
    return TrainedBundle(data, windows, ai, family)
