"""`tf.debugging`: checks that raise where something does not hold.

Values are checked where they are there, which is eagerly; of what compiled code computes, only
shapes and dtypes are known, and a check of values is left out there.
"""

import jax
import jax.numpy as jnp
import numpy as np

from . import arrays
from .missing import missing
from .tensor import Tensor, unwrap


class InvalidArgumentError(ValueError):
    """A check failed (`tf.errors.InvalidArgumentError`)."""


def _array(x):
    return arrays.convert_to_tensor(x).value


def _check(holds, text: str, message, *values) -> None:
    holds = jnp.all(holds)
    if not isinstance(holds, jax.core.Tracer) and not bool(holds):
        about = f"{message} " if message else ""
        shown = ", ".join(str(np.asarray(v)) for v in values)
        raise InvalidArgumentError(f"{about}{text}. Received: {shown}")


def _comparison(name: str, compare, text: str):
    def check(x, y, message=None, summarize=None, name=None) -> None:
        a, b = _array(x), _array(y)
        _check(compare(a, b), f"{text} does not hold everywhere", message, a, b)

    check.__name__ = f"assert_{name}"
    check.__doc__ = f"Raises unless `{text}` everywhere. `summarize` is a hint for messages."
    return check


assert_equal = _comparison("equal", jnp.equal, "x == y")
assert_less = _comparison("less", jnp.less, "x < y")
assert_less_equal = _comparison("less_equal", jnp.less_equal, "x <= y")
assert_greater = _comparison("greater", jnp.greater, "x > y")
assert_greater_equal = _comparison("greater_equal", jnp.greater_equal, "x >= y")
assert_none_equal = _comparison("none_equal", jnp.not_equal, "x != y")


def _sign(name: str, compare, text: str):
    def check(x, message=None, summarize=None, name=None) -> None:
        _check(compare(_array(x)), f"{text} does not hold everywhere", message, _array(x))

    check.__name__ = f"assert_{name}"
    check.__doc__ = f"Raises unless `{text}` everywhere. `summarize` is a hint for messages."
    return check


assert_positive = _sign("positive", lambda x: x > 0, "x > 0")
assert_negative = _sign("negative", lambda x: x < 0, "x < 0")
assert_non_negative = _sign("non_negative", lambda x: x >= 0, "x >= 0")
assert_non_positive = _sign("non_positive", lambda x: x <= 0, "x <= 0")


def assert_near(x, y, rtol=None, atol=None, message=None, summarize=None, name=None) -> None:
    """Raises unless `|x - y| <= atol + rtol |y|`, both ten times the dtype's precision if None."""
    a, b = _array(x), _array(y)
    usual = 10 * float(jnp.finfo(a.dtype).eps)
    atol, rtol = (usual if t is None else unwrap(t) for t in (atol, rtol))
    _check(jnp.abs(a - b) <= atol + rtol * jnp.abs(b), "x is not near y", message, a, b)


def Assert(condition, data, summarize=None, name=None) -> None:
    """Raises with the data unless the condition holds."""
    _check(_array(condition), "The condition does not hold", None, *unwrap(list(data)))


def assert_rank(x, rank, message=None, name=None) -> None:
    """Raises unless `x` has that many axes."""
    about = f"x has {int(unwrap(rank))} axes does not hold for shape {_array(x).shape}"
    _check(_array(x).ndim == int(unwrap(rank)), about, message)


def assert_rank_at_least(x, rank, message=None, name=None) -> None:
    """Raises unless `x` has at least that many axes."""
    about = f"x has at least {int(unwrap(rank))} axes does not hold for shape {_array(x).shape}"
    _check(_array(x).ndim >= int(unwrap(rank)), about, message)


def assert_type(tensor, tf_type, message=None, name=None) -> None:
    """Raises unless the tensor has that dtype."""
    found = _array(tensor).dtype.name
    _check(found == str(tf_type), f"dtype {tf_type} was expected, and not {found}", message)


def assert_shapes(shapes, data=None, summarize=None, message=None, name=None) -> None:
    """Raises unless tensors have shapes, given as `{tensor: shape}` or pairs.

    Sizes are ints, None for any, or names that stand for one size everywhere.
    """
    known: dict = {}
    for tensor, shape in shapes.items() if isinstance(shapes, dict) else shapes:
        sizes, wanted = _array(tensor).shape, tuple(shape)
        fits = len(sizes) == len(wanted)
        for size, name_ in zip(sizes, wanted, strict=False):
            expected = known.setdefault(name_, size) if isinstance(name_, str) else name_
            fits = fits and expected in (None, size)
        _check(fits, f"shape {wanted} was expected, and not {sizes}", message)


def assert_all_finite(x, message, name=None) -> Tensor:
    """The tensor; raises where it holds NaN or infinity."""
    _check(jnp.isfinite(_array(x)), "NaN or infinity", message, _array(x))
    return arrays.convert_to_tensor(x)


def check_numerics(tensor, message, name=None) -> Tensor:
    """The tensor; raises where it holds NaN or infinity."""
    return assert_all_finite(tensor, message)


def is_numeric_tensor(tensor) -> bool:
    """Whether it is a tensor of numbers."""
    return isinstance(tensor, Tensor) and tensor.dtype != "bool"


def enable_check_numerics(stack_height_limit: int = 30, path_length_limit: int = 50) -> None:
    """Lets JAX stop at the first NaN (`jax_debug_nans`). Both limits are hints for messages."""
    jax.config.update("jax_debug_nans", True)


def disable_check_numerics() -> None:
    """Takes `enable_check_numerics` back."""
    jax.config.update("jax_debug_nans", False)


__getattr__ = missing("tf.debugging", globals())
