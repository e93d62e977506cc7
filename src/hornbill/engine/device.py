"""Where new arrays are made."""

import jax
import numpy as np


def from_host(array, dtype: np.dtype | None = None) -> jax.Array:
    """A copy of an array of numbers on the device, in the dtype given or its own.

    As everywhere in JAX, 64 bits become 32. `jnp.asarray` compiles a program for each new shape
    (10 ms apiece, and a model's weights are mostly new shapes); sending the array needs none.
    What JAX made itself, perhaps in a trace, is there already.
    """
    if isinstance(array, jax.Array):
        return array if dtype is None else array.astype(dtype)
    array = np.asarray(array)
    # A copy is sent: the device may lie in the very memory, with `may_alias=False` as well.
    array = array.astype(array.dtype if dtype is None else dtype, order="C")
    with jax.ensure_compile_time_eval():  # a constant, also for what is being traced
        return jax.device_put(array)


def device(device_name):
    """A context in which arrays are made and computed on one device.

    Args:
        device_name: such as `"cpu"`, `"gpu:1"` or `"tpu:0"`, or a `jax.Device`.

    Raises:
        ValueError: if there is no such device here.

    >>> import hornbill as hb
    >>> with hb.device("cpu:0"):
    ...     x = hb.ops.ones((2,))
    >>> x.device.platform
    'cpu'
    """
    return jax.default_device(_find(device_name))


def _find(name):
    if isinstance(name, jax.Device):
        return name
    if not isinstance(name, str):
        raise ValueError(
            f"device takes a name such as 'gpu:0', or a jax.Device. Received: device_name={name!r}"
        )
    platform, _, number = name.lower().removeprefix("/device:").partition(":")
    try:
        return jax.devices(platform)[int(number or 0)]
    except (RuntimeError, ValueError, IndexError):
        known = [f"{d.platform}:{d.id}" for d in jax.devices()]
        raise ValueError(
            f"There is no device '{name}' here. Known: {known}. Received: device_name={name!r}"
        ) from None
