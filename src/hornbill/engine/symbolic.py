"""SymbolicTensor and Node: the graph that calls on symbolic tensors leave behind."""

from typing import Any, NamedTuple

import jax

from . import dtypes
from .naming import unique_name
from .variable import BINARY


class Node:
    """One call in the graph: `operation(*args, **kwargs)` gave `outputs`.

    `args` and `kwargs` are as the user wrote them, with SymbolicTensors at the places of
    tensors. `inputs` and `results` are the tensors in them and in `outputs`, as flat lists.
    """

    __slots__ = ("__weakref__", "args", "inputs", "kwargs", "operation", "outputs", "results")

    def __init__(self, operation, args=(), kwargs=None):
        self.operation, self.args, self.kwargs = operation, args, kwargs or {}
        self.inputs = symbolic_leaves((self.args, self.kwargs))
        self.outputs, self.results = None, []

    def finish(self, outputs) -> None:
        self.outputs = outputs
        self.results = symbolic_leaves(outputs)
        for index, tensor in enumerate(self.results):
            tensor.history = History(self, index)

    @property
    def is_input(self) -> bool:
        return not self.inputs

    def __repr__(self):
        return f"<Node {self.operation.name}>"


class History(NamedTuple):
    """Where a tensor came from: the `index`-th result of `node`."""

    node: Node
    index: int


class SymbolicTensor:
    """A placeholder with a shape and a dtype, from which functional models are made.

    Args:
        shape: the shape, None for a dimension that is not known yet.
        dtype: the dtype's name.
        name: a name for messages; made up when None.

    >>> import hornbill as hb
    >>> x = hb.Input((3,))
    >>> (x * 2 + 1)[:, 0]
    <SymbolicTensor shape=(None,), dtype=float32, name=get_item...>
    """

    def __init__(
        self,
        shape,
        dtype="float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
    ):
        if sparse or ragged:
            raise ValueError(
                "Hornbill has dense tensors only. "
                f"Received: sparse={sparse}, ragged={ragged}. Use a dense tensor with a mask."
            )
        self.shape = tuple(shape)
        self.dtype = dtypes.standardize_dtype(dtype)
        self.name = unique_name("keras_tensor") if name is None else name
        self.record_history = record_history
        self.history: History | None = None

    ndim = property(lambda self: len(self.shape))
    sparse = ragged = property(lambda self: False)

    @property
    def T(self):
        return _ops().transpose(self)

    def reshape(self, newshape):
        """`ops.reshape(self, newshape)`."""
        return _ops().reshape(self, newshape)

    def squeeze(self, axis=None):
        """`ops.squeeze(self, axis)`."""
        return _ops().squeeze(self, axis)

    def astype(self, dtype):
        """`ops.cast(self, dtype)`."""
        return _ops().cast(self, dtype)

    def __getitem__(self, key):
        return _ops().get_item(self, key)

    def __len__(self):
        if not self.shape or self.shape[0] is None:
            raise TypeError(f"{self!r} has no known length. Use ops.shape(x)[0] inside a layer.")
        return self.shape[0]

    def __iter__(self):
        raise TypeError(
            f"{self!r} is a placeholder and cannot be iterated. Write ops.unstack(x, axis=0), or "
            "put the loop into a layer's call()."
        )

    def __bool__(self):
        raise TypeError(
            f"{self!r} is a placeholder without a value, so Python cannot decide an `if` or "
            "`while` on it. Put the condition into a layer's call(), or use ops.where / ops.cond."
        )

    def _no_value(self, *args, **kwargs):
        raise ValueError(
            f"{self!r} is a placeholder without a value: it cannot be turned into an array or a "
            "number. In a functional model use hornbill.ops, which take placeholders "
            "(for instance ops.sin(x) for np.sin(x)), or wrap the code in a layer."
        )

    __array__ = __jax_array__ = __float__ = __int__ = __index__ = _no_value

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        """NumPy's functions on placeholders are the ops of the same names."""
        function = getattr(_ops(), ufunc.__name__, None)
        if function is None or method != "__call__" or kwargs:
            self._no_value()
        return function(*inputs)

    def __hash__(self):
        return id(self)

    def __repr__(self):
        return f"<SymbolicTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def _ops():
    # The one look upward: operators on tensors are the ops of the same names.
    from .. import ops

    return ops


OPERATOR_OPS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}


def _binary(name):
    op_name = OPERATOR_OPS[name.removeprefix("r") if name not in OPERATOR_OPS else name]
    swapped = name not in OPERATOR_OPS

    def method(self, other):
        function = getattr(_ops(), op_name)
        return function(other, self) if swapped else function(self, other)

    return method


for _name in BINARY:
    setattr(SymbolicTensor, f"__{_name}__", _binary(_name))
SymbolicTensor.__neg__ = lambda self: _ops().negative(self)
SymbolicTensor.__abs__ = lambda self: _ops().absolute(self)
SymbolicTensor.__invert__ = lambda self: _ops().logical_not(self)
SymbolicTensor.__hash__ = lambda self: id(self)


def is_symbolic(x) -> bool:
    """Whether `x` is a SymbolicTensor."""
    return isinstance(x, SymbolicTensor)


def symbolic_leaves(structure: Any) -> list[SymbolicTensor]:
    """The SymbolicTensors in a nested structure, in order."""
    return [x for x in jax.tree.leaves(structure) if isinstance(x, SymbolicTensor)]


def any_symbolic(args, kwargs) -> bool:
    """Whether a SymbolicTensor stands anywhere among the arguments of a call."""
    for x in args:
        if isinstance(x, SymbolicTensor):
            return True
        if isinstance(x, (list, tuple, dict)) and symbolic_leaves(x):
            return True
    return any(
        isinstance(x, SymbolicTensor)
        or (isinstance(x, (list, tuple, dict)) and bool(symbolic_leaves(x)))
        for x in kwargs.values()
    )


# Keras's name for the same thing.
KerasTensor = SymbolicTensor
