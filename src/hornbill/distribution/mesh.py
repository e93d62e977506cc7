"""Devices in a grid, and how an array is cut over it."""

import math

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from ..engine import placement


def list_devices(device_type: str | None = None) -> list[str]:
    """The names of the devices, such as `"gpu:0"`.

    Args:
        device_type: `"cpu"`, `"gpu"` or `"tpu"`; JAX's default when None.

    >>> import hornbill as hb
    >>> hb.distribution.list_devices("cpu")[0]
    'cpu:0'
    """
    return [_name(device) for device in _devices(device_type)]


def get_device_count(device_type: str | None = None) -> int:
    """How many devices there are.

    Args:
        device_type: `"cpu"`, `"gpu"` or `"tpu"`; JAX's default when None.

    >>> import hornbill as hb
    >>> hb.distribution.get_device_count("cpu") >= 1
    True
    """
    return len(_devices(device_type))


def _devices(kind: str | None) -> list:
    try:
        return jax.devices(kind and kind.lower())
    except RuntimeError as error:
        known = sorted({device.platform for device in jax.devices()} | {"cpu"})
        raise ValueError(
            f"There are no devices of that kind here; there are {known}. "
            f"Received: device_type={kind!r}"
        ) from error


def _name(device) -> str:
    return f"{device.platform}:{device.id}"


class DeviceMesh:
    """Devices in a grid whose axes have names.

    Args:
        shape: the sizes of the axes.
        axis_names: their names.
        devices: names of devices, or `jax.Device`s, as many as the grid has places; all devices
            when None.

    Raises:
        ValueError: if these do not go together, or there is no such device.

    >>> import hornbill as hb
    >>> mesh = hb.distribution.DeviceMesh((1, 1), ["batch", "model"], devices=["cpu:0"])
    >>> mesh.shape, mesh.axis_names
    ((1, 1), ['batch', 'model'])
    """

    def __init__(self, shape, axis_names, devices=None):
        if not shape or not axis_names or len(shape) != len(axis_names):
            raise ValueError(
                "DeviceMesh takes a size and a name for each axis. "
                f"Received: shape={shape}, axis_names={axis_names}"
            )
        if len(set(axis_names)) < len(axis_names):
            raise ValueError(f"The axes' names differ. Received: axis_names={axis_names}")
        devices = list_devices() if devices is None else list(np.ravel(devices))
        if math.prod(shape) != len(devices):
            raise ValueError(
                f"A mesh of shape {tuple(shape)} has {math.prod(shape)} places, and there are "
                f"{len(devices)} devices for it. Received: shape={shape}, devices={devices}"
            )
        self._shape, self._axis_names = tuple(shape), list(axis_names)
        self._devices = np.array([d if isinstance(d, str) else _name(d) for d in devices])
        self._devices = self._devices.reshape(self._shape)
        found = np.vectorize(_find, otypes=[object])(self._devices)
        self._backend_mesh = Mesh(found, self._axis_names)

    shape = property(lambda self: self._shape, doc="The sizes of the axes.")
    axis_names = property(lambda self: self._axis_names, doc="The names of the axes.")
    devices = property(lambda self: self._devices, doc="The devices' names, in the grid.")
    backend_mesh = property(lambda self: self._backend_mesh, doc="The `jax.sharding.Mesh`.")

    def __repr__(self):
        return f"<DeviceMesh shape={self.shape}, axis_names={self.axis_names}>"


def _find(name: str):
    kind, _, number = str(name).lower().partition(":")
    found = [d for d in _devices(kind) if str(d.id) == (number or "0")]
    if not found:
        raise ValueError(f"There is no device '{name}'. Known: {list_devices(kind)}")
    return found[0]


class TensorLayout:
    """How an array is cut over a mesh.

    Args:
        axes: for each axis of the array the name of the mesh's axis over which it is cut, or None
            where it is whole.
        device_mesh: the mesh; a `LayoutMap` gives its own where there is None.

    >>> import hornbill as hb
    >>> mesh = hb.distribution.DeviceMesh((1,), ["model"], devices=["cpu:0"])
    >>> layout = hb.distribution.TensorLayout([None, "model"], mesh)
    >>> tuple(layout.backend_layout.spec)
    (None, 'model')
    """

    def __init__(self, axes, device_mesh: DeviceMesh | None = None):
        self._axes, self._device_mesh = tuple(axes), device_mesh
        self._check()

    axes = property(lambda self: self._axes, doc="The mesh's axis for each of the array's.")

    @property
    def device_mesh(self) -> DeviceMesh | None:
        """The mesh; it can be given once."""
        return self._device_mesh

    @device_mesh.setter
    def device_mesh(self, mesh: DeviceMesh):
        if self._device_mesh is not None:
            raise ValueError(f"The layout has a mesh already: {self._device_mesh}")
        self._device_mesh = mesh
        self._check()

    def _check(self) -> None:
        if self._device_mesh is None:
            return
        unknown = {a for a in self._axes if a is not None} - set(self._device_mesh.axis_names)
        if unknown:
            raise ValueError(
                f"A layout's axes are those of its mesh, {self._device_mesh.axis_names}, or None. "
                f"Received: axes={self._axes}"
            )

    @property
    def backend_layout(self) -> NamedSharding:
        """The `jax.sharding.NamedSharding`."""
        if self._device_mesh is None:
            raise ValueError(f"The layout {self._axes} has no mesh yet: pass device_mesh.")
        return NamedSharding(self._device_mesh.backend_mesh, PartitionSpec(*self._axes))

    def __repr__(self):
        return f"<TensorLayout axes={self.axes}, device_mesh={self.device_mesh}>"


def distribute_tensor(tensor, layout):
    """The tensor, cut over devices as a layout says; in a compiled function, from there on.

    Args:
        tensor: an array.
        layout: a `TensorLayout`, or a `jax.sharding.Sharding`.

    >>> import hornbill as hb
    >>> mesh = hb.distribution.DeviceMesh((1,), ["batch"], devices=["cpu:0"])
    >>> layout = hb.distribution.TensorLayout(["batch", None], mesh)
    >>> tuple(hb.distribution.distribute_tensor(hb.ops.ones((4, 2)), layout).sharding.spec)
    ('batch', None)
    """
    return placement.laid_out(tensor, placement.sharding_of(layout))
