"""Paths as a CI service wants them: relative to the checkout, wherever in it the scan was started."""

from __future__ import annotations

import os
import posixpath


def project_path(path: str, base: str, variable: str) -> str:
    """Return ``path`` (as reports show it, relative to ``base``) relative to the checkout that the environment names in ``variable``.

    It stays as it is where the variable is not set, or the file lies outside the checkout.
    """
    root = os.environ.get(variable, "")
    if not root or not base:
        return path
    full = posixpath.join(os.path.realpath(base), path)
    relative = posixpath.relpath(full, os.path.realpath(root))
    return path if relative == ".." or relative.startswith("../") else relative
