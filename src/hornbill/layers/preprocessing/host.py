"""What layers share that work on the host: on strings, and on hashes of 64 bits."""

import jax
import jax.numpy as jnp
import numpy as np

from ...engine import dtypes
from ...engine.symbolic import Node, SymbolicTensor, any_symbolic
from ..base import Layer
from .encoding import encode, encoded_shape


@jax.tree_util.register_pytree_node_class
class Encoded:
    """Strings in compiled code, which knows only what layers on the host made of them before.

    Args:
        tail: the strings' shape without the batch.
        results: what each layer made.
    """

    dtype = "string"

    def __init__(self, tail: tuple, results: dict):
        self.tail, self.results = tuple(tail), results

    def tree_flatten(self):
        return tuple(self.results.values()), (self.tail, tuple(self.results))

    @classmethod
    def tree_unflatten(cls, known, children):
        tail, layers = known
        return cls(tail, dict(zip(layers, children, strict=True)))

    @property
    def shape(self) -> tuple:
        """The strings' shape."""
        return (next(iter(self.results.values())).shape[0], *self.tail)

    ndim = property(lambda self: 1 + len(self.tail))


def is_encoded(x) -> bool:
    return isinstance(x, Encoded)


class HostLayer(Layer):
    """A layer that finds an index for each value with NumPy, and encodes the indices.

    Strings cannot enter compiled code: with them the layer runs eagerly, in a data pipeline
    (`dataset.map(layer)`), or at the front of a model, which runs it on the data before the
    compiled step. Ints may also come to it in a compiled step, which then calls back to the host.

    Subclasses give `output_mode`, `depth` and either `indices(values)` or their own `call`.
    """

    output_mode = "int"

    def __call__(self, inputs, **kwargs):
        for x in jax.tree.leaves(inputs, is_leaf=is_encoded):
            if is_encoded(x) and self in x.results:
                return x.results[self]
        if not any_symbolic((inputs,), {}):
            return super().__call__(self.on_host(inputs), **kwargs)
        # Shapes are known without running: there are no placeholders that are strings.
        node = Node(self, (inputs,))
        node.finish(self.compute_output_spec(inputs))
        self._nodes.append(node)
        self.built = True
        return node.outputs

    def build(self, input_shape=None):
        """There are no weights to make."""

    def on_host(self, inputs):
        """The inputs as arrays; lists become arrays, tensors stay where they are."""
        return inputs if hasattr(inputs, "shape") else np.asarray(inputs)

    def _cast(self, structure):
        return structure  # ints keep their 64 bits, strings are strings

    @property
    def depth(self) -> int:
        """The length of the vectors that the other modes than `"int"` give."""
        raise NotImplementedError

    def indices(self, values: np.ndarray) -> np.ndarray:
        """An int for each value."""
        raise NotImplementedError

    @property
    def output_dtype(self) -> str:
        if self.output_mode == "int":
            mine = self.compute_dtype if dtypes.is_int(self.compute_dtype) else "int64"
            return jax.dtypes.canonicalize_dtype(mine).name
        return self.compute_dtype

    def call(self, inputs):
        return self.encoded(on_host(self.indices, inputs, shape=inputs.shape))

    def encoded(self, indices):
        """Indices in the layer's output mode."""
        depth = None if self.output_mode == "int" else self.depth
        return encode(indices, self.output_mode, depth, self.output_dtype)

    def compute_output_shape(self, input_shape):
        depth = None if self.output_mode == "int" else self.depth
        return encoded_shape(input_shape, self.output_mode, depth)

    def compute_output_spec(self, inputs):
        return self.output_spec(self.compute_output_shape(inputs.shape))

    def output_spec(self, shape) -> SymbolicTensor:
        """A symbolic output of that shape."""
        return SymbolicTensor(shape, self.output_dtype, name=self.name)


def on_host(function, *arrays, shape, dtype="int32"):
    """`function(*arrays)` with NumPy: at once, or by a callback where the arrays are traced."""
    if not any(isinstance(x, jax.core.Tracer) for x in arrays):
        return to_device(function(*map(np.asarray, arrays)))
    result = jax.ShapeDtypeStruct(shape, dtype)

    def callback(*values):
        return function(*map(np.asarray, values)).astype(dtype)

    return jax.pure_callback(callback, result, *arrays, vmap_method="sequential")


def to_device(ints: np.ndarray):
    """Ints as an array of JAX's; an error where they need more bits than it has."""
    moved = jnp.asarray(ints)
    if moved.dtype != ints.dtype and ints.size and np.abs(ints).max() > np.iinfo(moved.dtype).max:
        raise ValueError(
            "These ints need 64 bits, and JAX has 32 unless jax.config.update('jax_enable_x64', "
            f"True) is called first. Received: ints from {ints.min()} to {ints.max()}"
        )
    return moved


def as_strings(who: str, values, encoding: str = "utf-8") -> np.ndarray:
    """An array of `str` from strings or encoded bytes.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(values, (jax.Array, SymbolicTensor)):
        raise TypeError(
            f"{who} takes strings, which live on the host: call it on NumPy arrays of strings, "
            "outside compiled code (in dataset.map, or before the model). "
            f"Received: a tensor of shape {values.shape}, {values.dtype}"
        )
    values = np.asarray(values)
    if values.dtype.kind == "S":
        return np.char.decode(values, encoding)
    if values.dtype.kind == "O":
        items = [v.decode(encoding) if isinstance(v, bytes) else v for v in values.ravel()]
        if all(isinstance(v, str) for v in items):
            return np.array(items, dtype=object).reshape(values.shape)
    elif values.dtype.kind in "UT":
        return values
    raise TypeError(
        f"{who} takes strings. Received: an array of shape {values.shape}, {values.dtype}. "
        "Turn numbers into strings first, or take the layer for ints."
    )
