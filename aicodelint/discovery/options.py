"""What a user may ask of discovery."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_MAX_BYTES = 1_000_000
NOTEBOOK_FACTOR = 10
"""How many times as large as another file a notebook may be: it carries its outputs."""


@dataclass(frozen=True, slots=True)
class DiscoveryOptions:
    """How files are chosen.

    ``cwd``: paths given are relative to it, and so are the paths shown.
    ``root``: the directory that exclude patterns are relative to (that of the configuration file); None means ``cwd``.
    ``exclude``, ``extend_exclude``: patterns as in ``.gitignore``; a file that either matches is left out.
    ``force_exclude``: treat files named one by one as if a directory walk had found them.
    ``max_bytes``: a larger file is ``too-big``; notebooks may be ``NOTEBOOK_FACTOR`` times as large.
    ``respect_gitignore``: leave out what git ignores.
    ``respect_attributes``: heed what ``.gitattributes`` says of generated and vendored files.
    ``languages``: the languages to judge; None means every one that ``language`` supports.
    """

    cwd: Path = field(default_factory=Path.cwd)
    root: Path | None = None
    exclude: tuple[str, ...] = ()
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    max_bytes: int = DEFAULT_MAX_BYTES
    respect_gitignore: bool = True
    respect_attributes: bool = True
    languages: frozenset[str] | None = None
