"""Lambda: a function as a layer."""

import inspect

import jax

from ..engine import serialize
from .base import Layer
from .calling import as_shapes, is_shape


class Lambda(Layer):
    """A function of tensors as a layer without weights.

    Args:
        function: takes the inputs first; `mask` and `training` too, if it names them.
        output_shape: the output's shape without the batch, or a function from the input's shape
            to the output's. It answers `compute_output_shape`; calls find the shape themselves.
        mask: the output's mask, or a function of `(inputs, mask)` that makes it; None for none.
        arguments: `{name: value}`, more arguments for the function.

    Input and output shape: the function's.

    A model with a lambda expression can be trained, but not saved: files hold data, never code.
    A named function can, once it is registered with
    `@hornbill.saving.register_keras_serializable()`.

    >>> import hornbill as hb
    >>> layer = hb.layers.Lambda(lambda x, times: x * times, arguments={"times": 3})
    >>> layer(hb.ops.array([1.0, 2.0])).tolist()
    [3.0, 6.0]
    """

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(
                "Lambda takes a function, as Lambda(lambda x: x**2). "
                f"Received: function={function!r} of type {type(function).__name__}"
            )
        if arguments is not None and not isinstance(arguments, dict):
            raise TypeError(
                "Lambda's arguments are a dict {name: value} for the function. "
                f"Received: arguments={arguments!r}"
            )
        self.function, self.arguments = function, dict(arguments or {})
        self.mask, self._output_shape = mask, output_shape
        self.supports_masking = mask is not None
        takes = inspect.signature(function).parameters
        self._takes = [name for name in ("mask", "training") if name in takes]

    def call(self, inputs, mask=None, training=None):
        given = {"mask": mask, "training": training}
        return self.function(
            inputs, **self.arguments, **{name: given[name] for name in self._takes}
        )

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape):
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        batch = jax.tree.leaves(input_shape, is_leaf=is_shape)[0][0]
        return jax.tree.map(lambda s: (batch, *s), self._output_shape, is_leaf=is_shape)

    @classmethod
    def from_config(cls, config: dict, custom_objects=None, safe_mode=None) -> "Lambda":
        """The layer that `get_config` described. A lambda's bytecode is never run.

        A function in `custom_objects` under the layer's name takes the place of a lambda.
        """
        if serialize.is_code(config.get("function")):
            mine = serialize.in_place_of_code(
                config, "function", str(config.get("name")), custom_objects
            )
            config = {**config, "function": mine}
        if isinstance(config.get("function"), str):  # how one of Hornbill's own is written
            named = {"class_name": "function", "config": config["function"]}
            config = {**config, "function": named}
        made = serialize.deserialize_arguments(config, custom_objects)
        if not callable(made.get("output_shape")):
            made["output_shape"] = as_shapes(made.get("output_shape"))
        return cls(**made)
