"""aicodelint: says which source files look AI-generated and which model family wrote them.

The public names are imported when they are first used, so that ``import aicodelint`` costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself is not imported: it would be a fifth of what a warm scan takes

__version__ = "0.1.0"

_HOMES = {
    "Detector": "aicodelint.detection.detector",
    "FamilyClassifier": "aicodelint.training.classifier",
    "FileResult": "aicodelint.finding",
    "Finding": "aicodelint.finding",
    "Gate": "aicodelint.training.gate_classifier",
    "TwoStageDetector": "aicodelint.training.two_stage",
    "Verdict": "aicodelint.finding",
    "create_family_classifier": "aicodelint.training.factory",
    "scan": "aicodelint.scanning",
}
__all__ = ["Detector", "FileResult", "Finding", "Verdict", "scan"]

if TYPE_CHECKING:
    from typing import Any

    from aicodelint.detection.detector import Detector
    from aicodelint.finding import FileResult, Finding, Verdict
    from aicodelint.scanning import scan
    from aicodelint.training.classifier import FamilyClassifier as FamilyClassifier
    from aicodelint.training.factory import create_family_classifier as create_family_classifier
    from aicodelint.training.gate_classifier import Gate as Gate
    from aicodelint.training.two_stage import TwoStageDetector as TwoStageDetector


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
