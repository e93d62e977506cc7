"""Variable: a named cell that holds one `jax.Array`.

Everything that changes during training is a Variable: weights, running statistics, optimizer
slots, metric sums, seed counters.
"""

import jax
import jax.numpy as jnp
import numpy as np

from . import placement
from .context import current_context
from .device import from_host
from .dtypes import FLOAT_DTYPES, is_float, numpy_dtype, standardize_dtype
from .errors import UnknownDimension
from .loading import current_loading
from .naming import auto_name
from .scope import current_scope


class Variable:
    """A named array that can be assigned.

    Args:
        initializer: an array, a number, or a function of `(shape, dtype=...)`.
        shape: the shape, needed when `initializer` is a function.
        dtype: the dtype; `floatx()` for a function, else that of the initial value.
        trainable: whether optimizers update it.
        autocast: whether reads inside a mixed-precision layer cast it.
        name: the last part of its path.
        layout: how the value lies on several devices: a `distribution.TensorLayout`, or a
            `jax.sharding.Sharding`. None leaves it to the distribution that holds.
        regularizer: a function of the value whose result is added to the model's loss.
        constraint: a function applied to the value after each update.

    >>> import hornbill as hb
    >>> v = hb.Variable([1.0, 2.0], name="scale")
    >>> v.assign_add([0.5, 0.5])
    <Variable path=scale, shape=(2,), dtype=float32, value=[1.5 2.5]>
    >>> float((v * 2)[0])
    3.0
    """

    def __init__(
        self,
        initializer,
        shape=None,
        dtype=None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
        layout=None,
        *,
        regularizer=None,
        constraint=None,
        overwrite_with_gradient: bool = False,
    ):
        if name is None:
            name = auto_name(self)
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"A variable's name is a string without '/'. Received: {name!r}")
        self.name = name
        self.path = current_context().inside(name)
        self.trainable = bool(trainable)
        # Freezing a layer clears `trainable`; only what was made trainable thaws with it.
        self.made_trainable = self.trainable
        self.autocast = autocast
        self.aggregation = aggregation
        self.synchronization = synchronization
        self.regularizer = regularizer
        self.constraint = constraint
        self.overwrite_with_gradient = overwrite_with_gradient
        self._layout = layout
        # A weight made while a trace runs is still made of numbers: no tracer may stay in it.
        with jax.ensure_compile_time_eval():
            self._value = self._initial(initializer, shape, dtype)
            if current_loading() is None or not callable(initializer):
                self._place()  # what stands in for weights of a file is placed in the end
        self._dtype = standardize_dtype(self._value.dtype)
        # Whether somebody else may hold the array: a compiled step takes over the memory of
        # the arrays that it is given, so it first copies the ones that were lent.
        self._lent = True

    def _initial(self, initializer, shape, dtype):
        if not callable(initializer):
            if shape is not None:
                raise ValueError(
                    f"Variable '{self.path}': shape goes with an initializer function; an initial "
                    f"value brings its own. Received: shape={shape}"
                )
            dtype = None if dtype is None else standardize_dtype(dtype)
            if isinstance(initializer, Variable):
                initializer = initializer.value
            if not hasattr(initializer, "dtype"):
                initializer = np.asarray(initializer)  # nested lists of numbers
            if dtype is None and initializer.dtype == np.float64:
                dtype = standardize_dtype(None)
            if type(initializer) is np.ndarray:
                return from_host(initializer, None if dtype is None else numpy_dtype(dtype))
            return jnp.array(initializer, dtype=dtype)
        if shape is None:
            raise ValueError(
                f"Variable '{self.path}': an initializer function needs the shape to make. "
                f"Received: initializer={initializer}, shape=None"
            )
        shape = tuple(shape)
        if any(not isinstance(n, (int, np.integer)) or n < 0 for n in shape):
            raise UnknownDimension(
                f"Variable '{self.path}' cannot have the shape {shape}: every dimension of a "
                "weight must be known. Give the input's last dimension, as in Input((20,))."
            )
        dtype = standardize_dtype(dtype)
        if current_loading() is not None:
            return current_loading().stand_in(self, initializer, shape, dtype)
        return jnp.asarray(initializer(shape, dtype=dtype))

    def _place(self) -> None:
        """Puts the first value where the layout or the distribution wants it."""
        self._value = placement.placed(self, self._layout, self._value)

    @property
    def value(self):
        """The array; inside a mixed-precision layer, cast to its compute dtype."""
        value = self._stored()
        self._lent = True
        autocast = current_context().autocast
        if autocast is not None and self.autocast and self._dtype in FLOAT_DTYPES:
            return value.astype(autocast)
        return value

    @value.setter
    def value(self, value):
        self.assign(value)

    def assign(self, value):
        """Sets the value; the shape must stay, the dtype is cast. Returns the variable."""
        if isinstance(value, Variable):
            # A copy: two variables never share one array, by which gradients know them.
            value = jnp.copy(value._stored())
        elif not isinstance(value, jax.Array):
            numbers = isinstance(value, (np.ndarray, np.generic, bool, int, float))
            value = from_host(value, self._value.dtype) if numbers else jnp.asarray(value)
        if value.shape != self._value.shape:
            raise ValueError(
                f"Variable '{self.path}' has shape {self.shape} and cannot be assigned a value "
                f"of shape {value.shape}."
            )
        if value.dtype != self._value.dtype or getattr(value, "weak_type", False):
            value = jax.lax.convert_element_type(value, self._value.dtype)
        scope = current_scope()
        if scope is not None:
            scope.write(self, value)
        elif isinstance(value, jax.core.Tracer):
            raise RuntimeError(
                f"Variable '{self.path}' was assigned inside a function that jax.jit or jax.grad "
                "traces, where the value would be lost. Run the code under "
                "hornbill.StatelessScope, or use stateless_call."
            )
        else:
            self._value, self._lent = placement.moved(value, self._value), True
        return self

    def assign_add(self, value):
        """Adds to the value. Returns the variable."""
        return self.assign(self._stored() + jnp.asarray(value))

    def assign_sub(self, value):
        """Subtracts from the value. Returns the variable."""
        return self.assign(self._stored() - jnp.asarray(value))

    def _stored(self):
        """The value in the dtype in which it is kept."""
        scope = current_scope()
        return self._value if scope is None else scope.read(self)

    @property
    def dtype(self) -> str:
        autocast = current_context().autocast
        if autocast is not None and self.autocast and is_float(self._dtype):
            return autocast
        return self._dtype

    shape = property(lambda self: self._value.shape)
    ndim = property(lambda self: self._value.ndim)

    def numpy(self) -> np.ndarray:
        """A NumPy copy of the value."""
        return np.array(self.value)

    def __jax_array__(self):
        return self.value

    def __array__(self, dtype=None, copy=None):
        return np.array(self.value, dtype=dtype)

    def __getitem__(self, key):
        return self.value[key]

    def __len__(self):
        return len(self._value)

    def __iter__(self):
        return iter(self.value)

    def __float__(self):
        return float(self.value)

    def __int__(self):
        return int(self.value)

    def __bool__(self):
        raise TypeError("A Variable has no truth value: compare it, as in `if variable > 0:`.")

    def __hash__(self):
        return id(self)

    def __repr__(self):
        value = self._stored()
        shown = "" if isinstance(value, jax.core.Tracer) else f", value={np.asarray(value)}"
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self._dtype}{shown}>"


def _operand(x):
    return x.value if isinstance(x, Variable) else x


def _binary(name):
    def method(self, other):
        return getattr(self.value, name)(_operand(other))

    method.__name__ = name
    return method


def _unary(name):
    def method(self):
        return getattr(self.value, name)()

    method.__name__ = name
    return method


BINARY = (
    "add sub mul truediv floordiv mod pow matmul radd rsub rmul rtruediv rfloordiv rmod rpow "
    "rmatmul and or xor rand ror rxor eq ne lt le gt ge"
).split()

for _name in BINARY:
    setattr(Variable, f"__{_name}__", _binary(f"__{_name}__"))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Variable, f"__{_name}__", _unary(f"__{_name}__"))
Variable.__hash__ = lambda self: id(self)


def is_variable(x) -> bool:
    """Whether `x` is a Variable."""
    return isinstance(x, Variable)
