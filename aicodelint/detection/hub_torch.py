"""Where an encoder's files are: a directory, or a model of the Hugging Face hub at a pinned revision.

Nothing is fetched unless the caller allows it, and then the named files only. transformers is not asked to load anything from the hub: after
reading a ``.bin`` it would start a thread that downloads a converted copy of the model and that the interpreter waits for at exit.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aicodelint.errors import BundleError, EngineError

DEFAULT_HUB_ENCODER = "Salesforce/codet5p-220m"
DEFAULT_HUB_REVISION = "2b92f36e2782341a50551759fdba0dd15e821f99"
WEIGHT_FILES = (
    "encoder.safetensors",
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
"""What may hold the weights, the safest first; an index names further files."""
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "special_tokens_map.json", "spiece.model")
_HUB_NAME = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class EncoderPlace:
    """The directory that holds an encoder's files, and how a bundle names it: by hub name and revision, or by path."""

    directory: Path
    hub: str | None = None
    revision: str | None = None

    def manifest_entry(self) -> dict[str, str]:
        """Return what ``bundle.json`` says of the encoder: ``{"hub", "revision"}`` or ``{"path"}``."""
        if self.hub is not None and self.revision is not None:
            return {"hub": self.hub, "revision": self.revision}
        return {"path": str(self.directory)}


def place_of_manifest(entry: dict[str, Any], bundle: Path) -> EncoderPlace:
    """Return where the encoder named in a bundle's manifest is on this machine; never downloads. Raise ``BundleError`` where it is not."""
    if isinstance(entry.get("hub"), str):
        return locate_encoder(entry["hub"], str(entry.get("revision") or "") or None)
    if isinstance(entry.get("path"), str):
        return locate_encoder(str(bundle / entry["path"]))
    raise BundleError(f"{bundle}: the manifest's encoder names neither a hub model nor a path")


def locate_encoder(name: str, revision: str | None = None, download: bool = False) -> EncoderPlace:
    """Return where the encoder ``name`` is: a directory, or a hub name, optionally ``NAME@REVISION``.

    A hub model is looked for in the local cache alone unless ``download``. Raise ``BundleError`` if it is neither here nor to be had.
    """
    directory = Path(name).expanduser()
    if directory.is_dir():
        return EncoderPlace(directory.resolve())
    hub, _, pinned = name.partition("@")
    if not _HUB_NAME.fullmatch(hub):
        raise BundleError(f"there is no directory {name}, and it is no name of a hub model either (OWNER/NAME)")
    revision = revision or pinned or (DEFAULT_HUB_REVISION if hub == DEFAULT_HUB_ENCODER else None)
    config = _hub_file(hub, "config.json", revision, download)
    if config is None:
        raise BundleError(f"{hub} has no config.json: it is no transformers model")
    commit = config.parent.name if _COMMIT.fullmatch(config.parent.name) else revision
    _fetch_weights(hub, commit, download)
    for file in TOKENIZER_FILES:
        _hub_file(hub, file, commit, download)
    return EncoderPlace(config.parent, hub, commit)


def index_parts(path: Path) -> list[str]:
    """Return the names of the weight files that the index at ``path`` names, sorted; raise ``BundleError`` for one that cannot be read or trusted."""
    try:
        parts = sorted(set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BundleError(f"{path} is no readable index of weight files") from None
    if any(not isinstance(part, str) or Path(part).name != part or part in {"", ".", ".."} for part in parts):
        raise BundleError(f"{path} names files outside its directory")
    return parts


def _fetch_weights(hub: str, revision: str | None, download: bool) -> None:
    for name in WEIGHT_FILES[1:]:
        file = _hub_file(hub, name, revision, download)
        if file is None:
            continue
        if name.endswith(".index.json"):
            for part in index_parts(file):
                _hub_file(hub, part, revision, download)
        return
    names = ", ".join(WEIGHT_FILES[1:])
    raise BundleError(f"{hub} holds none of {names}" if download else f"the weights of {hub} are not on this machine{_hint(hub, revision)}")


def _hub_file(hub: str, file: str, revision: str | None, download: bool) -> Path | None:
    """Return the local path of a hub file, fetched if ``download``; None where the model has no such file."""
    try:
        import huggingface_hub
    except ImportError:
        raise EngineError(f"{hub} is a hub model, and huggingface_hub is not installed: pip install 'aicodelint[gpu]'") from None
    if download:
        return _downloaded(hub, file, revision)
    # hf_hub_download(local_files_only=True) would still open a connection, to tell the hub's statistics who asks.
    found = huggingface_hub.try_to_load_from_cache(hub, file, revision=revision)
    if isinstance(found, str):
        return Path(found)
    if file == "config.json":
        raise BundleError(f"the encoder {hub} is not on this machine{_hint(hub, revision)}")
    return None


def _downloaded(hub: str, file: str, revision: str | None) -> Path | None:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        return Path(hf_hub_download(hub, file, revision=revision))
    except LocalEntryNotFoundError:
        raise BundleError(
            f"cannot reach the Hugging Face hub (no network, or HF_HUB_OFFLINE is set), and {file} of {hub} is not on this machine"
        ) from None
    except EntryNotFoundError:
        return None
    except RepositoryNotFoundError:
        raise BundleError(f"the Hugging Face hub has no model {hub}, or it is private") from None
    except RevisionNotFoundError:
        raise BundleError(f"{hub} has no revision {revision}") from None
    except (OSError, RuntimeError, ValueError) as error:
        raise BundleError(f"cannot get {file} of {hub}: {type(error).__name__}: {error}") from None


def _hint(hub: str, revision: str | None) -> str:
    pin = f" --revision {revision}" if revision else ""
    return f"; fetch it once with: hf download {hub}{pin} (aicodelint train does it with --download)"
