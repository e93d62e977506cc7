"""Training on several devices."""

from .mesh import (
    DeviceMesh,
    TensorLayout,
    distribute_tensor,
    get_device_count,
    list_devices,
)
from .plans import (
    DataParallel,
    LayoutMap,
    ModelParallel,
    distribution,
    initialize,
    set_distribution,
)
