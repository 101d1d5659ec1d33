"""Which language a file is in: by its name, then by its first lines, then by what it holds."""

from __future__ import annotations

import posixpath
import re

from aicodelint.discovery.names import AMBIGUOUS, EDITOR_MODES, EXTENSIONS, FILE_NAMES, INTERPRETERS, NOT_CODE, SUPPORTED

__all__ = ["MARKUP", "NOTEBOOK", "NOT_CODE", "SUPPORTED", "language_by_content", "language_by_name"]

NOTEBOOK = "Jupyter Notebook"
MARKUP = frozenset({"Vue", "Svelte"})
"""Languages whose files hold code in ``<script>`` elements."""
_OF_ANY_LANGUAGE = frozenset({"in", "cgi", "fcgi"})
"""Extensions that tell what a file is for, not what it is written in."""
_HEAD = 4096
_SHEBANG = re.compile(r"#![ \t]*(?P<path>[^\s]{1,200})(?P<rest>[^\n]{0,400})")
_VERSION = re.compile(r"[-\d.]+(?:exe)?$")
_EMACS = re.compile(
    r"-\*-[ \t]*(?:[^\n*]{0,200}?\bmode:[ \t]*)?([A-Za-z0-9+#\-]{1,30})[^\n*:]{0,200}-\*-|-\*-[^\n*]{0,200}?\bmode:[ \t]*([A-Za-z0-9+#\-]{1,30})"
)
_VIM = re.compile(r"\b(?:vim?|ex):[^\n]{0,200}?\b(?:ft|filetype|syntax)=([A-Za-z0-9+#]{1,30})")


def language_by_name(path: str) -> str | None:
    """Return the language that a file's name tells (``NOT_CODE`` for what is none), or None when only its content can."""
    name = posixpath.basename(path).lower()
    known = FILE_NAMES.get(name)
    if known is not None:
        return known
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem:
        return None
    if extension == "in" and "." in stem:
        return language_by_name(stem)
    if extension in AMBIGUOUS:
        return None
    known = EXTENSIONS.get(extension)
    if known is None and stem in FILE_NAMES and not extension.isdigit():
        return FILE_NAMES[stem] if FILE_NAMES[stem] == NOT_CODE or stem.endswith("file") else None
    return known


def language_by_content(path: str, text: str) -> str | None:
    """Return the language of a text whose name did not tell it (``path`` may be empty); None when it looks like no code."""
    head = text[:_HEAD]
    named = _by_shebang(head) or _by_mode(head)
    if named is not None:
        return named
    from aicodelint.discovery import guess

    extension = _extension(path)
    if not extension or extension in _OF_ANY_LANGUAGE:
        return guess.guess(text)
    return guess.disambiguate(extension, text) if extension in AMBIGUOUS else None


def _extension(path: str) -> str:
    name = posixpath.basename(path).lower()
    name = name.removesuffix(".in") if name.count(".") > 1 else name
    stem, _, extension = name.rpartition(".")
    return extension if stem else ""


def _by_shebang(head: str) -> str | None:
    match = _SHEBANG.match(head)
    if match is None:
        return None
    words = [posixpath.basename(match["path"].replace("\\", "/")), *match["rest"].split()]
    if words[0] == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if not words:
        return None
    program = posixpath.basename(words[0]).lower()
    if program == "sh" and re.search(r"^exec (?:tclsh|wish)", head, re.MULTILINE):
        return "Tcl"
    return INTERPRETERS.get(program) or INTERPRETERS.get(_VERSION.sub("", program))


def _by_mode(head: str) -> str | None:
    for line in head.split("\n", 5)[:5]:
        match = _EMACS.search(line[:500]) or _VIM.search(line[:500])
        if match is not None:
            mode = next(group for group in match.groups() if group)
            found = EDITOR_MODES.get(mode.lower())
            if found is not None:
                return found
    return None
