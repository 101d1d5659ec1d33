"""The rules: a code, a name and a sentence each. Family codes are ``AIC100`` + the family's label id."""

from __future__ import annotations

from dataclasses import dataclass

HUMAN = "Human"
TEN_FAMILIES = (
    "DeepSeek-AI",
    "Qwen",
    "01-ai",
    "BigCode",
    "Gemma",
    "Phi",
    "Meta-LLaMA",
    "IBM-Granite",
    "Mistral",
    "OpenAI",
)
"""Label ids 1 to 10 of the research task (SemEval-2026 Task 13 B), in order; 0 is ``Human``."""
FAMILIES = (*TEN_FAMILIES, "Anthropic", "Gemini", "xAI")
"""The families of the default bundle: label ids 1 to 13, in order."""
UNDETERMINED_CODE = "AIC100"
UNUSED_CODE = "AIC900"
NO_REASON_CODE = "AIC901"
ABOUT_IGNORES = (UNUSED_CODE, NO_REASON_CODE)
"""The rules about suppressions: no estimate, and no suppression holds them back."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as reports describe it."""

    code: str
    name: str
    summary: str


_IGNORES = (
    Rule(UNUSED_CODE, "unused-ignore", "A comment holds findings back where there are none."),
    Rule(NO_REASON_CODE, "ignore-without-reason", "A comment holds findings back without saying why, where the configuration asks for a reason."),
)


def family_code(family: str | None, labels: tuple[str, ...] = FAMILIES) -> str:
    """Return the code of a family: ``AIC100`` + its id, or ``AIC100`` for None and for families past ``AIC199``."""
    if family is None or family not in labels:
        return UNDETERMINED_CODE
    number = labels.index(family) + 1
    return f"AIC{100 + number}" if number < 100 else UNDETERMINED_CODE


def rules(labels: tuple[str, ...] = FAMILIES) -> tuple[Rule, ...]:
    """Return every rule that a bundle with these family labels can report, ordered by code."""
    families = tuple(
        Rule(family_code(name, labels), f"ai-generated-{name.lower()}", f"Looks AI-generated; the likeliest model family is {name}.")
        for name in labels
    )
    return (Rule(UNDETERMINED_CODE, "ai-generated", "Looks AI-generated; the model family is undetermined."), *families, *_IGNORES)
