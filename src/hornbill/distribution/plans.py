"""Which device works on what: data parallelism and model parallelism."""

import collections.abc
import re

import jax
from jax.sharding import NamedSharding

from ..engine import placement
from .mesh import DeviceMesh, TensorLayout, list_devices


class LayoutMap(collections.abc.MutableMapping):
    """Layouts by the paths of variables, or of layers' outputs.

    A key is a path, or a regular expression for whole ones; a value is a `TensorLayout`, or its
    axes alone. The output of a layer has the path of the layer and `/output` behind it.

    Args:
        device_mesh: the mesh of all its layouts.

    >>> import hornbill as hb
    >>> mesh = hb.distribution.DeviceMesh((1, 1), ["batch", "model"], devices=["cpu:0"])
    >>> layouts = hb.distribution.LayoutMap(mesh)
    >>> layouts[".*dense.*kernel"] = (None, "model")
    >>> layouts["sequential/dense_1/kernel"].axes
    (None, 'model')
    """

    def __init__(self, device_mesh: DeviceMesh):
        self._device_mesh, self._layouts = device_mesh, {}

    device_mesh = property(lambda self: self._device_mesh, doc="The mesh of all its layouts.")

    def __getitem__(self, key: str) -> TensorLayout | None:
        """The layout for a path; None where no key fits.

        Raises:
            ValueError: if several regular expressions fit.
        """
        if key in self._layouts:
            return self._layouts[key]
        fitting = [k for k in self._layouts if re.fullmatch(k, key)]
        if len(fitting) > 1:
            raise ValueError(
                f"Several keys of the layout map fit '{key}': {fitting}. Make them exclude each "
                "other."
            )
        return self._layouts[fitting[0]] if fitting else None

    def __setitem__(self, key: str, layout) -> None:
        if key in self._layouts:
            raise ValueError(f"The layout map has '{key}' already: {self._layouts[key]}")
        if isinstance(layout, tuple | list):
            layout = TensorLayout(layout)
        if not isinstance(layout, TensorLayout):
            raise ValueError(
                f"A layout is a TensorLayout, or a tuple of its axes. Received: {layout!r}"
            )
        if layout.device_mesh is None:
            layout.device_mesh = self._device_mesh
        self._layouts[key] = layout

    def __delitem__(self, key: str) -> None:
        del self._layouts[key]

    def __len__(self) -> int:
        return len(self._layouts)

    def __iter__(self):
        return iter(self._layouts)


class Distribution:
    """What both kinds share: a mesh, over one axis of which batches are cut."""

    def __init__(self, device_mesh: DeviceMesh, batch_dim_name: str, auto_shard_dataset: bool):
        if batch_dim_name not in device_mesh.axis_names:
            raise ValueError(
                f"Batches are cut over one of the mesh's axes, {device_mesh.axis_names}. "
                f"Received: batch_dim_name={batch_dim_name!r}"
            )
        self.device_mesh, self.batch_dim_name = device_mesh, batch_dim_name
        self.auto_shard_dataset = auto_shard_dataset  # over processes, of which there is one
        self.mesh = device_mesh.backend_mesh

    @property
    def num_model_replicas(self) -> int:
        """In how many parts a batch is cut."""
        return self.mesh.shape[self.batch_dim_name]

    def get_data_layout(self, data_shape) -> TensorLayout:
        """The layout of a batch of that shape: cut along its first axis."""
        rest = (None,) * (len(data_shape) - 1)
        axes = (self.batch_dim_name, *rest) if len(data_shape) else ()
        return TensorLayout(axes, self.device_mesh)

    def get_variable_layout(self, variable) -> TensorLayout:
        """The layout of a variable."""
        return self.get_tensor_layout(variable.path) or self._whole(variable.ndim)

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        """The layout of what has that path; None where there is none in particular."""
        return None

    def _whole(self, ndim: int) -> TensorLayout:
        return TensorLayout((None,) * ndim, self.device_mesh)

    def scope(self):
        """A context in which the distribution holds.

        Models that are made inside keep to it: they can be trained outside as well.
        """
        return placement.holding(self)

    # What the engine asks for.

    def variable_sharding(self, variable) -> NamedSharding:
        """That of a variable's layout, which must fit its shape."""
        layout = self.get_variable_layout(variable)
        sizes = [self.mesh.shape[a] if a else 1 for a in layout.axes]
        shape = variable.shape
        if len(sizes) != len(shape) or any(n % k for n, k in zip(shape, sizes, strict=True)):
            raise ValueError(
                f"Variable '{variable.path}' of shape {shape} cannot be cut by the layout "
                f"{layout.axes} over a mesh of {dict(self.mesh.shape)}: each axis needs an entry, "
                "and a size that the mesh's divides."
            )
        return layout.backend_layout

    def data_sharding(self, shape) -> NamedSharding:
        """That of a batch; where its rows cannot be divided, all devices have all of them."""
        divides = shape and shape[0] % self.num_model_replicas == 0
        return self.get_data_layout(shape if divides else ()).backend_layout

    def output_sharding(self, path: str) -> NamedSharding | None:
        """That of a layer's output."""
        layout = self.get_tensor_layout(f"{path}/output")
        return None if layout is None else layout.backend_layout


class DataParallel(Distribution):
    """Each device has all weights, and works on a part of each batch.

    The step stays one program: sums over the batch, as in a loss, a gradient or batch
    normalization, are those of the whole batch, so that results are those of one device.

    Args:
        device_mesh: a mesh, over whose first axis batches are cut.
        devices: names of devices, instead of a mesh; all devices when both are None.
        auto_shard_dataset: as in Keras; it matters to several processes only.

    >>> import hornbill as hb
    >>> with hb.distribution.DataParallel(devices=["cpu:0"]).scope():
    ...     model = hb.Sequential([hb.Input((4,)), hb.layers.Dense(2)])
    ...     model.compile(loss="mse")
    ...     _ = model.fit(hb.ops.ones((8, 4)), hb.ops.ones((8, 2)), verbose=0)
    """

    def __init__(self, device_mesh=None, devices=None, auto_shard_dataset: bool = True):
        if device_mesh is None:
            devices = list_devices() if devices is None else list(devices)
            device_mesh = DeviceMesh((len(devices),), ["batch"], devices)
        elif devices is not None:
            raise ValueError("DataParallel takes a device_mesh or devices, not both")
        if not isinstance(device_mesh, DeviceMesh):
            raise TypeError(f"device_mesh is a DeviceMesh. Received: {device_mesh!r}")
        super().__init__(device_mesh, device_mesh.axis_names[0], auto_shard_dataset)


class ModelParallel(Distribution):
    """Weights are cut over devices too, as a `LayoutMap` says.

    Args:
        layout_map: the layouts of variables and of layers' outputs; variables that it does not
            name are whole on each device.
        batch_dim_name: the mesh's axis over which batches are cut; the first when None.
        auto_shard_dataset: as in Keras; it matters to several processes only.

    >>> import hornbill as hb
    >>> mesh = hb.distribution.DeviceMesh((1, 1), ["batch", "model"], devices=["cpu:0"])
    >>> layouts = hb.distribution.LayoutMap(mesh)
    >>> layouts[".*/dense/kernel"] = (None, "model")
    >>> with hb.distribution.ModelParallel(layout_map=layouts).scope():
    ...     model = hb.Sequential([hb.Input((4,)), hb.layers.Dense(2, name="dense")])
    >>> tuple(model.layers[0].kernel.value.sharding.spec)
    (None, 'model')
    """

    def __init__(self, *, layout_map=None, batch_dim_name=None, auto_shard_dataset=True):
        if not isinstance(layout_map, LayoutMap):
            raise ValueError(
                f"ModelParallel takes a LayoutMap. Received: layout_map={layout_map!r}"
            )
        mesh = layout_map.device_mesh
        super().__init__(mesh, batch_dim_name or mesh.axis_names[0], auto_shard_dataset)
        self.layout_map = layout_map

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        """The layout map's."""
        return self.layout_map[path]


def set_distribution(value: Distribution | None) -> None:
    """Makes a distribution hold for models that are made from here on; None for one device.

    Args:
        value: a `DataParallel` or a `ModelParallel`.
    """
    if value is not None and not isinstance(value, Distribution):
        raise TypeError(
            "set_distribution takes a DataParallel, a ModelParallel or None. "
            f"Received: value={value!r}"
        )
    placement.set_plan(value)


def distribution() -> Distribution | None:
    """The distribution that holds, or None.

    >>> import hornbill as hb
    >>> hb.distribution.distribution() is None
    True
    """
    return placement.plan()


def initialize(job_addresses=None, num_processes=None, process_id=None) -> None:
    """Prepares the devices of this process.

    Args:
        job_addresses: those of the other processes; there is one process here.
        num_processes: 1 or None.
        process_id: 0 or None.

    Raises:
        ValueError: for several processes, among which Hornbill does not divide data.
    """
    addresses = (job_addresses or "").split(",")
    if num_processes not in (None, 1) or process_id not in (None, 0) or len(addresses) > 1:
        raise ValueError(
            "Hornbill trains on the devices of one process, and cannot divide data among several. "
            f"Received: job_addresses={job_addresses!r}, num_processes={num_processes}, "
            f"process_id={process_id}"
        )
    jax.devices()
