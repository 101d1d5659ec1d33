"""Which language a sample is in: as its table says, by the name of its file, or by its content, in the names that a scan uses."""

from __future__ import annotations

from aicodelint.discovery.language import NOT_CODE, SUPPORTED, language_by_content, language_by_name
from aicodelint.training.tables import Sample

_BY_NAME = {name.casefold(): name for name in SUPPORTED} | {
    "cpp": "C++",
    "csharp": "C#",
    "js": "JavaScript",
    "ts": "TypeScript",
    "golang": "Go",
    "py": "Python",
    "bash": "Shell",
    "sh": "Shell",
}


def sample_language(sample: Sample) -> str | None:
    """Return the language of a sample, or None where nothing tells it."""
    if sample.language:
        return _BY_NAME.get(sample.language.strip().casefold())
    named = language_by_name(sample.id) if "." in sample.id else None
    found = named or language_by_content("", sample.code)
    return None if found == NOT_CODE else found
