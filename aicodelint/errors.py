"""The errors that end a run. Each is one line for the user and exit code 2; ``cli`` alone turns them into both."""

from __future__ import annotations


class AicodelintError(Exception):
    """Base of every error that aicodelint raises on purpose; ``str()`` of it is one line fit for a terminal."""

    def __str__(self) -> str:
        return " ".join(super().__str__().split())


class UsageError(AicodelintError):
    """The command line asks for something that cannot be done (a path that does not exist, options that exclude each other)."""


class ParameterError(UsageError, ValueError):
    """A parameter of a training has an impossible value. A ``ValueError`` too, as users of scikit-learn expect."""


class ConfigError(AicodelintError):
    """A configuration file is unreadable, holds an unknown key or an impossible value."""


class BundleError(AicodelintError):
    """A bundle is missing, incomplete, corrupt, or of a format this version does not read."""


class EngineError(AicodelintError):
    """The chosen engine cannot run on this machine (a package is missing, no such device)."""


class GitError(AicodelintError):
    """git is missing, or refused what was asked of it."""
