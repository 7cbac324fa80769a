"""What estimators with scikit-learn's conventions have in common, without depending on it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from huepress.machine import available_processors

if TYPE_CHECKING:
    from typing import Self


class Estimator:
    """Parameters are those of the initializer, stored as given; `n_jobs` is one of them."""

    n_jobs: int

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return sorted(name for name in inspect.signature(cls.__init__).parameters if name != "self")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters as they were given."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters; an unknown name is a ValueError."""
        known = self._parameter_names()
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"Invalid parameter {name!r} for estimator {type(self).__name__}; valid are {known}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = {name: p.default for name, p in inspect.signature(type(self).__init__).parameters.items()}
        changed = [f"{k}={v!r}" for k, v in self.get_params().items() if repr(v) != repr(defaults[k])]
        return f"{type(self).__name__}({', '.join(changed)})"

    @staticmethod
    def _tags(kind: str) -> Any:
        """Return what scikit-learn, which alone asks for it, has to know of an estimator."""
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=kind,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(),
            classifier_tags=None,
            regressor_tags=None,
            input_tags=InputTags(),
        )

    def _threads(self) -> int:
        return available_processors() if self.n_jobs == -1 else max(1, int(self.n_jobs))
