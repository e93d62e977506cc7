"""Input: where a functional model's graph begins."""

import jax.numpy as jnp

from ..engine.dtypes import array_dtype, standardize_dtype
from ..engine.symbolic import Node, SymbolicTensor
from .base import Layer


class InputLayer(Layer):
    """The layer behind `Input`. Use `Input`, which returns the tensor.

    Args:
        shape: the shape of one sample, without the batch axis.
        batch_size: the size of the batch axis; None leaves it open.
        dtype: the dtype's name.
        batch_shape: the whole shape, instead of `shape` and `batch_size`.
        name: the layer's name.
        optional: whether None may be passed for it.
    """

    def __init__(
        self,
        shape=None,
        batch_size: int | None = None,
        dtype=None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape=None,
        input_tensor=None,
        optional: bool = False,
        name: str | None = None,
        **kwargs,
    ):
        if "input_shape" in kwargs:
            shape = kwargs.pop("input_shape")
        super().__init__(name=name, **kwargs)
        if sparse or ragged:
            raise ValueError(
                f"Input '{self.name}': Hornbill has dense tensors only. "
                f"Received: sparse={sparse}, ragged={ragged}"
            )
        if input_tensor is not None:
            if not isinstance(input_tensor, SymbolicTensor):
                raise ValueError(
                    f"Input '{self.name}': tensor= takes a symbolic tensor. "
                    f"Received: {input_tensor!r}"
                )
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
        elif (shape is None) == (batch_shape is None):
            raise ValueError(
                "Input takes either shape= (one sample's, as in Input((28, 28, 1))) or "
                f"batch_shape=. Received: shape={shape}, batch_shape={batch_shape}"
            )
        if batch_shape is None:
            if isinstance(shape, int):
                raise ValueError(
                    f"Input's shape is a tuple. Received: shape={shape}. "
                    f"Write Input(shape=({shape},))."
                )
            batch_shape = (batch_size, *shape)
        for n in batch_shape:
            if n is not None and (isinstance(n, bool) or not hasattr(n, "__index__") or n < 0):
                raise ValueError(
                    f"Input '{self.name}': a shape holds non-negative ints and None. "
                    f"Received: {tuple(batch_shape)}"
                )
        self.batch_shape = tuple(None if n is None else int(n) for n in batch_shape)
        self._dtype = standardize_dtype(dtype)
        self.optional = bool(optional)
        self.sparse = self.ragged = False
        self.sizes_given = True  # by the user; those seen in a Sequential's first data are no rule
        self.built = True
        node = Node(self)
        node.finish(SymbolicTensor(self.batch_shape, self._dtype, name=self.name))
        self._nodes.append(node)

    dtype = property(lambda self: self._dtype)

    def call(self):
        return self.output

    def prepare(self, x, path: str):
        """An array made to fit: cast to the dtype, a lone last axis of 1 added or taken away."""
        if x is None:
            if self.optional:
                return None
            raise ValueError(f"Model '{path}': input '{self.name}' got None.")
        if not hasattr(x, "shape"):
            x = jnp.asarray(x)
        wanted, got = self.batch_shape, tuple(x.shape)
        if len(got) == len(wanted) + 1 and got[-1] == 1:
            x = x[..., 0]
        elif len(got) == len(wanted) - 1 and wanted[-1] == 1:
            x = x[..., None]
        fits = len(x.shape) == len(wanted) and all(
            w is None or not isinstance(n, int) or n == w or not self.sizes_given
            for w, n in zip(wanted, x.shape, strict=True)
        )
        if not fits:
            got = tuple(n if isinstance(n, int) else None for n in got)
            raise ValueError(
                f"Model '{path}': input '{self.name}' expects shape {wanted}, got {got}. "
                "Reshape the data, or make the Input of the data's shape."
            )
        # Strings, for layers that run on the host, are no dtype of JAX's.
        if self._dtype in ("string", x.dtype):
            return x
        dtype = array_dtype(self._dtype)
        return x if x.dtype == dtype else x.astype(dtype)

    def get_config(self) -> dict:
        config = {
            "batch_shape": self.batch_shape,
            "dtype": self._dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
        }
        return {**config, "optional": True} if self.optional else config


def Input(
    shape=None,
    batch_size: int | None = None,
    dtype=None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape=None,
    name: str | None = None,
    tensor=None,
    optional: bool = False,
) -> SymbolicTensor:
    """A symbolic tensor from which a functional model is made.

    Args:
        shape: the shape of one sample; None stands for an open dimension.
        batch_size: the size of the batch axis, open when None.
        dtype: the dtype; `floatx()` when None.
        batch_shape: the whole shape, instead of `shape` and `batch_size`.
        name: the input's name, by which a dict of data is matched.
        tensor: a symbolic tensor whose shape and dtype to take.
        optional: whether None may be passed for it.

    >>> import hornbill as hb
    >>> x = hb.Input((20,))
    >>> model = hb.Model(x, hb.layers.Dense(3)(x))
    >>> model.output.shape
    (None, 3)
    """
    return InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
    ).output
