"""Bidirectional: one recurrent layer forwards, one backwards."""

from ... import ops
from ...engine.serialize import custom_object_scope, deserialize, serialize
from ..base import Layer

MERGE = {
    "concat": lambda y, z: ops.concatenate([y, z], axis=-1),
    "sum": lambda y, z: y + z,
    "ave": lambda y, z: (y + z) / 2,
    "mul": lambda y, z: y * z,
}
SHARED = ("stateful", "return_sequences", "return_state")


class Bidirectional(Layer):
    """Runs a recurrent layer from both ends and merges the two outputs.

    Args:
        layer: an `RNN`, or a layer with `go_backwards`, `return_sequences`, `return_state`,
            `stateful` and `get_config`. It is copied, as it is and with `go_backwards` reversed;
            the copies are named `forward_...` and `backward_...`.
        merge_mode: `"concat"` (on the last axis), `"sum"`, `"mul"`, `"ave"`, or None for a tuple of
            the two outputs.
        weights: arrays to start with, those of the forward layer first.
        backward_layer: the layer for the other direction, used as it is.

    Call: `layer(sequences, initial_state=None, mask=None, training=None)`; the first half of
    `initial_state` is the forward layer's. With `return_state` the states follow the output,
    those of the forward layer first. At masked steps the outputs are 0.
    Weights: those of the forward layer, then those of the backward layer.

    >>> import hornbill as hb
    >>> layer = hb.layers.Bidirectional(hb.layers.LSTM(4, return_sequences=True))
    >>> layer(hb.ops.ones((2, 5, 3))).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        layer: Layer,
        merge_mode: str | None = "concat",
        weights=None,
        backward_layer: Layer | None = None,
        **kwargs,
    ):
        for name, given in (("layer", layer), ("backward_layer", backward_layer)):
            missing = [a for a in (*SHARED, "go_backwards") if not hasattr(given, a)]
            if not (name == "backward_layer" and given is None) and (
                not isinstance(given, Layer) or missing
            ):
                raise ValueError(
                    f"Bidirectional's {name} is a recurrent layer such as LSTM(8). "
                    f"Received: {name}={given!r}"
                )
        if merge_mode is not None and merge_mode not in MERGE:
            raise ValueError(
                f"Bidirectional's merge_mode is one of {sorted(MERGE)} or None. "
                f"Received: merge_mode={merge_mode!r}"
            )
        super().__init__(**kwargs)
        self.forward_layer = _copy(layer, "forward_")
        self.backward_layer = backward_layer
        if backward_layer is None:
            self.backward_layer = _copy(layer, "backward_", go_backwards=not layer.go_backwards)
        _check_pair(self.forward_layer, self.backward_layer)
        for one in (self.forward_layer, self.backward_layer):
            # Outputs of masked steps would otherwise be merged with those of the other end.
            if hasattr(one, "zero_output_for_mask"):
                one.zero_output_for_mask = one.return_sequences
        self.merge_mode = merge_mode
        self._initial_weights = weights
        self.stateful, self.return_state = layer.stateful, layer.return_state
        self.return_sequences = layer.return_sequences
        self.supports_masking = True
        self.input_spec = layer.input_spec

    def build(self, sequences_shape, initial_state_shape=None):
        self.forward_layer.build(sequences_shape)
        self.backward_layer.build(sequences_shape)
        if self._initial_weights:
            self.set_weights(self._initial_weights)

    def call(self, sequences, initial_state=None, mask=None, training=None):
        given = [{}, {}]
        if initial_state is not None:
            if len(initial_state) % 2:
                raise ValueError(
                    f"Layer '{self.path}' takes the states of the forward layer, then as many of "
                    f"the backward layer. Received: {len(initial_state)} states"
                )
            half = len(initial_state) // 2
            given = [{"initial_state": s} for s in (initial_state[:half], initial_state[half:])]
        results = []
        for layer, states in zip((self.forward_layer, self.backward_layer), given, strict=True):
            if "mask" in layer._call_spec.names:
                states["mask"] = mask
            results.append(layer(sequences, training=training, **states))
        states = ()
        if self.return_state:
            states = tuple(s for _, *rest in results for s in rest)
            results = [output for output, *_ in results]
        y, z = results
        if self.return_sequences:
            z = ops.flip(z, axis=1)
        output = (y, z) if self.merge_mode is None else MERGE[self.merge_mode](y, z)
        if not self.return_state:
            return output
        return (*output, *states) if self.merge_mode is None else (output, *states)

    def compute_mask(self, _, mask=None):
        """The input's mask for whole sequences; none for last outputs and states."""
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        return [mask if self.return_sequences else None] * (1 if self.merge_mode else 2)

    @property
    def states(self):
        """The states of both layers when stateful, else None."""
        if not self.stateful or self.forward_layer.states is None:
            return None
        return (*self.forward_layer.states, *self.backward_layer.states)

    def reset_state(self) -> None:
        """Sets the states of stateful layers to zero."""
        if not self.stateful:
            raise AttributeError(
                f"Layer '{self.path}' keeps no states to reset: its layer is not stateful."
            )
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def get_config(self) -> dict:
        """Both layers, as they are now named."""
        config = super().get_config()
        config.pop("weights")
        config["layer"] = serialize(self.forward_layer)
        config["backward_layer"] = serialize(self.backward_layer)
        return config

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None):
        """The wrapper that `get_config` described."""
        return cls(**{k: deserialize(v, custom_objects) for k, v in config.items()})


def _copy(layer: Layer, prefix: str, **changes) -> Layer:
    """The layer anew from its config, without its state."""
    config = layer.get_config() | {"name": prefix + layer.name.removeprefix(prefix)} | changes
    classes = {type(part).__name__: type(part) for part in layer._flatten_layers()}
    with custom_object_scope(classes):
        return type(layer).from_config(config)


def _check_pair(forward: Layer, backward: Layer) -> None:
    if forward.go_backwards == backward.go_backwards:
        raise ValueError(
            "Bidirectional's two layers run in opposite directions, so their go_backwards must "
            f"differ. Received: go_backwards={forward.go_backwards} for both"
        )
    for name in SHARED:
        one, other = getattr(forward, name), getattr(backward, name)
        if one != other:
            raise ValueError(
                f"Bidirectional's two layers must have the same {name}. Received: {name}={one} for "
                f"the forward layer, {name}={other} for the backward layer"
            )
