"""A scan, end to end: which files, what the engine says of them, what policy makes of that. The command line and ``aicodelint.scan`` share it.

(The module is not called ``scan``, since importing it would then hide the function of that name in the package.)
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aicodelint.config import Config, Globs, probability
from aicodelint.config_search import ConfigSearch
from aicodelint.errors import UsageError
from aicodelint.finding import FileResult, Snippet, SourceFile, Verdict
from aicodelint.policy import Fingerprints, Options, Policy
from aicodelint.sources import Request, source_files

if TYPE_CHECKING:
    from aicodelint.engine.base import Engine
    from aicodelint.model import Model


class Policies:
    """The policy for each file, by the configuration that holds for it; made once for each configuration."""

    def __init__(self, search: ConfigSearch, model: Model, options: Options, directory: Path) -> None:
        self._search = search
        self._model = model
        self._options = options
        self._directory = directory
        self._fingerprints = Fingerprints()
        self._made: dict[int, tuple[Config, Policy]] = {}
        self._of(search.invocation)

    def for_file(self, path: str) -> Policy:
        """Return the policy for ``path``; raise ``ConfigError`` if its configuration is unusable."""
        return self._of(self._search.for_file(path))

    def _of(self, config: Config) -> Policy:
        known = self._made.get(id(config))
        if known is None:
            known = (config, Policy(self._model, config, self._options, self._directory, self._fingerprints))
            self._made[id(config)] = known
        return known[1]


def judge_files(files: Iterable[SourceFile], engine: Engine, policies: Policies) -> Iterator[FileResult]:
    """Yield one result for each file, in order. Texts are held no longer than the engine needs them."""
    waiting: deque[SourceFile] = deque()

    def snippets() -> Iterator[Snippet]:
        for file in files:
            waiting.append(file)
            if file.text is not None:
                yield Snippet(file.text, file.language)

    def result(file: SourceFile, verdict: Verdict | None) -> FileResult:
        return policies.for_file(file.path).decide(file, verdict)

    for verdict in engine.judge(snippets()):
        while (file := waiting.popleft()).text is None:
            yield result(file, None)
        yield result(file, verdict)
    for file in waiting:
        yield result(file, None)


def scan(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
    *,
    threshold: float | None = None,
    family_threshold: float | None = None,
    select: Sequence[str] | None = None,
    ignore: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    model: str | os.PathLike[str] | None = None,
    device: str | None = None,
    jobs: int | None = None,
    engine: Engine | None = None,
    config: str | os.PathLike[str] | None = None,
    isolated: bool = False,
) -> Iterator[FileResult]:
    """Scan files and directories (default: the current directory) and yield one result for each file, in a stable order.

    The options are those of ``aicodelint scan``. An ``engine`` that is given is used and left open. Raises ``AicodelintError``.
    """
    directory = Path.cwd()
    for value in (threshold, family_threshold):
        try:
            _ = value if value is None else probability(value)
        except ValueError as error:
            raise UsageError(f"threshold: {error}") from None
    said = Config(
        threshold=threshold,
        family_threshold=family_threshold,
        select=None if select is None else tuple(select),
        ignore=None if ignore is None else tuple(ignore),
        exclude=None if exclude is None else Globs(directory, tuple(exclude)),
        device=device,
        jobs=jobs,
        model=None if model is None else directory / model,
    )
    search = ConfigSearch(directory, said, None if config is None else directory / config, isolated)
    named = (paths,) if isinstance(paths, (str, os.PathLike)) else tuple(paths)
    files = source_files(Request(tuple(os.fspath(path) for path in named)), search, directory)
    used = engine or open_configured_engine(search.invocation)
    try:
        policies = Policies(search, used.model, Options(inline=not isolated), directory)
    except BaseException:
        if engine is None:
            used.close()
        raise
    return _results(files, used, policies, close=engine is None)


def open_configured_engine(config: Config, warn: Callable[[str], None] | None = None, note: Callable[[str], None] | None = None) -> Engine:
    """Open the engine that ``config`` asks for; raise ``AicodelintError``. ``warn`` and ``note`` are those of ``open_engine``."""
    from aicodelint.engine.select import open_engine

    return open_engine(
        config.engine or "auto",
        config.model,
        config.device or "auto",
        config.jobs,
        daemon=config.daemon is not False,
        cache=config.cache is not False,
        warn=warn,
        note=note,
    )


def _results(files: Iterable[SourceFile], engine: Engine, policies: Policies, *, close: bool) -> Iterator[FileResult]:
    try:
        yield from judge_files(files, engine, policies)
    finally:
        if close:
            engine.close()
