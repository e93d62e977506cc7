"""Event files, which TensorBoard reads. The package `tensorboard` writes them."""

import io
import time

import numpy as np

IMAGES_AT_A_TIME = 3


def require_tensorboard() -> None:
    """Raises where the package is missing, with the way to get it."""
    try:
        import tensorboard.summary.writer.event_file_writer  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "The callback TensorBoard needs the package tensorboard. Install it with "
            f"`pip install hornbill[tensorboard]`. Received: {error}"
        ) from None


class EventFile:
    """Writes numbers, histograms and images over steps into a new file of a folder.

    Args:
        folder: the folder, which is made: TensorBoard calls it a run.
    """

    def __init__(self, folder: str):
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._writer = EventFileWriter(folder)

    def scalar(self, name: str, value: float, step: int) -> None:
        """Adds a point to a curve."""
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        self._add(scalar_pb(name, float(value)), step)

    def histogram(self, name: str, values, step: int) -> None:
        """Adds the distribution of an array's values."""
        from tensorboard.plugins.histogram.summary_v2 import histogram_pb

        self._add(histogram_pb(name, np.asarray(values, "float64")), step)

    def images(self, name: str, images, step: int) -> None:
        """Adds the first three of `(n, height, width, channels)` images with values in [0, 1]."""
        from tensorboard.plugins.image import metadata

        n, height, width, _ = images.shape
        pixels = np.clip(np.asarray(images, "float32") * 255.5, 0, 255).astype("uint8")
        pngs = [_png(image) for image in pixels[: min(n, IMAGES_AT_A_TIME)]]
        content = [str(width).encode(), str(height).encode(), *pngs]
        about = metadata.create_summary_metadata(display_name=None, description="")
        self._add_tensor(name, content, about, step)

    def keras_graph(self, config: str) -> None:
        """Adds a model's architecture, from its JSON."""
        from tensorboard.compat.proto.summary_pb2 import SummaryMetadata

        plugin = SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1")
        self._add_tensor("keras", config, SummaryMetadata(plugin_data=plugin), 0)

    def _add_tensor(self, name, content, about, step):
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.util.tensor_util import make_tensor_proto

        tensor = make_tensor_proto(content)
        self._add(Summary(value=[Summary.Value(tag=name, tensor=tensor, metadata=about)]), step)

    def _add(self, summary, step):
        from tensorboard.compat.proto.event_pb2 import Event

        event = Event(wall_time=time.time(), step=int(step), summary=summary)
        self._writer.add_event(event)

    def flush(self) -> None:
        """Puts all that was written on the disk."""
        self._writer.flush()

    def close(self) -> None:
        """Ends the file."""
        self._writer.close()


def _png(pixels: np.ndarray) -> bytes:
    from PIL import Image  # a dependency of tensorboard's

    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "png")
    return file.getvalue()
