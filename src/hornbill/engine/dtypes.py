"""Dtype names and dtype policies."""

import functools

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

from . import config

ALIASES = {"half": "float16", "float": "float32", "double": "float64", "int": "int32"}
PYTHON_TYPES = {bool: "bool", int: "int32", str: "string"}
FLOAT_DTYPES = frozenset({"bfloat16", "float16", "float32", "float64"})
INT_DTYPES = frozenset({f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)})
ALLOWED = (
    FLOAT_DTYPES
    | INT_DTYPES
    | {"bool", "string", "complex64", "complex128", "int4", "uint4"}
    | {"float8_e4m3fn", "float8_e5m2"}
)


@functools.lru_cache(maxsize=256)
def _name(dtype) -> str:
    if dtype is float:
        return config.floatx()
    if dtype in PYTHON_TYPES:
        return PYTHON_TYPES[dtype]
    if isinstance(dtype, str):
        name = ALIASES.get(dtype, dtype)
    else:
        name = getattr(dtype, "name", None) or np.dtype(dtype).name
    if name.startswith(("str", "object")):
        name = "string"
    if name not in ALLOWED:
        raise ValueError(f"Unknown dtype. Received: dtype={dtype!r}. Known: {sorted(ALLOWED)}")
    return name


def standardize_dtype(dtype) -> str:
    """The dtype's name: `None` gives `floatx()`, `np.float64` gives `"float64"`.

    Raises:
        ValueError: if it is no dtype that tensors can have.
    """
    if dtype is None or dtype is float:
        return config.floatx()
    try:
        return _name(dtype)
    except TypeError:
        raise ValueError(f"Unknown dtype. Received: dtype={dtype!r}") from None


def dtype_of(x) -> str:
    """The name of the dtype of a tensor, an array or a Python number."""
    dtype = getattr(x, "dtype", None)
    return standardize_dtype(dtype if dtype is not None else jnp.result_type(x))


def is_float(dtype) -> bool:
    """Whether `dtype` (a name or a dtype) is a real floating type."""
    name = dtype if isinstance(dtype, str) else standardize_dtype(dtype)
    return name in FLOAT_DTYPES or name.startswith("float8")


def is_int(dtype) -> bool:
    """Whether `dtype` (a name or a dtype) is an integer type; bool is not."""
    name = dtype if isinstance(dtype, str) else standardize_dtype(dtype)
    return name in INT_DTYPES or name in ("int4", "uint4")


def numpy_dtype(name: str) -> np.dtype:
    """The NumPy dtype of that name, those of `ml_dtypes` included."""
    return np.dtype(getattr(ml_dtypes, name, name))


def array_dtype(dtype) -> np.dtype:
    """The dtype that an array has of this one: of int64, which JAX narrows unless told, int32."""
    return jax.dtypes.canonicalize_dtype(numpy_dtype(str(dtype)))


def struct(shape, dtype) -> jax.ShapeDtypeStruct:
    """What stands for an array while a program is traced."""
    return jax.ShapeDtypeStruct(shape, array_dtype(dtype))


def result_type(*dtypes) -> str:
    """The dtype that an op on these dtypes gives; Python's `int` and `float` are weak.

    >>> from hornbill.engine.dtypes import result_type
    >>> result_type("int32", "float16"), result_type("bfloat16", float)
    ('float16', 'bfloat16')
    """
    if not dtypes:
        return config.floatx()
    values = [d if d in (bool, int, float) else numpy_dtype(standardize_dtype(d)) for d in dtypes]
    return standardize_dtype(jnp.result_type(*values))


class DTypePolicy:
    """In which dtype a layer computes, and in which it keeps its weights.

    Args:
        name: a dtype for both, or `"mixed_bfloat16"` / `"mixed_float16"`: computation in
            16 bits, weights in float32. None takes the global policy's name.

    >>> import hornbill as hb
    >>> policy = hb.DTypePolicy("mixed_bfloat16")
    >>> policy.compute_dtype, policy.variable_dtype
    ('bfloat16', 'float32')
    """

    def __init__(self, name: str | None = None):
        name = dtype_policy().name if name is None else name
        if not isinstance(name, str):
            raise TypeError(f"DTypePolicy takes a name, a string. Received: name={name!r}")
        self._name = name
        if name.startswith("mixed_"):
            self._compute_dtype, self._variable_dtype = name.removeprefix("mixed_"), "float32"
            if self._compute_dtype not in ("float16", "bfloat16"):
                raise ValueError(
                    "The mixed policies are 'mixed_float16' and 'mixed_bfloat16'. "
                    f"Received: name={name!r}"
                )
        else:
            self._compute_dtype = self._variable_dtype = standardize_dtype(name)

    name = property(lambda self: self._name)
    compute_dtype = property(lambda self: self._compute_dtype)
    variable_dtype = property(lambda self: self._variable_dtype)
    quantization_mode = property(lambda self: None)

    def convert_input(self, x, autocast: bool, dtype):
        """Casts a float tensor to `dtype` when `autocast` is on; leaves all else as it is."""
        if autocast and is_float(dtype) and hasattr(x, "dtype") and is_float(dtype_of(x)):
            return x if dtype_of(x) == dtype else x.astype(dtype)
        return x

    def get_config(self) -> dict:
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict) -> "DTypePolicy":
        return cls(**config)

    def __eq__(self, other):
        return isinstance(other, DTypePolicy) and self.name == other.name

    def __hash__(self):
        return hash(("DTypePolicy", self.name))

    def __repr__(self):
        return f'<DTypePolicy "{self.name}">'


_global_policy: list[DTypePolicy] = []


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are given no dtype: `floatx()` unless it was set."""
    return _global_policy[0] if _global_policy else DTypePolicy(config.floatx())


def set_dtype_policy(policy) -> None:
    """Sets the policy of layers made from now on that are given no dtype.

    Args:
        policy: a `DTypePolicy`, or its name such as `"mixed_bfloat16"`.
    """
    _global_policy[:] = [get_policy(policy)]


def get_policy(identifier) -> DTypePolicy:
    """A policy from a policy, a name, a dtype or None (the global policy)."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict) and "class_name" in identifier:
        from .serialize import deserialize

        return deserialize(identifier, slot="dtype")
    if isinstance(identifier, dict):
        return DTypePolicy.from_config(identifier)
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    return DTypePolicy(standardize_dtype(identifier))
