"""Which codes are reported for which files: select, ignore and per-file ignores, by code, code prefix or family name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from aicodelint.config import Config, Globs, did_you_mean
from aicodelint.errors import ConfigError
from aicodelint.rules import family_code, rules

EVERYTHING = ("AIC",)


@lru_cache(maxsize=1024)
def code_prefix(selector: str, families: tuple[str, ...]) -> str | None:
    """Return the code prefix that ``selector`` (``AIC1``, ``aic102``, ``Qwen``) stands for, or None if no rule has it."""
    word = selector.strip()
    for family in families:
        if family.lower() == word.lower():
            return family_code(family, families)
    word = word.upper()
    return word if word and any(rule.code.startswith(word) for rule in rules(families)) else None


def check_selectors(selectors: Iterable[str], families: tuple[str, ...], where: str) -> tuple[str, ...]:
    """Return the code prefixes of ``selectors``; raise ``ConfigError``, which begins with ``where``, for one that no rule has."""
    prefixes = []
    for selector in selectors:
        prefix = code_prefix(selector, families)
        if prefix is None:
            known = [*families, *(rule.code for rule in rules(families))]
            raise ConfigError(f"{where}: no rule or family is called {selector[:60]!a}{did_you_mean(selector, known)}")
        prefixes.append(prefix)
    return tuple(prefixes)


class Selection:
    """What one configuration lets through. Of two prefixes the longer one wins; of two equal ones ``ignore`` does."""

    def __init__(self, config: Config, families: tuple[str, ...], directory: Path) -> None:
        origin = f"{config.source}: " if config.source else ""
        self._select = check_selectors(config.select if config.select is not None else EVERYTHING, families, f"{origin}select")
        self._ignore = check_selectors(config.ignore or (), families, f"{origin}ignore")
        self._per_file = [
            (globs_matcher(globs, directory), check_selectors(codes, families, f"{origin}per-file-ignores"))
            for globs, codes in config.per_file_ignores or ()
        ]

    def admits(self, code: str, path: str) -> bool:
        """Whether findings of ``code`` in ``path`` (absolute, or relative to the starting directory) are reported."""
        ignored = max((len(prefix) for prefix in self._ignore if code.startswith(prefix)), default=0)
        selected = max((len(prefix) for prefix in self._select if code.startswith(prefix)), default=0)
        if selected <= ignored:
            return False
        return not any(code.startswith(tuple(prefixes)) and matches(path) for matches, prefixes in self._per_file)


def globs_matcher(globs: Globs, directory: Path) -> Callable[[str], bool]:
    """Return a function that says whether a path, absolute or relative to ``directory``, matches gitignore-style patterns."""
    from aicodelint.discovery.ignore import Excludes
    from aicodelint.discovery.options import DiscoveryOptions

    excludes = Excludes(DiscoveryOptions(cwd=directory, root=globs.root, exclude=globs.patterns))
    return lambda path: excludes.match(os.path.normpath(directory / path))
