"""One file as the JSON formats show it (``schema_version`` 1)."""

from __future__ import annotations

import json
from typing import Any

from aicodelint.finding import FileResult

SCHEMA_VERSION = 1


def file_record(result: FileResult, families: tuple[str, ...]) -> dict[str, Any]:
    """Return the ``files`` element of ``result``; ``families`` are the labels that its probabilities belong to."""
    return {
        "path": result.path,
        "language": result.language,
        "status": result.status.value,
        "reason": result.reason,
        "p_ai": result.p_ai,
        "code": result.code,
        "family": result.family,
        "family_confidence": result.family_confidence,
        "families": None if result.families is None else dict(zip(families, result.families, strict=True)),
        "regions": [
            {
                "start_line": region.start_line,
                "end_line": region.end_line,
                "p_ai": region.p_ai,
                "family": region.family,
                "family_confidence": region.family_confidence,
            }
            for region in result.regions
        ],
        "declared": None,
        "suppressed": result.suppressed,
        "fingerprint": result.fingerprint,
        "findings": [
            {
                "code": finding.code,
                "start_line": finding.start_line,
                "end_line": finding.end_line,
                "message": finding.message,
                "fingerprint": finding.fingerprint,
            }
            for finding in result.findings
        ],
    }


def to_json(value: Any) -> str:
    """Return ``value`` as JSON on one line, readable and always encodable: lone surrogates become escapes."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False)
    return text
