"""`tf.config`: the devices that JAX sees, and switches.

JAX decides by itself how much of a GPU's memory it takes and how many threads run, when it starts:
`set_memory_growth`, the numbers of threads, `set_jit` and `set_soft_device_placement` are hints
that are taken and change nothing. Results are the same in each run without
`enable_op_determinism`.
"""

import dataclasses
import types

import jax

from .missing import missing

_KINDS = {"cpu": "CPU", "gpu": "GPU", "cuda": "GPU", "rocm": "GPU", "tpu": "TPU"}
_hidden: set[str] = set()
_eager = False


@dataclasses.dataclass(frozen=True)
class PhysicalDevice:
    """A device, as `PhysicalDevice("/physical_device:GPU:0", "GPU")`."""

    name: str
    device_type: str


def _devices() -> dict[PhysicalDevice, jax.Device]:
    found = {}
    for device in dict.fromkeys((*jax.devices("cpu"), *jax.devices())):
        kind = _KINDS.get(device.platform, device.platform.upper())
        number = sum(d.device_type == kind for d in found)
        found[PhysicalDevice(f"/physical_device:{kind}:{number}", kind)] = device
    return found


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices, or those that are a `"CPU"`, `"GPU"` or `"TPU"`."""
    return [d for d in _devices() if device_type in (None, d.device_type)]


def get_visible_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices that `set_visible_devices` left."""
    return [d for d in list_physical_devices(device_type) if d.name not in _hidden]


list_logical_devices = get_visible_devices


def set_visible_devices(devices, device_type: str | None = None) -> None:
    """Lets new arrays be made on one of the devices only, or (an empty list) on none of a kind.

    Raises:
        ValueError: for several devices that are not all: JAX uses one, unless a distribution
            spreads arrays over all of them.
    """
    chosen = devices if isinstance(devices, (list, tuple)) else [devices]
    known = list_physical_devices(device_type)
    if not set(chosen) <= set(known) or (1 < len(chosen) < len(known)):
        raise ValueError(
            f"set_visible_devices takes none, one or all of {known}. Received: {devices}"
        )
    _hidden.difference_update(d.name for d in known)
    _hidden.update(d.name for d in known if d not in chosen)
    left = [device for d, device in _devices().items() if d.name not in _hidden]
    if not left:
        raise ValueError("set_visible_devices would leave no device at all.")
    faster = [d for d in left if d.platform != "cpu"] or left
    jax.config.update("jax_default_device", faster[0] if _hidden else None)


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Whether `tf.function` runs its functions as they are, for a debugger."""
    global _eager
    _eager = bool(run_eagerly)


def functions_run_eagerly() -> bool:
    """Whether `tf.function` runs its functions as they are."""
    return _eager


def set_soft_device_placement(enabled: bool) -> None:
    """A hint."""


def _no_effect(*args, **kwargs) -> None:
    """A hint, which changes nothing here."""


def _tf32(enabled: bool) -> None:
    """Whether products of float32 on a GPU may take the shorter TensorFloat-32."""
    jax.config.update("jax_default_matmul_precision", "tensorfloat32" if enabled else "highest")


experimental = types.SimpleNamespace(
    enable_op_determinism=_no_effect,
    enable_tensor_float_32_execution=_tf32,
    get_visible_devices=get_visible_devices,
    list_logical_devices=get_visible_devices,
    list_physical_devices=list_physical_devices,
    set_memory_growth=_no_effect,
    set_visible_devices=set_visible_devices,
)
optimizer = types.SimpleNamespace(set_jit=_no_effect)
threading = types.SimpleNamespace(
    set_inter_op_parallelism_threads=_no_effect, set_intra_op_parallelism_threads=_no_effect
)

__getattr__ = missing("tf.config", globals())
