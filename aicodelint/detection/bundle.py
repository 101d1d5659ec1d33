"""The bundle on disk: ``bundle.json`` and the files it names, each with its sha256.

Reading the manifest needs the standard library alone, so that a client of the warm daemon can do it.
Nothing in a bundle is executed on load: JSON, safetensors and ONNX graphs only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aicodelint.errors import BundleError
from aicodelint.model import FamilyThreshold, Model, Thresholds

FORMAT_VERSION = 1
MANIFEST = "bundle.json"
MAX_MANIFEST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Bundle:
    """A directory with a checked manifest. Files are read, and their checksums compared, when they are asked for."""

    path: Path
    model: Model
    gate_threshold: float
    window_tokens: int
    minimum_tokens: int
    files: Mapping[str, str]
    manifest: Mapping[str, Any]

    @classmethod
    def open(cls, path: Path) -> Bundle:
        """Read and check the manifest of the bundle in directory ``path``; raise ``BundleError`` where it cannot be used."""
        raw = _read_manifest(path)
        try:
            manifest = json.loads(raw)
        except (ValueError, RecursionError):
            raise BundleError(f"{path / MANIFEST} is not valid JSON") from None
        if not isinstance(manifest, dict):
            raise BundleError(f"{path / MANIFEST} does not hold an object")
        if manifest.get("format_version") != FORMAT_VERSION:
            found = manifest.get("format_version")
            raise BundleError(f"{path} has bundle format {found!r}; this version of aicodelint reads format {FORMAT_VERSION}")
        try:
            return cls._from_manifest(path, manifest, hashlib.sha256(raw).hexdigest()[:16])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise BundleError(f"{path / MANIFEST} is incomplete or malformed: {type(error).__name__} at {error}") from None

    @classmethod
    def _from_manifest(cls, path: Path, manifest: dict[str, Any], fingerprint: str) -> Bundle:
        labels = _labels(manifest["labels"])
        limits = manifest["thresholds"]
        family = _family_threshold(limits["family"], labels[1:])
        thresholds = Thresholds(ai=_probability(limits["ai"]), human=_probability(limits["human"]), family=family)
        if thresholds.ai < thresholds.human:
            raise ValueError(f"thresholds: ai {thresholds.ai} is below human {thresholds.human}")
        files = {_plain_name(name): str(entry["sha256"]) for name, entry in manifest["files"].items()}
        return cls(
            path=path,
            model=Model(str(manifest["name"]), fingerprint, labels[1:], thresholds),
            gate_threshold=_probability(limits["gate"]),
            window_tokens=_positive_integer(manifest, "window_tokens"),
            minimum_tokens=_positive_integer(manifest, "minimum_tokens"),
            files=files,
            manifest=manifest,
        )

    def read(self, name: str) -> bytes:
        """Return the bytes of the bundle's file ``name``; raise ``BundleError`` if it is missing, unreadable or not the one promised."""
        if name not in self.files:
            raise BundleError(f"the bundle {self.path} has no {name}")
        try:
            data = (self.path / name).read_bytes()
        except OSError as error:
            raise BundleError(f"cannot read {self.path / name}: {error.strerror}") from None
        if hashlib.sha256(data).hexdigest() != self.files[name]:
            raise BundleError(f"{self.path / name} is damaged or was changed: its checksum is not the one in {MANIFEST}")
        return data

    def verify(self) -> None:
        """Read every file of the bundle and compare its checksum; raise ``BundleError`` at the first that differs."""
        for name in self.files:
            self.read(name)


def default_path() -> Path:
    """Return the directory of the bundle that travels with the package (in a source checkout: ``models/default``)."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "models" / "default"
    return installed if installed.is_dir() else package.parent / "models" / "default"


def _read_manifest(path: Path) -> bytes:
    try:
        with (path / MANIFEST).open("rb") as file:
            raw = file.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise BundleError(f"{path} is not a bundle: cannot read {MANIFEST}: {error.strerror}") from None
    if len(raw) > MAX_MANIFEST_BYTES:
        raise BundleError(f"{path / MANIFEST} is larger than {MAX_MANIFEST_BYTES} bytes")
    return raw


def _plain_name(name: str) -> str:
    if Path(name).name != name or name in {"", ".", ".."}:
        raise ValueError(f"file name {name!r}")
    return name


def _labels(found: object) -> tuple[str, ...]:
    """Return what the classes are called: human, and at least one family, each by a name of its own."""
    if not isinstance(found, list) or len(found) < 2 or not all(isinstance(label, str) and label.strip() for label in found):
        raise ValueError(f"labels {str(found)[:80]}: a list of names is wanted, human and at least one family")
    if len(set(found)) < len(found):
        raise ValueError("labels: a name stands there twice")
    return tuple(found)


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"threshold {value!r}")
    return float(value)


def _family_threshold(value: object, families: tuple[str, ...]) -> FamilyThreshold:
    """Return the one confidence from which any family is named, or that of each by its name."""
    if not isinstance(value, dict):
        return _probability(value)
    if set(value) != set(families):
        raise ValueError("thresholds: family gives other names than labels")
    return {family: _probability(value[family]) for family in families}


def _positive_integer(manifest: Mapping[str, Any], name: str) -> int:
    value = manifest[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} {value!r}")
    return value
