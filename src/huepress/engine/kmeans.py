"""``KMeans``: the core's clustering as an estimator with scikit-learn's conventions."""

from __future__ import annotations

import os
import warnings
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.engine.estimator import Estimator

Floats = npt.NDArray[np.floating[Any]]
# Integer weights are exact up to this total; others are rounded to this part of the total.
_WEIGHT_TOTAL = 2**32 - 2
# In units of the data's range; squares of larger numbers would not fit float32.
_FARTHEST = 1e15


class KMeans(Estimator):
    """Exact weighted k-means on a few features (colors have 3 or 4).

    The conventions are scikit-learn's, without depending on it: parameters are stored as
    given, results end with an underscore, `fit` returns the estimator.

    Parameters
    ----------
    n_clusters : int, default=8
    init : {"wu", "k-means++", "random"} or array-like, (n_clusters, n_features)
        "wu" is variance-based splitting (Wu 1992), deterministic.
    n_init : int or "auto", default=1
        Number of starts, the best of which is kept. Starts after the first use k-means++,
        with "random" random points. "auto": 10 with "random", else 1.
    max_iter : int, default=300
    tol : float, default=1e-4
        An iteration that lowers the inertia by no more than this part of it is the last.
        0 iterates until no label changes.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the starts that draw random numbers, or a generator of NumPy's that draws one.
    n_swaps : int, default=0
        Swap moves tried after each start: each moves centers from where they are spared
        to where they are missed, and is kept if the inertia falls.
    n_jobs : int, default=1
        Threads; the result does not depend on their number. -1 means one per processor.

    Attributes
    ----------
    cluster_centers_ : ndarray, (n_clusters, n_features)
    labels_ : ndarray of int32, (n_samples,)
        Nearest center of each sample, the lowest index on ties.
    inertia_ : float
        Sum of the weighted squared distances to the nearest centers.
    n_iter_ : int
        Iterations of the last run over all samples.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where `X` has column names.

    Notes
    -----
    Distances are computed in float32 after moving the data's middle to the origin and its
    range to 1. Results are the same for any number of threads.

    Examples
    --------
    >>> import huepress, numpy as np
    >>> X = np.array([[10, 10, 10], [12, 10, 10], [100, 100, 100], [102, 100, 100]])
    >>> huepress.KMeans(n_clusters=2).fit(X).cluster_centers_.round(3)
    array([[ 11.,  10.,  10.],
           [101., 100., 100.]])
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "wu",
        n_init: int | Literal["auto"] = 1,
        max_iter: int = 300,
        tol: float = 1e-4,
        random_state: Any = 0,
        n_swaps: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.n_swaps = n_swaps
        self.n_jobs = n_jobs

    # --- scikit-learn's protocol -------------------------------------------------------------

    def __sklearn_tags__(self) -> Any:
        """Describe the estimator to scikit-learn, which alone calls this."""
        return self._tags("clusterer")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "cluster_centers_")

    # --- fitting -----------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KMeans:
        """Find the centers.

        Parameters
        ----------
        X : array-like, (n_samples, n_features)
        y : ignored
        sample_weight : array-like, (n_samples,), optional
            Weights of at least 0; all 1 by default.

        Returns
        -------
        KMeans
            The estimator itself.

        Raises
        ------
        ValueError
            If the data or a parameter makes no sense.
        """
        data = self._validated(X, fitting=True)
        self._check_parameters(len(data))
        weights = _integer_weights(sample_weight, len(data))
        low, high = (f(data[weights > 0], axis=0).astype(np.float64) for f in (np.min, np.max))
        self._origin = low / 2 + high / 2
        with np.errstate(over="ignore"):
            self._scale = float((high - low).max()) or 1.0
        if not np.isfinite(self._scale) or self._scale < np.finfo(np.float64).tiny:
            raise ValueError("X spans too wide or too narrow a range; scale it to about 1 first")
        points = self._to_points(data)
        present = weights > 0  # samples of no weight must not even stretch a range
        centers, guess, _, n_iter = _core.kmeans(
            points[present],
            weights[present],
            k=self.n_clusters,
            init=self.init if isinstance(self.init, str) else "wu",
            centers=None if isinstance(self.init, str) else self._to_points(self._given_centers(data.shape[1])),
            n_init=self._starts(),
            n_swaps=self.n_swaps,
            max_iter=self.max_iter,
            tol=float(self.tol),
            seed=self._seed(),
            n_threads=self._threads(),
        )
        self._center_points = centers
        self.cluster_centers_ = (centers.astype(np.float64) * self._scale + self._origin).astype(data.dtype)
        labels = np.zeros(len(data), dtype=np.int32)
        labels[present] = guess
        labels = _core.nearest(points, centers, labels, self._threads())
        self.labels_: npt.NDArray[np.int32] = labels
        differences = data - self.cluster_centers_[labels]
        given = np.ones(len(data)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        with np.errstate(over="ignore"):
            self.inertia_ = _weighted_sum(np.square(differences, dtype=np.float64).sum(axis=1), given)
        self.n_iter_ = max(1, int(n_iter))
        n_distinct = len(np.unique(labels))
        if n_distinct < self.n_clusters:
            warnings.warn(
                f"only {n_distinct} of {self.n_clusters} clusters have points: the data has too few distinct points",
                stacklevel=2,
            )
        return self

    def predict(self, X: Any) -> npt.NDArray[np.int32]:
        """Return the nearest center of each sample, the lowest index on ties."""
        data = self._validated(X, fitting=False)
        labels: npt.NDArray[np.int32] = _core.nearest(self._to_points(data), self._center_points, None, self._threads())
        return labels

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> npt.NDArray[np.int32]:
        """Fit and return the labels."""
        return self.fit(X, sample_weight=sample_weight).labels_

    def transform(self, X: Any) -> Floats:
        """Return the distance of each sample to each center, (n_samples, n_clusters)."""
        data = self._validated(X, fitting=False)
        distances = np.empty((len(data), len(self.cluster_centers_)), dtype=data.dtype)
        for k, center in enumerate(self.cluster_centers_):
            distances[:, k] = np.sqrt(np.square(data - center).sum(axis=1))
        return distances

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> Floats:
        """Fit and return the distances."""
        return self.fit(X, sample_weight=sample_weight).transform(X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return minus the weighted sum of squared distances to the nearest centers."""
        data = self._validated(X, fitting=False)
        squared = np.square(data - self.cluster_centers_[self.predict(X)], dtype=np.float64).sum(axis=1)
        return -_weighted_sum(squared, 1.0 if sample_weight is None else np.asarray(sample_weight))

    # --- inner parts -----------------------------------------------------------------------------

    def _to_points(self, data: Floats) -> npt.NDArray[np.float32]:
        scaled = (data.astype(np.float64) - self._origin) / self._scale
        return np.ascontiguousarray(np.clip(scaled, -_FARTHEST, _FARTHEST), dtype=np.float32)

    def _validated(self, X: Any, *, fitting: bool) -> Floats:
        if not fitting and not hasattr(self, "cluster_centers_"):
            raise _not_fitted_error()
        names = _column_names(X)
        data = _as_floats(X)
        if fitting:
            self.n_features_in_ = data.shape[1]
            if names is not None:
                self.feature_names_in_ = names
            elif hasattr(self, "feature_names_in_"):
                del self.feature_names_in_
        else:
            self._check_names(names)
            if data.shape[1] != self.n_features_in_:
                raise ValueError(
                    f"X has {data.shape[1]} features, but KMeans is expecting {self.n_features_in_} features as input"
                )
        return data

    def _check_names(self, names: npt.NDArray[Any] | None) -> None:
        fitted = getattr(self, "feature_names_in_", None)
        if fitted is None and names is not None:
            warnings.warn("X has feature names, but KMeans was fitted without feature names", stacklevel=4)
        elif fitted is not None and names is None:
            warnings.warn("X does not have valid feature names, but KMeans was fitted with feature names", stacklevel=4)
        elif fitted is not None and names is not None and list(fitted) != list(names):
            unseen = [str(n) for n in names if n not in fitted]
            missing = [str(n) for n in fitted if n not in names]
            lines = ["The feature names should match those that were passed during fit."]
            if unseen:
                lines += ["Feature names unseen at fit time:", *(f"- {n}" for n in sorted(unseen))]
            if missing:
                lines += ["Feature names seen at fit time, yet now missing:", *(f"- {n}" for n in sorted(missing))]
            if not unseen and not missing:
                lines.append("Feature names must be in the same order as they were in fit.")
            raise ValueError("\n".join(lines) + "\n")

    def _check_parameters(self, n_samples: int) -> None:
        for name, least in (("n_clusters", 1), ("n_init", 1), ("max_iter", 1), ("n_swaps", 0)):
            value = self._starts() if name == "n_init" else getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise ValueError(f"{name} must be an integer of at least {least}, not {value!r}")
        if not 0 <= self.tol < 1:
            raise ValueError(f"tol must be at least 0 and below 1, not {self.tol!r}")
        if isinstance(self.init, str) and self.init not in ("wu", "k-means++", "random"):
            raise ValueError(f"init must be 'wu', 'k-means++', 'random' or an array, not {self.init!r}")
        if n_samples < self.n_clusters:
            raise ValueError(f"n_samples={n_samples} should be >= n_clusters={self.n_clusters}")

    def _given_centers(self, n_features: int) -> Floats:
        centers = _as_floats(self.init)
        if centers.shape != (self.n_clusters, n_features):
            raise ValueError(f"init has shape {centers.shape}, expected {(self.n_clusters, n_features)}")
        return centers

    def _starts(self) -> Any:
        """Return the number of starts; scikit-learn's "auto" is 10 of random ones, else 1."""
        if isinstance(self.n_init, str) and self.n_init == "auto":
            return 10 if isinstance(self.init, str) and self.init == "random" else 1
        return self.n_init

    def _seed(self) -> int:
        if self.random_state is None:
            return _fresh_seed()
        if isinstance(self.random_state, np.random.Generator):
            return int(self.random_state.integers(0, 2**31 - 1))
        if hasattr(self.random_state, "randint"):
            return int(self.random_state.randint(0, 2**31 - 1))
        return int(self.random_state) & (2**64 - 1)


def _fresh_seed() -> int:
    """Return a seed from the operating system, for ``random_state=None``."""
    return int.from_bytes(os.urandom(8), "little")


def _not_fitted_error() -> Exception:
    message = "This KMeans instance is not fitted yet. Call 'fit' with appropriate arguments before using it."
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return ValueError(message)
    error: Exception = NotFittedError(message)
    return error


def _column_names(X: Any) -> npt.NDArray[Any] | None:
    columns = getattr(X, "columns", None)
    if columns is None:
        return None
    names = np.asarray(columns, dtype=object)
    return names if len(names) and all(isinstance(n, str) for n in names) else None


def _as_floats(X: Any) -> Floats:
    if hasattr(X, "toarray"):
        raise TypeError("Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert it.")
    data = np.asarray(X)
    if np.iscomplexobj(data):
        raise ValueError("Complex data not supported; give real numbers")
    if data.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {data.ndim}D array instead. Reshape your data to (n_samples, n_features)"
        )
    if data.dtype != np.float32:
        data = data.astype(np.float64)
    if data.shape[0] < 1:
        raise ValueError(f"Found array with 0 sample(s) (shape={data.shape}) while a minimum of 1 is required.")
    if data.shape[1] < 1:
        raise ValueError(f"Found array with 0 feature(s) (shape={data.shape}) while a minimum of 1 is required.")
    if not np.isfinite(data).all():
        raise ValueError("Input X contains NaN or infinity; remove or replace those rows")
    return data


def _weighted_sum(values: Floats, weights: npt.NDArray[Any] | float) -> float:
    """Return the sum, in an order that is the same for every processor: libraries of linear algebra have several."""
    return float((values * weights).sum())


def _integer_weights(sample_weight: Any, n: int) -> npt.NDArray[np.uint32]:
    if sample_weight is None:
        return np.ones(n, dtype=np.uint32)
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (n,):
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(n,)}")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("sample_weight must be finite and at least 0")
    if not weights.any():
        raise ValueError("sample_weight is zero for every sample; give at least one a weight")
    with np.errstate(over="ignore"):
        fits = weights.sum() <= _WEIGHT_TOTAL and not (weights != np.rint(weights)).any()
    if fits:
        return weights.astype(np.uint32)
    relative = weights / weights.max()
    scaled = np.rint(relative * ((_WEIGHT_TOTAL - n) / relative.sum()))
    return np.where(weights > 0, np.maximum(scaled, 1), 0).astype(np.uint32)
