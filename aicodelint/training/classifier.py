"""``FamilyClassifier``: which model family wrote a text, by a head on a frozen encoder, with the habits of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted
from torch import nn

from aicodelint.errors import BundleError
from aicodelint.training.embeddings import TextEncoder, default_cache_directory, embed
from aicodelint.training.head_file import SavedHead, read_head, write_head
from aicodelint.training.head_training import head_logits, softmax, train_head
from aicodelint.training.heads import HeadRecipe, HeadShape
from aicodelint.training.labels import is_human
from aicodelint.training.progress import ProgressLine
from aicodelint.training.text_encoder import open_text_encoder


class FamilyClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A head on the embeddings of a frozen T5 encoder, from raw code to a family.

    ``encoder`` is a bundle, a directory, a hub name (``Salesforce/codet5p-220m``) at ``revision``, or an opened encoder; None is the bundle that
    ships. Rows labelled human (0 or ``Human``) are left out of ``fit`` and ``score``: which texts are AI is the gate's to say.
    Embeddings are kept in ``cache_dir`` (None: the user's cache; False: nowhere), so that fitting again costs seconds.
    """

    def __init__(
        self,
        encoder: str | Path | TextEncoder | None = None,
        *,
        revision: str | None = None,
        download: bool = False,
        max_epochs: int = 30,
        learning_rate: float = 1e-3,
        batch_size: int = 32,
        early_stopping: bool = True,
        validation_fraction: float = 0.1,
        patience: int = 5,
        class_weight: str = "balanced",
        loss: str = "cross-entropy",
        label_smoothing: float = 0.0,
        weight_decay: float = 0.01,
        warmup: float = 0.1,
        hidden_size: int = 256,
        hidden_layers: int = 1,
        dropout: float = 0.3,
        layer_norm: bool = False,
        device: str = "auto",
        dtype: str = "auto",
        cache_dir: str | Path | bool | None = None,
        random_state: int | None = 0,
        verbose: int = 0,
    ) -> None:
        self.encoder = encoder
        self.revision = revision
        self.download = download
        self.max_epochs = max_epochs
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.class_weight = class_weight
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.weight_decay = weight_decay
        self.warmup = warmup
        self.hidden_size = hidden_size
        self.hidden_layers = hidden_layers
        self.dropout = dropout
        self.layer_norm = layer_norm
        self.device = device
        self.dtype = dtype
        self.cache_dir = cache_dir
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, code: Sequence[str], y: Sequence[Any] | npt.NDArray[Any], groups: Sequence[Any] | None = None) -> FamilyClassifier:
        """Train the head on texts and their labels; with ``groups`` no group stands on both sides of the validation split.

        Raise ``ValueError`` for code that is missing or empty, labels that do not match it, or fewer than two families.
        """
        texts = checked_code(code)
        labels = np.asarray(y)
        if labels.shape != (len(texts),):
            raise ValueError(f"there are {len(texts)} code strings and labels of shape {labels.shape}: one label a string is needed")
        if groups is not None and len(groups) != len(texts):
            raise ValueError(f"there are {len(texts)} code strings and {len(groups)} groups: one group a string is needed")
        kept = np.flatnonzero(~is_human(labels))
        self.classes_, classes = np.unique(labels[kept], return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"at least two families are needed besides human rows; there are {len(self.classes_)}")
        self.encoder_ = self._open()
        windows = self._embed([texts[place] for place in kept])
        trained = train_head(
            windows,
            classes.astype(np.int64),
            len(self.classes_),
            shape=self._shape(),
            recipe=self._recipe(),
            groups=None if groups is None else np.asarray(groups, object)[kept].tolist(),
            validation_fraction=self.validation_fraction if self.early_stopping else 0.0,
            device="cuda" if getattr(self.encoder_, "device", "cpu") == "cuda" else "cpu",
        )
        self.head_: nn.Sequential = trained.head
        self.history_ = trained.history
        self.n_iter_ = len(trained.history)
        self.best_epoch_ = trained.best_epoch
        return self

    def predict(self, code: Sequence[str]) -> npt.NDArray[Any]:
        """Return the likeliest family of each text, shape (n,)."""
        likeliest = self.decision_function(code).argmax(1)
        return np.asarray(self.classes_[likeliest])

    def predict_proba(self, code: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the probability of each family of ``classes_`` for each text, shape (n, classes)."""
        return softmax(self.decision_function(code))

    def decision_function(self, code: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the logits of each text, the mean over its windows, shape (n, classes)."""
        check_is_fitted(self, "head_")
        return head_logits(self.head_, self._embed(checked_code(code)))

    def score(self, code: Sequence[str], y: Sequence[Any] | npt.NDArray[Any], sample_weight: npt.NDArray[Any] | None = None) -> float:
        """Return the accuracy over the rows that are not human; raise ``ValueError`` where all are."""
        texts, labels = checked_code(code), np.asarray(y)
        kept = np.flatnonzero(~is_human(labels))
        if not len(kept):
            raise ValueError("every row is human: there is no family to score")
        weight = None if sample_weight is None else np.asarray(sample_weight)[kept]
        return float(super().score([texts[place] for place in kept], labels[kept], weight))

    def save(self, path: str | Path) -> None:
        """Write the head, its classes, the parameters and the name of the encoder to one safetensors file of well under 1 MB."""
        check_is_fitted(self, "head_")
        parameters = {name: value for name, value in self.get_params().items() if name not in {"encoder", "cache_dir"}}
        saved = SavedHead(
            self.head_,
            self._shape(),
            tuple(label.item() for label in self.classes_),
            parameters,
            None if self.encoder is None else self.encoder_.name,
            getattr(self.encoder_, "revision", None),
            _identity(self.encoder_),
        )
        write_head(Path(path), saved)

    @classmethod
    def load(cls, path: str | Path, encoder: str | Path | TextEncoder | None = None) -> FamilyClassifier:
        """Read what ``save`` wrote, or a ``.pth`` checkpoint of the research system; ``encoder`` stands in for the one that is named there.

        Raise ``BundleError`` for a file that is damaged, of another shape, or holds more than tensors, and at the first prediction where the
        encoder is not the one that the head was trained on.
        """
        saved = read_head(Path(path))
        known = cls().get_params()
        parameters = {name: value for name, value in saved.parameters.items() if name in known}
        loaded = cls(**{**parameters, "encoder": encoder or saved.encoder, "revision": None if encoder else saved.revision})
        loaded.head_ = saved.head
        loaded.classes_ = np.array(saved.classes)
        loaded._expected_fingerprint = saved.fingerprint
        return loaded

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "head_")

    def _shape(self) -> HeadShape:
        return HeadShape(self.hidden_size, self.hidden_layers, self.dropout, self.layer_norm)

    def _recipe(self) -> HeadRecipe:
        return HeadRecipe(
            max_epochs=self.max_epochs,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            weight_decay=self.weight_decay,
            warmup=self.warmup,
            loss=self.loss,
            label_smoothing=self.label_smoothing,
            class_weight=self.class_weight,
            patience=self.patience if self.early_stopping else 0,
            seed=int(np.random.SeedSequence().generate_state(1)[0]) if self.random_state is None else self.random_state,
        )

    def _open(self) -> TextEncoder:
        if self.encoder is None or isinstance(self.encoder, str | Path):
            return open_text_encoder(self.encoder, self.revision, device=self.device, dtype=self.dtype, download=self.download)
        return self.encoder

    def _embed(self, texts: list[str]) -> Any:
        if not hasattr(self, "encoder_"):
            self.encoder_ = self._open()
        expected = getattr(self, "_expected_fingerprint", None)
        if expected is not None and expected not in {self.encoder_.fingerprint, _identity(self.encoder_)}:
            raise BundleError(f"this head was trained on another encoder than {self.encoder_.name} as it is here")
        cache = None if self.cache_dir is False else default_cache_directory() if self.cache_dir in {None, True} else Path(str(self.cache_dir))
        with ProgressLine("Embedding", self.verbose > 0) as progress:
            return embed(texts, self.encoder_, cache, progress)


def _identity(encoder: TextEncoder) -> str:
    """Return what an encoder has in common on any device and in any number type: a head trained on a CPU judges on a GPU."""
    return str(getattr(encoder, "identity", encoder.fingerprint))


def checked_code(code: Any) -> list[str]:
    """Return ``code`` as a list of texts; raise ``ValueError`` that says so where it is missing, no list of texts, or holds an empty one."""
    if code is None:
        raise ValueError("code strings are missing: the encoder reads the source text itself, not features of it")
    if isinstance(code, str):
        raise ValueError("code must be a list of strings, not one string")
    texts = list(code)
    if not texts:
        raise ValueError("code is empty: at least one string is needed")
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"code[{place}] is {type(text).__name__}, not a string: the encoder reads the source text itself, not features of it")
        if not text.strip():
            raise ValueError(f"code[{place}] is empty")
    return texts
