"""Hashing and HashedCrossing: categories of unknown number to a fixed number of bins."""

import numpy as np

from .encoding import check_mode
from .fingerprints import cross64, farmhash64, hash_strings
from .host import HostLayer, as_strings, on_host


def check_salt(who: str, salt):
    """A salt as a key of two ints, None for none."""
    if salt is None:
        return None
    if isinstance(salt, (int, np.integer)) and not isinstance(salt, bool):
        return [int(salt)] * 2
    if isinstance(salt, (list, tuple)) and len(salt) == 2:
        return [int(k) for k in salt]
    raise ValueError(f"{who}'s salt is an int or a pair of ints. Received: salt={salt!r}")


def check_bins(who: str, num_bins) -> int:
    if isinstance(num_bins, bool) or not isinstance(num_bins, (int, np.integer)) or num_bins < 1:
        raise ValueError(f"{who}'s num_bins is a positive int. Received: num_bins={num_bins!r}")
    return int(num_bins)


def _int_by_default(kwargs: dict, output_mode: str) -> dict:
    # The dtype of the layer is that of its output.
    if kwargs.get("dtype") is None and output_mode == "int":
        return {**kwargs, "dtype": "int64"}
    return kwargs


class Hashing(HostLayer):
    """Strings or ints to bins, by a hash that is the same on every machine.

    The hash is FarmHash64's fingerprint of the text (ints as decimals), modulo the bins; with a
    salt it is SipHash-2-4. Both are Keras's, bin for bin.

    Args:
        num_bins: how many bins there are, the mask's included.
        mask_value: a value that goes to bin 0, which is then kept for it.
        salt: an int or a pair of ints, the key of SipHash.
        output_mode: `"int"` for the bin's number; `"one_hot"` for a vector for each value (an
            axis of length 1 at the end becomes it); `"multi_hot"` and `"count"` for one vector
            for each sample, with ones or counts.
        sparse: must be False: Hornbill has dense tensors only.

    Input shape: any. Output shape: the same for `"int"`, else with `num_bins` at the end.
    Strings need eager calls or a data pipeline; ints work in compiled steps, too.

    >>> import hornbill as hb
    >>> hb.layers.Hashing(3)([["A"], ["B"], ["E"]]).tolist()
    [[1], [0], [2]]
    """

    def __init__(
        self,
        num_bins: int,
        mask_value=None,
        salt=None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs,
    ):
        super().__init__(**_int_by_default(kwargs, output_mode))
        modes = ("int", "one_hot", "multi_hot", "count")
        self.output_mode = check_mode("Hashing", output_mode, modes, sparse)
        if self.output_mode == "int" and self.dtype_policy.name not in ("int32", "int64"):
            raise ValueError(
                "Hashing with output_mode='int' has the dtype 'int32' or 'int64'. "
                f"Received: dtype={kwargs['dtype']!r}"
            )
        self.num_bins = check_bins("Hashing", num_bins)
        self.salt = check_salt("Hashing", salt)
        self.mask_value, self.sparse = mask_value, sparse

    depth = property(lambda self: self.num_bins)

    def indices(self, values):
        # Floats, too, are cut to ints: they are hashed as decimals.
        numbers = values.dtype.kind in "iuf"
        values = values if numbers else as_strings("Hashing", values)
        bins, masked = self.num_bins, None
        if self.mask_value is not None and bins > 1:
            bins -= 1
            masked = values == self.mask_value
        texts = values.astype("int64") if values.dtype.kind == "f" else values
        hashed = hash_strings(texts.astype(str) if numbers else texts, bins, self.salt)
        return hashed if masked is None else np.where(masked, 0, hashed + 1)


class HashedCrossing(HostLayer):
    """Several features as one: each combination of values hashed to a bin.

    The hash is that of TensorFlow's `sparse.cross_hashed`, as Keras's is.

    Args:
        num_bins: how many bins there are.
        output_mode: `"int"` for the bin's number, `"one_hot"` for vectors.
        sparse: must be False: Hornbill has dense tensors only.

    Input shape: a list of two or more arrays of strings or ints, all `()`, `(batch,)` or
    `(batch, 1)`. Output shape: the same for `"int"`; `(batch, num_bins)` for `"one_hot"`.

    >>> import hornbill as hb
    >>> hb.layers.HashedCrossing(5)((["A", "B", "A"], [101, 101, 102])).tolist()
    [1, 4, 3]
    """

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype=None,
        **kwargs,
    ):
        kwargs = _int_by_default({**kwargs, "dtype": dtype}, output_mode)
        super().__init__(name=name, **kwargs)
        modes = ("int", "one_hot")
        self.output_mode = check_mode("HashedCrossing", output_mode, modes, sparse)
        self.num_bins, self.sparse = check_bins("HashedCrossing", num_bins), sparse

    depth = property(lambda self: self.num_bins)

    def on_host(self, inputs):
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(
                f"HashedCrossing '{self.name}' takes a list of two or more features. "
                f"Received: {type(inputs).__name__}"
            )
        return [super(HashedCrossing, self).on_host(x) for x in inputs]

    def call(self, inputs):
        self._check([tuple(x.shape) for x in inputs])
        bins = on_host(self._cross, *inputs, shape=inputs[0].shape)
        return self.encoded(bins)

    def _check(self, shapes):
        first = shapes[0]
        if any(s != first for s in shapes) or len(first) > 2 or (len(first) == 2 and first[1] != 1):
            raise ValueError(
                f"HashedCrossing '{self.path}' takes features of one shape, (), (batch,) or "
                f"(batch, 1). Received shapes: {shapes}"
            )

    def _cross(self, *features):
        columns = []
        for values in features:
            if values.dtype.kind in "iu":
                columns.append(values.ravel().tolist())
            elif values.dtype.kind in "OSUT":
                texts = as_strings("HashedCrossing", values).ravel().tolist()
                columns.append([farmhash64(text.encode()) for text in texts])
            else:
                raise ValueError(
                    "HashedCrossing takes strings and ints; floats are no categories: round or "
                    f"discretize them first. Received: {values.dtype}"
                )
        bins = [cross64(row) % self.num_bins for row in zip(*columns, strict=True)]
        return np.array(bins, np.int64).reshape(features[0].shape)

    def compute_output_shape(self, input_shape):
        shapes = [tuple(s) for s in input_shape]
        self._check(shapes)
        return super().compute_output_shape(shapes[0])

    def compute_output_spec(self, inputs):
        shape = self.compute_output_shape([x.shape for x in inputs])
        return self.output_spec(shape)
