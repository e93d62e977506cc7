"""The tensor that scripts see: a thin wrapper of one array, with TensorFlow's methods."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import ops
from ..engine.symbolic import OPERATOR_OPS, SymbolicTensor
from ..engine.variable import Variable as Cell
from .text import Text, bytes_array, is_text, strings


class Shape(tuple):
    """A shape: a tuple of ints with TensorFlow's methods. `tf.shape` gives it too, so that sizes
    taken from it stay plain numbers in compiled code.

    >>> Shape((2, 3)).as_list(), Shape((2, 3))[0]
    ([2, 3], 2)
    """

    rank = ndims = property(len)
    shape = property(lambda self: Shape((len(self),)))
    dtype = property(lambda self: DType("int32"))

    def as_list(self) -> list:
        """The sizes as a list."""
        return list(self)

    def num_elements(self) -> int:
        """The product of the sizes."""
        return int(np.prod(self))

    def is_fully_defined(self) -> bool:
        """Whether every size is known."""
        return None not in self

    def numpy(self) -> np.ndarray:
        """The sizes as an array."""
        return np.array(self, dtype="int32")

    def __getitem__(self, key):
        part = tuple.__getitem__(self, key)
        return Shape(part) if isinstance(key, slice) else part

    def __add__(self, other):
        return Shape(tuple(self) + tuple(other))

    def __radd__(self, other):
        return Shape(tuple(other) + tuple(self))

    def __eq__(self, other):
        return isinstance(other, (tuple, list)) and tuple(self) == tuple(other)

    __hash__ = tuple.__hash__


class DType(str):
    """A dtype: its name, with TensorFlow's attributes.

    >>> DType("float32").is_floating, DType("int8").max
    (True, 127)
    """

    name = property(str)
    as_numpy_dtype = property(lambda self: jnp.dtype(str(self)).type)
    is_floating = property(lambda self: jnp.issubdtype(jnp.dtype(str(self)), jnp.floating))
    is_integer = property(lambda self: jnp.issubdtype(jnp.dtype(str(self)), jnp.integer))
    is_bool = property(lambda self: self == "bool")

    def _limits(self):
        return (jnp.finfo if self.is_floating else jnp.iinfo)(jnp.dtype(str(self)))

    max = property(lambda self: self._limits().max)
    min = property(lambda self: self._limits().min)


@jax.tree_util.register_pytree_node_class
class Tensor:
    """One array, in TensorFlow's clothes.

    It takes part in NumPy's and JAX's protocols and is a pytree node, so that `jax.jit` and the
    library take it. What TensorFlow's tensors do not have is asked of the array.

    Args:
        value: a `jax.Array`, or what `jax.numpy.asarray` takes.

    >>> x = Tensor([[1.0, 2.0]])
    >>> (x + 1).numpy().tolist(), x.shape.as_list()
    ([[2.0, 3.0]], [1, 2])
    """

    __slots__ = ("__weakref__", "value")
    __array_priority__ = 200  # NumPy's arrays leave operators to us

    def __init__(self, value):
        self.value = value if isinstance(value, jax.Array) else jnp.asarray(value)

    @classmethod
    def tree_unflatten(cls, _, children):
        # Not through __init__: JAX also unflattens things that are no arrays.
        self = object.__new__(cls)
        self.value = children[0]
        return self

    def tree_flatten(self):
        return (self.value,), None

    shape = property(lambda self: Shape(self.value.shape))
    dtype = property(lambda self: DType(self.value.dtype.name))
    ndim = property(lambda self: self.value.ndim)

    def numpy(self) -> np.ndarray:
        """The values as a NumPy array; a NumPy number when there is one."""
        if isinstance(self.value, jax.core.Tracer):
            raise TypeError(
                f"numpy() needs values, and {self!r} has none yet: this code is compiled. Write "
                "it with tf functions, or compile the model with run_eagerly=True. "
                f"Received: {self!r}"
            )
        array = np.array(self.value)
        return array[()] if array.ndim == 0 else array

    def get_shape(self) -> Shape:
        """The shape."""
        return self.shape

    def set_shape(self, shape) -> None:
        """Checks the shape, which is always known here."""
        fits = len(shape) == self.ndim and all(
            a is None or a == b for a, b in zip(shape, self.shape, strict=True)
        )
        if not fits:
            raise ValueError(f"{self!r} does not have the shape asked for. Received: {shape}")

    def __jax_array__(self):
        return self.value

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.numpy(), dtype=dtype)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.value, name)

    def __getitem__(self, key):
        return Tensor(self.value[unwrap(key)])

    def __iter__(self):
        return map(Tensor, self.value)

    def __len__(self):
        return len(self.value)

    def __float__(self):
        return float(self.value)

    def __int__(self):
        return int(self.value)

    def __index__(self):
        return self.value.__index__()

    def __bool__(self):
        return bool(self.value)

    def __format__(self, spec):
        return format(self.numpy().item(), spec) if spec and self.ndim == 0 else str(self)

    def __neg__(self):
        return Tensor(-self.value)

    def __abs__(self):
        return Tensor(abs(self.value))

    def __invert__(self):
        return Tensor(~self.value)

    # As in TensorFlow, `==` compares values, so a tensor is found by what it is, not by these.
    def __hash__(self):
        return id(self)

    def __repr__(self):
        about = f"shape={tuple(self.shape)}, dtype={self.dtype}"
        if isinstance(self.value, jax.core.Tracer):
            return f"<tf.Tensor: {about}>"
        return f"<tf.Tensor: {about}, numpy={np.array(self.value)!r}>"

    def __str__(self):
        if isinstance(self.value, jax.core.Tracer):
            return repr(self)
        shown = np.array(self.value)
        return f"tf.Tensor({shown}, shape={tuple(self.shape)}, dtype={self.dtype})"


def _is_tensor(x) -> bool:
    return isinstance(x, Tensor)


def unwrap(structure: Any):
    """The structure with arrays in the place of tensors."""
    return _map(lambda x: x.value if _is_tensor(x) else x, structure)


def wrap(structure: Any, kinds: tuple = (jax.Array, np.ndarray, np.generic)):
    """The structure with tensors in the place of arrays, NumPy's included."""
    return _map(lambda x: _wrap(x) if isinstance(x, kinds) else x, structure)


def _map(function, x):
    # The common cases by hand: quickly, and a dict keeps the order of its keys. A Shape stays one.
    if x is None or isinstance(x, (Tensor, jax.Array, np.ndarray, str, Shape, int, float)):
        return function(x)
    if type(x) in (list, tuple):
        return type(x)([_map(function, v) for v in x])
    if type(x) is dict:
        return {k: _map(function, v) for k, v in x.items()}
    if isinstance(x, zip):  # gradients and variables, say: no tree to JAX
        return [_map(function, v) for v in x]
    return jax.tree.map(function, x, is_leaf=lambda v: v is None or isinstance(v, (Tensor, Shape)))


def _wrap(x):
    return strings(np.asanyarray(x)) if is_text(x) else Tensor(x)


def to_numpy(value) -> np.ndarray:
    """An array-like, tensor or variable as a NumPy array."""
    value = unwrap(value)
    if isinstance(value, bytes):
        return np.array(value, dtype=object)  # another dtype would drop zeros at the end
    if (array := bytes_array(value)) is not None:
        return array
    return np.asarray(value.value if isinstance(value, Cell) else value)


class TensorSpec:
    """A shape, None for open sizes (or for the whole shape), and a dtype.

    >>> TensorSpec((None, 2), "float32").is_compatible_with(Tensor([[1.0, 2.0]]))
    True
    """

    def __init__(self, shape, dtype="float32", name: str | None = None):
        self.shape = None if shape is None else Shape(shape)
        self.dtype, self.name = DType(dtype), name

    def is_compatible_with(self, value) -> bool:
        """Whether a value has this shape and dtype."""
        array = to_numpy(value)
        dtype = "string" if array.dtype.kind in "OUS" else array.dtype.name
        return dtype == self.dtype and self._fits(array.shape)

    def _fits(self, shape) -> bool:
        return self.shape is None or (
            len(shape) == len(self.shape)
            and all(a is None or a == b for a, b in zip(self.shape, shape, strict=True))
        )

    def cast(self, value) -> np.ndarray:
        """The value as an array of the dtype; an error if its shape is another one."""
        array = to_numpy(value)
        if self.dtype != "string":
            array = array.astype(jnp.dtype(str(self.dtype)))
        if not self._fits(array.shape):
            raise ValueError(f"Expected {self!r}. Received: an element of shape {array.shape}")
        return array

    def __eq__(self, other):
        same = isinstance(other, TensorSpec)
        return same and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self):
        return hash((self.shape, self.dtype))

    def __repr__(self):
        shape = None if self.shape is None else tuple(self.shape)
        return f"TensorSpec(shape={shape}, dtype={self.dtype})"


def lift(function):
    """A function of arrays as one of tensors; symbolic tensors pass through."""

    def lifted(*args, **kwargs):
        if any(isinstance(x, Text) for a in args for x in (a if isinstance(a, list) else [a])):
            # Text is no array of JAX's: NumPy's function of that name has it.
            return wrap(getattr(np, function.__name__)(*args, **kwargs))
        return wrap(function(*unwrap(args), **unwrap(kwargs)))

    for name in ("__name__", "__doc__", "__module__"):
        setattr(lifted, name, getattr(function, name, None))
    lifted.__wrapped__ = function
    return lifted


class Variable(Cell):
    """`tf.Variable`: a Variable of the library whose operators give tensors.

    Args:
        initial_value: an array-like, or a function without arguments that gives one.
        trainable: whether optimizers and tapes look at it.
        name, dtype: as usual; `shape` may only confirm the value's.

    >>> v = Variable([1.0, 2.0])
    >>> v.assign_add([1.0, 1.0]).numpy().tolist()
    [2.0, 3.0]
    """

    def __init__(
        self,
        initial_value,
        trainable: bool = True,
        validate_shape: bool = True,
        name: str | None = None,
        dtype=None,
        shape=None,
        constraint=None,
    ):
        value = unwrap(initial_value() if callable(initial_value) else initial_value)
        name = None if name is None else name.partition(":")[0].replace("/", "_")
        super().__init__(value, trainable=trainable, name=name, dtype=dtype, constraint=constraint)
        if validate_shape and shape is not None and tuple(shape) != tuple(self.shape):
            raise ValueError(
                f"tf.Variable's initial value has shape {tuple(self.shape)}. "
                f"Received: shape={shape}"
            )

    shape = property(lambda self: Shape(self._value.shape))

    def read_value(self) -> Tensor:
        """The value as a tensor."""
        return Tensor(self.value)

    def assign(self, value, use_locking=False, name=None, read_value=True):
        """Sets the value. Returns the variable."""
        return super().assign(unwrap(value))

    def assign_add(self, delta, use_locking=False, name=None, read_value=True):
        """Adds to the value. Returns the variable."""
        return super().assign_add(unwrap(delta))

    def assign_sub(self, delta, use_locking=False, name=None, read_value=True):
        """Subtracts from the value. Returns the variable."""
        return super().assign_sub(unwrap(delta))

    def __getitem__(self, key):
        return Tensor(self.value[unwrap(key)])

    def __hash__(self):
        return id(self)


def _operand(x):
    return x.value if isinstance(x, (Tensor, Cell)) else x


def _binary(name):
    swapped = name not in OPERATOR_OPS
    function = getattr(ops, OPERATOR_OPS[name.removeprefix("r") if swapped else name])

    def method(self, other):
        if isinstance(other, (str, type(None))):
            return NotImplemented
        pair = (_operand(other), _operand(self)) if swapped else (_operand(self), _operand(other))
        result = function(*pair)
        return result if isinstance(result, SymbolicTensor) else Tensor(result)

    method.__name__ = f"__{name}__"
    return method


_SWAPPED = "add sub mul truediv floordiv mod pow matmul and or xor".split()
for _name in [*OPERATOR_OPS, *(f"r{n}" for n in _SWAPPED)]:
    for _class in (Tensor, Variable):
        setattr(_class, f"__{_name}__", _binary(_name))
for _name in ("neg", "abs", "invert"):
    setattr(Variable, f"__{_name}__", getattr(Tensor, f"__{_name}__"))
