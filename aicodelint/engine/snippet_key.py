"""The name under which a text's verdict is remembered."""

from __future__ import annotations

import hashlib

from aicodelint.finding import Snippet


def snippet_key(context: bytes, snippet: Snippet) -> bytes:
    """Return a sha256 over ``context`` (whatever else a verdict depends on), the language and the text."""
    language = (snippet.language or "").encode("utf-8", "surrogatepass")
    digest = hashlib.sha256()
    for part in (context, language):
        digest.update(len(part).to_bytes(8, "big") + part)
    digest.update(snippet.text.encode("utf-8", "surrogatepass"))
    return digest.digest()
