"""Pipeline: layers one after the other, as one layer."""

from ..base import Layer


class Pipeline(Layer):
    """Layers that run one after the other; a layer, not a model.

    For chains of preprocessing or augmentation, in a model or in `dataset.map`. They run as in
    training unless `training=False` says otherwise.

    Args:
        layers: the layers, in order.
        name: the layer's name.

    Input shape: the first layer's. Output shape: the last layer's.

    >>> import hornbill as hb
    >>> halve = hb.layers.Pipeline([hb.layers.Rescaling(0.25), hb.layers.Rescaling(2)])
    >>> halve(hb.ops.array([1.0, 2.0])).tolist()
    [0.5, 1.0]
    """

    def __init__(self, layers, name: str | None = None):
        super().__init__(name=name)
        if not isinstance(layers, (list, tuple)) or not all(isinstance(x, Layer) for x in layers):
            raise TypeError(f"Pipeline takes a list of layers. Received: layers={layers!r}")
        self._pipeline_layers = list(layers)
        self.supports_masking = all(layer.supports_masking for layer in layers)

    @property
    def layers(self) -> list[Layer]:
        """The layers in order."""
        return self._pipeline_layers

    def call(self, inputs, training=True, mask=None):
        for layer in self._pipeline_layers:
            inputs = layer(inputs)  # training and the tensors' masks reach the layer by themselves
        return inputs
