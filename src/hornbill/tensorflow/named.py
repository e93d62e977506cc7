"""Functions of the library under TensorFlow's names for their parameters."""

import functools
import inspect

from .tensor import Shape, Tensor, lift, unwrap


def named(function, parameters: str = ""):
    """`function` as a tf function: tensors in and out, and TensorFlow's parameter names.

    Args:
        function: a function of arrays.
        parameters: TensorFlow's names, in the order of the function's own; none where they are
            the same. `name`, which only labels TensorFlow's graphs, is taken besides.

    >>> from hornbill import ops
    >>> float(named(ops.sum, "input_tensor axis keepdims")(input_tensor=[1.0, 2.0], name="total"))
    3.0
    """
    own = list(inspect.signature(function).parameters)
    names = dict(zip(parameters.split(), own, strict=False))
    lifted = lift(function)

    @functools.wraps(function)
    def call(*args, name=None, **kwargs):
        return lifted(*args, **{names.get(k, k): v for k, v in kwargs.items()})

    return call


def sizes(shape) -> Shape | int:
    """A shape given as a list, tensor or number, with plain ints in it."""
    if isinstance(shape, Tensor) and shape.ndim:
        shape = shape.numpy().tolist()
    if hasattr(shape, "tolist"):
        shape = shape.tolist()
    if isinstance(shape, (list, tuple)):
        return Shape(_size(n) for n in shape)
    return _size(shape)


def _size(n):
    n = unwrap(n)
    return int(n) if hasattr(n, "dtype") else n
