"""Where new arrays are made."""

import jax
import jax.numpy as jnp
import numpy as np


def from_host(array) -> jax.Array:
    """A copy of a NumPy array on the device.

    `jnp.asarray` compiles a program for each new shape (10 ms apiece, and a model's weights are
    mostly new shapes); sending the array needs none.
    """
    if isinstance(array, np.ndarray):
        with jax.ensure_compile_time_eval():  # a constant, also for what is being traced
            return jax.device_put(array, may_alias=False)
    return jnp.asarray(array)  # drawn by JAX itself, perhaps in a trace


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
