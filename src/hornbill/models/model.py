"""Model: a layer that can be compiled, trained, evaluated, saved and shown."""

import inspect

import jax

from ..engine import serialize
from ..engine.symbolic import Node, SymbolicTensor, any_symbolic
from ..engine.traceback import user_facing
from ..engine.tracking import unique
from ..layers.base import Layer
from .functional import Graph
from .graph_config import KEYS as GRAPH_KEYS
from .graph_config import connect, graph_config
from .state_tree import get_state_tree, set_state_tree
from .trainer import Trainer


class Model(Trainer, Layer):
    """A trainable model, made in one of two ways (`Sequential` is the third).

    From tensors, the functional way:

    >>> import hornbill as hb
    >>> x = hb.Input((20,))
    >>> y = hb.layers.Dense(10, activation="softmax")(x)
    >>> model = hb.Model(inputs=x, outputs=y, name="classifier")

    Or by subclassing, with free data flow in `call`:

    >>> class Residual(hb.Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = hb.layers.Dense(20, activation="relu")
    ...         self.head = hb.layers.Dense(10)
    ...     def call(self, x, training=None):
    ...         return self.head(x + self.hidden(x))

    Args:
        inputs: a symbolic tensor, or a list, dict or nested structure of them.
        outputs: tensors computed from `inputs`, in any structure.
        name: the model's name in summaries, logs, plots and files.
        trainable: whether the weights are updated in training.
    """

    def __new__(cls, *args, **kwargs):
        if cls is Model and (args or "inputs" in kwargs or "outputs" in kwargs):
            cls = Functional
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args, **kwargs):
        inputs = kwargs.pop("inputs", args[0] if args else None)
        outputs = kwargs.pop("outputs", args[1] if len(args) > 1 else None)
        if len(args) > 2:
            kwargs.setdefault("name", args[2])
        functional = inputs is not None or outputs is not None
        if functional and (inputs is None or outputs is None):
            raise ValueError(
                "A functional model is Model(inputs=..., outputs=...). "
                f"Received: inputs={inputs!r}, outputs={outputs!r}"
            )
        graph = Graph(inputs, outputs) if functional else None
        super().__init__(**kwargs)
        self._graph: Graph | None = graph
        if graph is not None:
            self.built = True
            self.supports_masking = all(layer.supports_masking for layer in graph.layers)
        self._start_untrained()

    _untracked = Layer._untracked | {
        "_graph",
        "_compile_settings",
        "_runners",
        "_compile_loss",
        "_compile_metrics",
        "_loss_tracker",
        "history",
        "loss",
    }

    # ---- structure -----------------------------------------------------------------------

    @user_facing
    def __call__(self, *args, **kwargs):
        strings = self._graph is not None and "string" in [t.dtype for t in self.inputs]
        if not (strings and any_symbolic(args, kwargs)):
            return super().__call__(*args, **kwargs)
        # Strings cannot be traced, but the graph knows what comes out.
        self._graph.flatten_inputs(self._first(args, kwargs), self.path)
        node = Node(self, args, kwargs)
        node.finish(
            jax.tree.map(
                lambda t: SymbolicTensor(t.shape, t.dtype, name=self.name), self._graph.outputs
            )
        )
        self._nodes.append(node)
        return node.outputs

    def call(self, inputs, training=None, mask=None):
        """Runs the functional graph; subclasses write their own."""
        if self._graph is None:
            raise NotImplementedError(
                f"Model '{self.name}' ({type(self).__name__}) has no call(). Write "
                "`def call(self, inputs, training=None): ...`, or make it from tensors with "
                "Model(inputs, outputs)."
            )
        return self._graph.run(self._graph.flatten_inputs(inputs, self.path))

    def compute_mask(self, inputs, previous_mask=None):
        """None: masks leave the graph on the tensors themselves."""
        return previous_mask if self._graph is None else None

    def _layers(self) -> list[Layer]:
        attributes = super()._layers()
        return attributes if self._graph is None else unique([*self._graph.layers, *attributes])

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside, in Keras's order."""
        return self._layers()

    @layers.setter
    def layers(self, _):
        raise AttributeError(
            "`Model.layers` is reserved: it lists the model's layers. Use another attribute name."
        )

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name, or by its index in `layers`."""
        layers = self.layers
        if (name is None) == (index is None):
            raise ValueError(
                f"get_layer takes a name or an index. Received: name={name!r}, index={index!r}"
            )
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"Model '{self.name}' has {len(layers)} layers, none at index {index}."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"Model '{self.name}' has no layer '{name}'. Its layers are: "
            f"{[layer.name for layer in layers]}."
        )

    @property
    def inputs(self) -> list[SymbolicTensor] | None:
        """A functional model's inputs as a flat list; None for a subclassed model."""
        return None if self._graph is None else self._graph.flat_inputs

    @property
    def outputs(self) -> list[SymbolicTensor] | None:
        """A functional model's outputs as a flat list; None for a subclassed model."""
        return None if self._graph is None else self._graph.flat_outputs

    @property
    def input(self):
        """The inputs in the structure in which the model was made."""
        return super().input if self._graph is None else self._graph.inputs

    @property
    def output(self):
        """The outputs in the structure in which the model was made."""
        return super().output if self._graph is None else self._graph.outputs

    input_names = property(lambda self: self._graph.input_names if self._graph else None)
    output_names = property(lambda self: self._graph.output_names if self._graph else None)

    @property
    def input_shape(self):
        """The shapes of the inputs, None where a dimension is open."""
        return jax.tree.map(lambda t: t.shape, self.input)

    @property
    def output_shape(self):
        """The shapes of the outputs, None where a dimension is open."""
        return jax.tree.map(lambda t: t.shape, self.output)

    def summary(
        self,
        line_length: int | None = None,
        positions: list | None = None,
        print_fn=None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range=None,
        cost: bool = False,
        batch_size: int = 1,
    ) -> None:
        """Prints a table of the layers, their output shapes and their numbers of weights.

        Args:
            line_length: the width in characters; the terminal's when None.
            positions: the columns' right ends, as fractions of the width or in characters.
            print_fn: called with the whole text instead of printing it.
            expand_nested: whether the layers of models inside are listed.
            show_trainable: whether a column says which layers are trained.
            layer_range: `[first, last]` names (or regular expressions) of the layers to list.
            cost: whether columns say what a forward pass costs: the memory of the weights, of the
                layers' outputs, and the multiply-adds of matrix products and convolutions, loops
                included. Several calls of a layer add up; "?" is what shapes do not tell. The
                column of connections makes room.
            batch_size: the size of the batch that `cost` is told for.

        Raises:
            ValueError: for values out of range.
        """
        from .summary import print_summary

        print_summary(
            self,
            line_length,
            positions,
            print_fn,
            expand_nested,
            show_trainable,
            layer_range,
            cost,
            batch_size,
        )

    def _repr_svg_(self) -> str | None:
        """The picture that a notebook shows; None without matplotlib, and over 100 layers."""
        from .plot.model_picture import notebook_svg

        return notebook_svg(self)

    def _repr_html_(self) -> str | None:
        """The summary that a notebook shows where there is no picture."""
        from .plot.model_picture import notebook_html

        return notebook_html(self)

    # ---- files ---------------------------------------------------------------------------

    def save(self, filepath, overwrite: bool = True, zipped: bool | None = None, **kwargs) -> None:
        """Writes the whole model to a `.keras` file, which Keras 3 opens too.

        The file holds the architecture, the weights, how the model was compiled, and the
        optimizer's state; `hornbill.saving.load_model` opens it.

        Args:
            filepath: a path that ends in `.keras`; with `zipped=False`, a folder. Or one that ends
                in `.h5`, for Keras 2's format, which takes `include_optimizer=False` as well.
            overwrite: whether a file that is there already may be replaced.
            zipped: whether to write one file; None does.

        Raises:
            ValueError: for another suffix, or an existing file.
            TypeError: for what cannot be described as data, such as a lambda.
        """
        from ..saving.archive import save_model

        save_model(self, filepath, overwrite, zipped, **kwargs)

    def save_weights(self, filepath, overwrite: bool = True, max_shard_size=None) -> None:
        """Writes the weights to a `.weights.h5` file, as Keras 3 does, or to `.safetensors`."""
        from ..saving.weights import save_weights

        save_weights(self, filepath, overwrite, max_shard_size)

    def load_weights(self, filepath, skip_mismatch: bool = False, **kwargs) -> None:
        """Sets the weights from a file, ours or Keras's, or `.safetensors`; all or none.

        `skip_mismatch=True` leaves weights that do not fit as they are, with a warning. For Keras
        2's `.h5` files, `by_name=True` matches layers by their names instead of their order.
        """
        from ..saving.weights import load_weights

        load_weights(self, filepath, skip_mismatch, **kwargs)

    def export(
        self, filepath, format: str = "stablehlo", verbose=None, input_signature=None, **kwargs
    ) -> None:
        """Writes the inference as a program, weights included, that runs without the model's code.

        Args:
            filepath: the file; with `"tf_saved_model"`, a folder.
            format: `"stablehlo"`, for `hornbill.export.load` and any JAX; `"onnx"`, for
                onnxruntime and others (by `jax2onnx`); `"tf_saved_model"`, for TensorFlow, which
                must be installed: `tf.saved_model.load(filepath).serve(x)`.
            verbose: whether to print what was written; None does.
            input_signature: an `InputSpec` (or tensor, or structure of them) for each argument of
                the call; None takes the model's inputs. Its None dimensions stay open.
            **kwargs: `platforms` (not for ONNX), those that the program runs on, of
                `("cpu", "cuda", "rocm", "tpu")`; `opset_version` (for ONNX alone).

        Raises:
            ValueError: if the model is not built, or cannot be written in the format.
            ImportError: if what the format needs is not installed.
        """
        from ..export.archive import export_model

        export_model(self, filepath, format, verbose, input_signature, **kwargs)

    def __reduce__(self):
        """For `pickle` and `copy.deepcopy`: architecture, weights and optimizer state."""
        from ..saving.pickling import reduce_model

        return reduce_model(self)

    def get_config(self) -> dict:
        """A functional model's graph, else the constructor's arguments, as plain JSON."""
        if self._graph is None or not _made_from_tensors(type(self)):
            return super().get_config()
        described = graph_config(self._graph, _is_functional)
        return {"name": self.name, "trainable": self.trainable, **described}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "Model":
        """The model that `get_config` described, with new weights."""
        with serialize.custom_object_scope(custom_objects or {}):
            if not (all(k in config for k in GRAPH_KEYS) and _made_from_tensors(cls)):
                return super().from_config(config)
            inputs, outputs = connect(config, _is_functional)
            rest = {k: v for k, v in config.items() if k not in GRAPH_KEYS}
            return cls(inputs=inputs, outputs=outputs, **serialize.deserialize_arguments(rest))

    def to_json(self, **kwargs) -> str:
        """The model's architecture as JSON, for `model_from_json`; `kwargs` go to `json.dumps`."""
        return serialize.to_json(self, **kwargs)

    def get_compile_config(self) -> dict | None:
        """How the model was compiled, as plain JSON; None if it was not."""
        settings = self._compile_settings
        return None if settings is None else serialize.serialize(settings)

    def compile_from_config(self, config: dict) -> None:
        """Compiles as `get_compile_config` described, and makes the optimizer's state.

        A model that overrides `compile` with other arguments overrides this as well.
        """
        self.compile(**serialize.deserialize_arguments(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict:
        """All state as nested dicts, by the parts of each variable's path.

        Args:
            value_format: `"backend_tensor"` for JAX arrays, `"numpy_array"` for NumPy copies.

        Returns:
            `{"trainable_variables", "non_trainable_variables", "optimizer_variables",
            "metrics_variables"}`.
        """
        return get_state_tree(self, value_format)

    def set_state_tree(self, state_tree: dict) -> None:
        """Assigns what `get_state_tree` gave, or a part of it."""
        set_state_tree(self, state_tree)


class Functional(Model):
    """What `Model(inputs, outputs)` makes: a model without code of its own.

    It is a class so that names, summaries and files can tell it from a subclassed model.
    """


def _made_from_tensors(cls) -> bool:
    """Whether a class of models is made as `Model` is: from inputs and outputs."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    if [p.name for p in parameters[:3]] == ["inputs", "outputs", "name"]:
        return True
    kinds = {p.kind for p in parameters}
    return {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD} <= kinds


def _is_functional(layer) -> bool:
    """Whether a layer is a functional model, as Keras means it: a Sequential is none."""
    return isinstance(layer, Model) and layer._graph is not None and not hasattr(layer, "_sequence")
