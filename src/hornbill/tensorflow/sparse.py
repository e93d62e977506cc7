"""`tf.sparse`: tensors are dense, also those that are sparse in TensorFlow (`VarLenFeature`)."""

from .missing import missing


def to_dense(sp_input, default_value=None, validate_indices: bool = True, name=None):
    """The tensor, which is dense; what is missing in it is 0 or `""` already.

    >>> to_dense([1, 2])
    [1, 2]
    """
    if default_value not in (None, 0, "", b""):
        raise ValueError(
            "tf.sparse.to_dense: tensors are dense, with 0 or an empty string where there was "
            "nothing. Give the value to FixedLenSequenceFeature(default_value=...). "
            f"Received: default_value={default_value!r}"
        )
    return sp_input


_INSTEAD = "Tensors are dense: take tf's function of that kind, such as tf.matmul, tf.reduce_sum."
_NAMES = "SparseTensor add from_dense map_values mask matmul reduce_sum reorder reshape slice"
__getattr__ = missing(
    "tf.sparse",
    globals(),
    dict.fromkeys([*_NAMES.split(), "sparse_dense_matmul", "concat", "expand_dims"], _INSTEAD),
)
