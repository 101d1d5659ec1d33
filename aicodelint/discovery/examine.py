"""From the bytes of one file to a ``SourceFile``: its text, or the reason why it is not judged."""

from __future__ import annotations

import posixpath

from aicodelint.discovery import generated, skip
from aicodelint.discovery.decode import decode
from aicodelint.discovery.git import NO_ATTRIBUTES, Attributes
from aicodelint.discovery.language import MARKUP, NOT_CODE, NOTEBOOK, SUPPORTED, language_by_content, language_by_name
from aicodelint.discovery.options import NOTEBOOK_FACTOR, DiscoveryOptions
from aicodelint.finding import SourceFile


class Examiner:
    """Knows the options; looks at one file at a time. No method raises."""

    def __init__(self, options: DiscoveryOptions) -> None:
        self._languages = SUPPORTED if options.languages is None else options.languages
        self._max_bytes = options.max_bytes

    def limit(self, path: str) -> int:
        """Return how many bytes a file of this name may have."""
        return self._max_bytes * (NOTEBOOK_FACTOR if path.endswith(".ipynb") else 1)

    def by_name(self, path: str, attributes: Attributes) -> SourceFile | None:
        """Return the verdict on a file that its name and its attributes alone give, or None when it must be read."""
        language = language_by_name(path)
        shown = None if language == NOT_CODE else language
        name = posixpath.basename(path)
        if attributes.generated or (attributes.generated is None and (generated.is_lock_file(name) or generated.is_generated_name(name))):
            return SourceFile(path, language=shown, reason=skip.GENERATED)
        if language == NOT_CODE:
            return SourceFile(path, reason=skip.NOT_CODE)
        if language is not None and not self._may_hold_code(language):
            return SourceFile(path, language=language, reason=skip.UNSUPPORTED_LANGUAGE)
        return None

    def by_content(self, path: str, data: bytes, attributes: Attributes = NO_ATTRIBUTES) -> SourceFile:
        """Return what there is to judge in the bytes of a file, or the reason why there is nothing."""
        language = language_by_name(path)
        text = decode(data)
        if text is None:
            return SourceFile(path, language=None if language == NOT_CODE else language, reason=skip.BINARY)
        if not text.strip():
            return SourceFile(path, language=None if language == NOT_CODE else language, reason=skip.EMPTY)
        if language == NOTEBOOK:
            return self._notebook(path, text)
        lines = None
        if language in MARKUP:
            from aicodelint.discovery import markup

            text, lines, language = markup.read_scripts(text)
        return self._source(path, text, language or language_by_content(path, text), lines, attributes)

    def _source(self, path: str, text: str, language: str | None, lines: tuple[int, ...] | None, attributes: Attributes) -> SourceFile:
        if language is None or language == NOT_CODE:
            return SourceFile(path, reason=skip.NOT_CODE)
        reason: str | None = None
        if language not in self._languages:
            reason = skip.UNSUPPORTED_LANGUAGE
        elif attributes.generated is None and generated.has_notice(text):
            reason = skip.GENERATED
        elif skip.is_minified(posixpath.basename(path), text):
            reason = skip.MINIFIED
        else:
            reason = skip.too_little(text)
        if reason is not None:
            return SourceFile(path, language=language, reason=reason)
        return SourceFile(path, text=text, language=language, line_numbers=lines)

    def _notebook(self, path: str, raw: str) -> SourceFile:
        from aicodelint.discovery import notebook

        found = notebook.read_notebook(raw)
        if found is None:
            return SourceFile(path, language=NOTEBOOK, reason=skip.INVALID_NOTEBOOK)
        if found.language is None:
            return SourceFile(path, language=NOTEBOOK, reason=skip.UNSUPPORTED_LANGUAGE)
        if not found.text.strip():
            return SourceFile(path, language=found.language, reason=skip.EMPTY)
        return self._source(path, found.text, found.language, found.line_numbers, Attributes(generated=False))

    def _may_hold_code(self, language: str) -> bool:
        return language in self._languages or language == NOTEBOOK or language in MARKUP
