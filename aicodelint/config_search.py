"""Which configuration holds for a file: the command line over the nearest ``pyproject.toml`` that has our table, or else the user's own file."""

from __future__ import annotations

import os
from pathlib import Path

from aicodelint.config import Config, config_from_table, read_table

USER_FILE = "config.toml"


class ConfigSearch:
    """Finds configurations, reading each file once.

    ``command_line`` wins over everything. ``config_file`` takes the place of every other file; its patterns, as those of
    the user's file, are relative to ``directory``, where aicodelint was started. ``isolated`` leaves out whatever the scanned repositories bring.
    """

    def __init__(self, directory: Path, command_line: Config | None = None, config_file: Path | None = None, isolated: bool = False) -> None:
        self._directory = Path(os.path.normpath(directory.absolute()))
        self._command_line = command_line or Config()
        self.isolated = isolated
        self._found: dict[Path, Config] = {}
        self._by_name: dict[str, Config] = {}
        self._fallback: Config | None = None
        self._only: Config | None = None
        if config_file is not None:
            table = read_table(config_file, required=True) or {}
            self._only = self._command_line.over(config_from_table(table, config_file, self._directory))

    @property
    def invocation(self) -> Config:
        """What holds where aicodelint was started: the only place where the engine, its model and the files to look for are chosen."""
        return self._for_directory(self._directory)

    def for_file(self, path: str) -> Config:
        """Return what holds for the file ``path``, absolute or relative to the starting directory; raise ``ConfigError``."""
        name = path.rpartition("/")[0]
        config = self._by_name.get(name)
        if config is None:
            config = self._by_name[name] = self._for_directory(Path(os.path.normpath(self._directory / path)).parent)
        return config

    def _for_directory(self, directory: Path) -> Config:
        if self._only is not None:
            return self._only
        if self.isolated:
            return self._user_level()
        passed = []
        while (config := self._found.get(directory)) is None:
            passed.append(directory)
            config = self._in_directory(directory)
            parent = directory.parent
            if config is None and parent == directory:
                config = self._user_level()
            if config is not None:
                break
            directory = parent
        self._found.update(dict.fromkeys(passed, config))
        return config

    def _in_directory(self, directory: Path) -> Config | None:
        path = directory / "pyproject.toml"
        table = read_table(path, required=False)
        return None if table is None else self._command_line.over(config_from_table(table, path, directory))

    def _user_level(self) -> Config:
        if self._fallback is None:
            from platformdirs import user_config_path

            path = user_config_path("aicodelint", appauthor=False) / USER_FILE
            table = read_table(path, required=False)
            own = Config() if table is None else config_from_table(table, path, self._directory)
            self._fallback = self._command_line.over(own)
        return self._fallback
