"""`tf.TensorArray`: a list of tensors of one shape."""

import jax
import jax.numpy as jnp

from .tensor import DType, Tensor, unwrap


@jax.tree_util.register_pytree_node_class
class TensorArray:
    """A list of tensors that loops write to, compiled ones too.

    In a loop that compiles its size does not change: give it as `size`, with `element_shape`, or
    write all elements once before.

    Args:
        dtype: of the tensors.
        size: how many there are.
        dynamic_size: whether writing behind the end makes it longer; outside of compiled loops.
        element_shape: the shape of one, where it is known.
        clear_after_read, infer_shape, colocate_with_first_write_call: hints of TensorFlow's for
            memory and graphs, which change nothing here.

    >>> import hornbill.tensorflow as tf
    >>> array = tf.TensorArray(tf.float32, size=2)
    >>> array.write(0, 1.0).write(1, 2.0).stack().numpy().tolist()
    [1.0, 2.0]
    """

    def __init__(
        self,
        dtype,
        size=None,
        dynamic_size: bool = False,
        clear_after_read=None,
        tensor_array_name=None,
        handle=None,
        flow=None,
        infer_shape: bool = True,
        element_shape=None,
        colocate_with_first_write_call: bool = True,
        name=None,
    ):
        if handle is not None or flow is not None:
            raise ValueError("TensorArray takes no handle and no flow: make a new one.")
        self.dtype = DType(dtype)
        self.dynamic_size = bool(dynamic_size)
        self._size = 0 if size is None else int(unwrap(size))
        self._values = None  # (size, *element_shape)
        if element_shape is not None and None not in tuple(element_shape):
            self._values = jnp.zeros((self._size, *element_shape), str(self.dtype))

    def tree_flatten(self):
        return (self._values,), (self.dtype, self.dynamic_size, self._size)

    @classmethod
    def tree_unflatten(cls, settings, children):
        self = object.__new__(cls)
        self.dtype, self.dynamic_size, self._size = settings
        (self._values,) = children
        return self

    def _with(self, values) -> "TensorArray":
        size = self._size if values is None else values.shape[0]
        return TensorArray.tree_unflatten((self.dtype, self.dynamic_size, size), (values,))

    def write(self, index, value, name=None) -> "TensorArray":
        """The array with another element at a place."""
        index, value = unwrap(index), jnp.asarray(unwrap(value), str(self.dtype))
        values = self._values
        if values is None:
            values = jnp.zeros((self._size, *value.shape), value.dtype)
        if value.shape != values.shape[1:]:
            raise ValueError(
                f"TensorArray holds elements of shape {values.shape[1:]}. "
                f"Received: shape {value.shape}"
            )
        if not isinstance(index, jax.core.Tracer):
            index = self._place(int(index), values.shape[0])
            if index >= values.shape[0]:
                more = index + 1 - values.shape[0]
                values = jnp.pad(values, [(0, more)] + [(0, 0)] * value.ndim)
        return self._with(values.at[index].set(value))

    def _place(self, index: int, size: int) -> int:
        if index < 0 or (index >= size and not self.dynamic_size):
            raise IndexError(
                f"TensorArray has {size} elements: pass dynamic_size=True to write behind its "
                f"end. Received: index={index}"
            )
        return index

    def _written(self):
        if self._values is None:
            raise ValueError("Nothing was written to this TensorArray yet.")
        return self._values

    def read(self, index, name=None) -> Tensor:
        """The element at a place."""
        return Tensor(self._written()[unwrap(index)])

    def stack(self, name=None) -> Tensor:
        """All elements along a new first axis."""
        return Tensor(self._written())

    def concat(self, name=None) -> Tensor:
        """All elements one after the other along their first axis."""
        values = self._written()
        return Tensor(values.reshape((-1, *values.shape[2:])))

    def gather(self, indices, name=None) -> Tensor:
        """The elements at places, stacked."""
        return Tensor(self._written()[jnp.asarray(unwrap(indices))])

    def unstack(self, value, name=None) -> "TensorArray":
        """An array of the rows of a tensor."""
        return self._with(jnp.asarray(unwrap(value), str(self.dtype)))

    def scatter(self, indices, value, name=None) -> "TensorArray":
        """The array with the rows of a tensor at places."""
        array = self
        for place, row in zip(unwrap(indices), unwrap(value), strict=True):
            array = array.write(place, row)
        return array

    def size(self, name=None) -> Tensor:
        """How many elements there are."""
        return Tensor(jnp.int32(self._size))

    def __len__(self):
        return self._size

    def close(self, name=None) -> None:
        """Lets the elements go."""
        self._values = None

    def __repr__(self):
        return f"<TensorArray of {self._size} {self.dtype}>"
