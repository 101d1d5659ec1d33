"""``FamilyClassifier``: which model family wrote a text, by a head on a frozen encoder, with the habits of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from torch import nn

from aicodelint.errors import BundleError
from aicodelint.training.embeddings import TextEncoder, default_cache_directory, embed
from aicodelint.training.estimator_input import checked_code, checked_groups, checked_labels
from aicodelint.training.head_file import SavedHead, read_head, write_head
from aicodelint.training.head_training import head_logits, softmax, train_head
from aicodelint.training.heads import HeadRecipe, HeadShape
from aicodelint.training.labels import is_human
from aicodelint.training.parameter_ranges import LARGEST
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
        random_state: int | np.random.RandomState | None = 0,
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

        Raise ``ValueError`` for code that is missing or empty, labels that do not match it, fewer than two families, and parameters out of range.
        """
        texts = checked_code(code)
        labels = checked_labels(y, len(texts))
        grouped = checked_groups(groups, len(texts))
        shape, recipe = self._shape(), self._recipe()
        kept = np.flatnonzero(~is_human(labels))
        self.classes_, classes = np.unique(labels[kept], return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"at least two families are needed besides human rows; there are {len(self.classes_)}")
        self.encoder_ = self._open()
        self._expected_fingerprint: str | None = None
        windows = self._embed([texts[place] for place in kept])
        trained = train_head(
            windows,
            classes.astype(np.int64),
            len(self.classes_),
            shape=shape,
            recipe=recipe,
            groups=None if grouped is None else [grouped[place] for place in kept],
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
        texts = checked_code(code)
        labels = checked_labels(y, len(texts))
        kept = np.flatnonzero(~is_human(labels))
        if not len(kept):
            raise ValueError("every row is human: there is no family to score")
        weight = None if sample_weight is None else np.asarray(sample_weight)[kept]
        return float(super().score([texts[place] for place in kept], labels[kept], weight))

    def save(self, path: str | Path) -> None:
        """Write the head, its classes, the parameters and the name of the encoder to one safetensors file of well under 1 MB."""
        check_is_fitted(self, "head_")
        parameters = {name: _plain(value) for name, value in self.get_params().items() if name not in {"encoder", "cache_dir"}}
        if not isinstance(parameters["random_state"], int):
            parameters["random_state"] = None  # a generator's state is no part of a head
        encoder = self._opened()
        saved = SavedHead(
            self.head_,
            self._shape(),
            tuple(map(_plain, self.classes_)),
            parameters,
            None if self.encoder is None else encoder.name,
            getattr(encoder, "revision", None),
            _identity(encoder),
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

    def __getstate__(self) -> dict[str, Any]:
        """Leave the opened encoder out: it cannot be pickled, or is hundreds of megabytes. It is opened again, and compared, when it is used."""
        state: dict[str, Any] = dict(super().__getstate__())
        encoder = state.pop("encoder_", None)
        return state if encoder is None else state | {"_expected_fingerprint": _identity(encoder)}

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "head_")

    def _shape(self) -> HeadShape:
        return HeadShape(*map(_plain, (self.hidden_size, self.hidden_layers, self.dropout, self.layer_norm)))

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
            seed=self.random_state if isinstance(self.random_state, Integral) else int(check_random_state(self.random_state).randint(LARGEST)),
        )

    def _open(self) -> TextEncoder:
        if self.encoder is None or isinstance(self.encoder, str | Path):
            return open_text_encoder(self.encoder, self.revision, device=self.device, dtype=self.dtype, download=self.download)
        return self.encoder

    def _opened(self) -> TextEncoder:
        """Return the encoder, opened if it is not yet; raise ``BundleError`` where it is not the one that the head was trained on."""
        if not hasattr(self, "encoder_"):
            self.encoder_ = self._open()
        expected = getattr(self, "_expected_fingerprint", None)
        if expected is not None and expected not in {self.encoder_.fingerprint, _identity(self.encoder_)}:
            raise BundleError(f"this head was trained on another encoder than {self.encoder_.name} as it is here")
        return self.encoder_

    def _embed(self, texts: list[str]) -> Any:
        encoder = self._opened()
        cache = None if self.cache_dir is False else default_cache_directory() if self.cache_dir in {None, True} else Path(str(self.cache_dir))
        with ProgressLine("Embedding", self.verbose > 0) as progress:
            return embed(texts, encoder, cache, progress)


def _plain(value: Any) -> Any:
    """Return a number of numpy's as one of Python's, which JSON can hold; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _identity(encoder: TextEncoder) -> str:
    """Return what an encoder has in common on any device and in any number type: a head trained on a CPU judges on a GPU."""
    return str(getattr(encoder, "identity", encoder.fingerprint))
