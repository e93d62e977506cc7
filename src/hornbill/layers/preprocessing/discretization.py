"""Discretization: numbers to the bins in which they lie."""

import numpy as np

from ... import ops
from ...engine.config import floatx
from .adapt import AdaptableLayer
from .arrays import ArrayLayer
from .encoding import check_mode, encode


class Discretization(ArrayLayer, AdaptableLayer):
    """The number of the bin in which each value lies.

    Bin `i` holds the values from boundary `i - 1` up to, not including, boundary `i`; the first
    and the last bin are open.

    Args:
        bin_boundaries: the boundaries, rising. Either these or `num_bins` is given.
        num_bins: how many bins of about equal count `adapt` learns.
        epsilon: the error that the learned quantiles may have, as a share of the data. Smaller
            is more exact and keeps more values in memory, `1 / epsilon`.
        output_mode: `"int"` for the bin's number; `"one_hot"` for a vector for each value (an
            axis of length 1 at the end becomes it); `"multi_hot"` and `"count"` for one vector
            for each sample, with ones or with counts.
        sparse: must be False: Hornbill has dense tensors only.

    Input shape: `(batch, ...)`. Output shape: the same for `"int"` (int32), else with an axis of
    `bins` at the end.

    >>> import hornbill as hb
    >>> hb.layers.Discretization([0.0, 1.0])([[-1.5, 0.0, 0.5, 3.0]]).tolist()
    [[0, 1, 1, 2]]
    """

    def __init__(
        self,
        bin_boundaries=None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype=None,
        name: str | None = None,
    ):
        super().__init__(name=name, dtype=dtype)
        modes = ("int", "one_hot", "multi_hot", "count")
        self.output_mode = check_mode("Discretization", output_mode, modes, sparse)
        if (bin_boundaries is None) == (num_bins is None):
            raise ValueError(
                "Discretization takes either bin_boundaries or num_bins, then adapt(data). "
                f"Received: bin_boundaries={bin_boundaries}, num_bins={num_bins}"
            )
        if num_bins is not None and num_bins < 1:
            raise ValueError(
                f"Discretization's num_bins is at least 1. Received: num_bins={num_bins}"
            )
        if not 0 < epsilon < 1:
            raise ValueError(
                f"Discretization's epsilon lies between 0 and 1. Received: epsilon={epsilon}"
            )
        if bin_boundaries is not None:
            bin_boundaries = np.asarray(bin_boundaries).tolist()
            if bin_boundaries != sorted(bin_boundaries):
                raise ValueError(
                    "Discretization's bin_boundaries rise from each to the next. "
                    f"Received: bin_boundaries={bin_boundaries}"
                )
        self.bin_boundaries, self.num_bins = bin_boundaries, num_bins
        self.epsilon, self.sparse = epsilon, sparse
        self.summary = _empty()

    input_dtype = property(lambda self: floatx())
    output_dtype = property(
        lambda self: "int32" if self.output_mode == "int" else self.compute_dtype
    )

    def call(self, inputs):
        if self.bin_boundaries is None:
            raise ValueError(
                f"Discretization '{self.path}' has no boundaries yet: call adapt(data) first, or "
                "give bin_boundaries."
            )
        bins = ops.digitize(inputs, np.asarray(self.bin_boundaries, "float32"))
        return encode(bins, self.output_mode, len(self.bin_boundaries) + 1, self.output_dtype)

    @property
    def fixed(self) -> bool:
        return self.num_bins is None

    def reset_state(self) -> None:
        if self.fixed:
            raise ValueError(
                "Discretization has fixed boundaries, there is nothing to adapt. Give num_bins "
                f"instead to learn them. Received: bin_boundaries={self.bin_boundaries}"
            )
        self.summary = _empty()

    def update_state(self, data) -> None:
        self.summary = merge(self.summary, summarize(np.asarray(data), self.epsilon), self.epsilon)

    def finalize_state(self) -> None:
        if self.summary.size:
            self.bin_boundaries = compress(self.summary, 1 / self.num_bins)[0, :-1].tolist()

    def save_own_variables(self, store) -> None:
        if self.summary.size:
            store["0"] = self.summary

    def load_own_variables(self, store) -> None:
        if len(store):
            self.summary = np.asarray(store["0"], "float32")
            self.finalize_state()

    def get_config(self) -> dict:
        learned = {"bin_boundaries": self.bin_boundaries, "num_bins": self.num_bins}
        return {**super().get_config(), **learned}

    @classmethod
    def from_config(cls, config: dict) -> "Discretization":
        if config.get("num_bins") is None or config.get("bin_boundaries") is None:
            return super().from_config(config)
        layer = super().from_config({**config, "bin_boundaries": None})
        layer.bin_boundaries = list(config["bin_boundaries"])
        return layer


# A summary of a distribution is two rows: values, rising, and how many samples each stands for.


def _empty() -> np.ndarray:
    return np.zeros((2, 0), "float32")


def summarize(values: np.ndarray, epsilon: float) -> np.ndarray:
    """The summary of some values: every `epsilon`-th part of the sorted values."""
    values = np.sort(values.astype("float32"), axis=None)
    step = max(values.size * epsilon, 1)
    values = values[int(step - 1) :: int(step)]
    return np.stack([values, np.full_like(values, step)])


def merge(a: np.ndarray, b: np.ndarray, epsilon: float) -> np.ndarray:
    """The summary of two parts of the data."""
    both = np.concatenate([b, a], axis=1)
    return compress(both[:, np.argsort(both[0])], epsilon)


def compress(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """A summary of about `1 / epsilon` values, by interpolation between the shares of the data."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    counts = summary[1].cumsum()
    known = counts / counts[-1]
    values = np.interp(shares, known, summary[0])
    counts = np.diff(np.interp(shares, known, counts), prepend=0)
    return np.stack([values, counts]).astype("float32")
