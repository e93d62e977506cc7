"""Layer: the base of all layers and models.

A call takes five steps (`run`): cast the inputs, check them, build, call, finish (masks and the
activity loss). On symbolic tensors the same five steps run on shapes alone.
"""

import inspect
import warnings

import jax
import jax.numpy as jnp
import numpy as np

from .. import constraints, initializers, regularizers
from ..engine import dtypes, errors, placement, serialize
from ..engine.beside import get_mask, set_mask
from ..engine.context import CallContext, current_context, enter_context, leave_context
from ..engine.dtype_map import DTypePolicyMap
from ..engine.naming import auto_name
from ..engine.numerics import look
from ..engine.operation import Operation, infer, record, to_array
from ..engine.random import SeedGenerator
from ..engine.remat import current_remat
from ..engine.scope import StatelessScope, current_scope
from ..engine.symbolic import SymbolicTensor, any_symbolic
from ..engine.traceback import user_facing
from ..engine.tracking import Trackable, owned, unique
from ..engine.variable import Variable
from ..metrics.base import Metric
from .calling import (
    CallSpec,
    as_shapes,
    has_tensors,
    input_shape_argument,
    let_tensors_decide,
    masks_of,
    placeholders,
    shapes_of,
    wrap_build,
)
from .input_spec import check_inputs
from .logged import log

BASE_CONFIG = ("name", "trainable", "dtype")


class Layer(Operation, Trackable):
    """A function with weights.

    Subclasses record their arguments in `__init__`, make weights in `build` and compute in
    `call`:

    >>> import hornbill as hb
    >>> from hornbill import ops
    >>> class Linear(hb.layers.Layer):
    ...     def __init__(self, units, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.units = units
    ...     def build(self, input_shape):
    ...         self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
    ...     def call(self, x):
    ...         return ops.matmul(x, self.kernel)
    >>> layer = Linear(4)
    >>> layer(hb.ops.ones((2, 3))).shape, layer.get_config()["units"]
    ((2, 4), 4)

    Layers, variables, metrics and seed generators kept in attributes (also in lists, tuples and
    dicts) belong to the layer. `call` may take `training` (what the caller or `fit` says), `mask`
    (the first argument's mask; `<name>_mask` for others) and any other argument.

    Args:
        activity_regularizer: a function of the output whose result is added to the losses.
        trainable: whether the weights are updated in training.
        dtype: a dtype or a `DTypePolicy`; None takes the global policy.
        autocast: whether float inputs are cast to the compute dtype.
        name: the layer's name; made from the class's name when None.
    """

    _call_spec = CallSpec(("inputs",), False, None, ())

    def __init__(
        self,
        *,
        activity_regularizer=None,
        trainable: bool = True,
        dtype=None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs,
    ):
        self._input_shape = input_shape_argument(kwargs)
        if kwargs:
            raise TypeError(
                f"{type(self).__name__} got unknown arguments: {', '.join(sorted(kwargs))}. "
                f"It takes: {', '.join(inspect.signature(type(self).__init__).parameters)}."
            )
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise ValueError(f"A layer's name is a string without '/'. Received: name={name!r}")
        if not isinstance(trainable, (bool, np.bool_)):
            raise TypeError(f"trainable is True or False. Received: trainable={trainable!r}")
        self.name = auto_name(self) if name is None else name
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.autocast = autocast
        self._trainable = bool(trainable)
        self._dtype_policy = dtypes.get_policy(dtype)
        self._remat = current_remat()
        self.built = False
        self.input_spec = self._unbuilt_spec = None
        self.supports_masking = type(self).compute_mask is not Layer.compute_mask
        self._variables: list[Variable] = []
        self._losses: list = []
        self._nodes: list = []
        self._build_shapes: dict | None = None
        self._path = ""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        let_tensors_decide(cls)
        if "call" in cls.__dict__:
            cls._call_spec = CallSpec.of(cls.call)
        if "build" in cls.__dict__:
            cls.build = wrap_build(cls.build)

    # ---- calling -------------------------------------------------------------------------

    @user_facing
    def __call__(self, *args, **kwargs):
        if "_build_shapes" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}.__init__() did not call super().__init__(). Write it as "
                "the first line of __init__."
            )
        if any_symbolic(args, kwargs):
            outputs = record(self, args, kwargs)
            node = next(iter(jax.tree.leaves(outputs))).history.node
            self._nodes.append(node)
            return outputs
        return self.run(*args, **kwargs)

    def run(self, *args, **kwargs):
        """The five steps of a call, on arrays."""
        spec = self._call_spec
        context = current_context()
        path = self._path = context.inside(self.name)
        outermost = context.built is None
        args, kwargs = self._cast(args), self._cast(kwargs)
        training = self._resolve_training(spec, args, kwargs, context)
        built = [] if outermost else context.built
        token = enter_context(context._replace(built=built))
        try:
            if outermost:
                self._clear_losses()
            if self.input_spec is not None:
                check_inputs(self.input_spec, self._first(args, kwargs), path)
            if not self.built:
                self._build_for(args, kwargs)
                built.append(self)
            autocast = None
            if self.autocast and self.compute_dtype != self.variable_dtype:
                autocast = self.compute_dtype
            enter_context(CallContext(path, training, autocast, built))
            kwargs = self._fill(spec, args, kwargs, training)
            call = self.call if self._remat is None else self.rematerialized_call(self.call)
            outputs = placement.outputs(path, call(*args, **kwargs))
            self._finish(args, kwargs, outputs)
            look("layer", path, outputs)
            return outputs
        except Exception as error:
            if outermost:
                for layer in built:
                    layer._unbuild()
            received = errors.describe_call(spec.names, args, kwargs)
            new = errors.locate(error, path, type(self).__name__, received)
            if new is error:
                raise
            raise new.with_traceback(error.__traceback__) from None
        finally:
            leave_context(token)

    def _cast(self, structure):
        dtype = self.compute_dtype
        floating = self.autocast and dtypes.is_float(dtype)

        def convert(x):
            if isinstance(x, Variable):
                x = x.value
            elif isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind not in "OUS":
                x = to_array(x)
            if floating and isinstance(x, jax.Array) and x.dtype != dtype:
                if jnp.issubdtype(x.dtype, jnp.floating):
                    mask = get_mask(x)
                    x = x.astype(dtype)
                    set_mask(x, mask)
            return x

        return jax.tree.map(convert, structure)

    def _first(self, args, kwargs):
        """The first argument of the call, by position or by name."""
        if args:
            return args[0]
        names = self._call_spec.names
        return kwargs.get(names[0]) if names else None

    def _resolve_training(self, spec, args, kwargs, context):
        if "training" in kwargs:
            training = kwargs["training"]
            if not spec.takes_training:
                kwargs.pop("training")
        elif "training" in spec.names[: len(args)]:
            training = args[spec.names.index("training")]
        else:
            training = None
        if training is None:
            training = context.training
        return spec.training_default if training is None else training

    def _fill(self, spec, args, kwargs, training):
        """Adds `training` and the masks that the call was not given."""
        given = spec.names[: len(args)]
        if spec.takes_training and "training" not in given:
            kwargs = {**kwargs, "training": training}
        for parameter, of in spec.masks:
            if parameter not in given and kwargs.get(parameter) is None:
                value = args[given.index(of)] if of in given else kwargs.get(of)
                mask = masks_of(value)
                if mask is not None:
                    kwargs = {**kwargs, parameter: mask}
        return kwargs

    def _finish(self, args, kwargs, outputs):
        if self.activity_regularizer is not None:
            for x in jax.tree.leaves(outputs):
                # A mean over the batch, so that the penalty does not grow with its size.
                self.add_loss(self.activity_regularizer(x) / x.shape[0])
        inputs = self._first(args, kwargs)
        previous = kwargs.get("mask")  # what the caller said, or what the inputs carry
        if previous is None:
            previous = masks_of(inputs)
        if previous is None and type(self).compute_mask is Layer.compute_mask:
            return
        results = [x for x in jax.tree.leaves(outputs) if isinstance(x, jax.Array)]
        if results and all(get_mask(x) is not None for x in results):
            return
        if not self.supports_masking:
            if previous is not None and not self._call_spec.masks:
                warnings.warn(
                    f"Layer '{self._path}' ({type(self).__name__}) got an input with a mask, does "
                    "not support masking, and so drops it: later layers will not see the mask. "
                    "Set self.supports_masking = True if the mask still holds for the output.",
                    stacklevel=4,
                )
            return
        masks = self.compute_mask(inputs, previous)
        if masks is not None:
            flat = masks if isinstance(masks, (list, tuple)) else [masks]
            for x, mask in zip(results, flat, strict=False):
                if not any(x is y for y in jax.tree.leaves(inputs)):
                    set_mask(x, mask)

    def call(self, *args, **kwargs):
        raise NotImplementedError(
            f"{type(self).__name__} has no call(). Write `def call(self, inputs): ...`."
        )

    def rematerialized_call(self, layer_call, *args, **kwargs):
        """`layer_call` as the `RematScope` in which the layer was made wants it."""
        return layer_call if self._remat is None else self._remat.wrap(self, layer_call)

    # ---- building ------------------------------------------------------------------------

    def build(self, *shapes, **named):
        """Makes the weights for inputs of the shapes given.

        The default runs `call` on shapes alone, so that layers inside build themselves.
        """
        if self.built:
            return
        if len(named) == 1:
            shapes, named = tuple(named.values()), {}
        # A build of the class's own that calls super().build() makes the weights itself.
        own = type(self).build is not Layer.build
        if not own and (any(s is not None for s in shapes) or named):
            if type(self).call is not Layer.call:
                args = [placeholders(s, self.input_dtype)[0] for s in shapes]
                named = {k.removesuffix("_shape"): v for k, v in named.items()}
                kwargs = {k: placeholders(v, self.input_dtype)[0] for k, v in named.items()}
                infer(self.run, tuple(args), kwargs)
        self.built = True

    build.parameters = []

    def _build_for(self, args, kwargs):
        given = {**dict(zip(self._call_spec.names, args, strict=False)), **kwargs}
        shapes = {f"{k}_shape": shapes_of(v) for k, v in given.items() if has_tensors(v)}
        if type(self).build is Layer.build:
            self.built = True  # the call that follows builds what is inside
            self._note_build(None, (), shapes)
            return
        names = type(self).build.parameters
        if len(names) <= 1:
            self.build(shapes_of(self._first(args, kwargs))) if names else self.build()
        else:
            self.build(**{name: shapes[name] for name in names if name in shapes})

    def _note_build(self, build, args, kwargs):
        self.built = True
        names = build.parameters if build is not None else ["input_shape"]
        shapes = {**dict(zip(names, args, strict=False)), **kwargs}
        if self._build_shapes is None:
            self._build_shapes = {k: v for k, v in shapes.items() if v is not None}
        if not self.trainable:
            self.trainable = False

    def _unbuild(self):
        """Takes back a build whose call failed, so that a right call can follow."""
        made = {id(v) for v in self._variables}
        for key in [k for k, v in vars(self).items() if id(v) in made]:
            object.__delattr__(self, key)
        self._variables = []
        self._build_shapes = None
        self.input_spec = self._unbuilt_spec
        self.built = False

    def get_build_config(self) -> dict | None:
        """The shapes that `build` got, for files."""
        shapes = self._build_shapes
        if not shapes:
            return None
        return (
            {"input_shape": next(iter(shapes.values()))}
            if len(shapes) == 1
            else {"shapes_dict": shapes}
        )

    def build_from_config(self, config: dict) -> None:
        """Builds with the shapes that `get_build_config` gave."""
        if "shapes_dict" in config:
            self.build(**{k: as_shapes(v) for k, v in config["shapes_dict"].items()})
        elif config.get("input_shape") is not None:
            self.build(as_shapes(config["input_shape"]))

    def add_weight(
        self,
        shape=None,
        initializer=None,
        dtype=None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer=None,
        constraint=None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Makes a weight of this layer.

        Args:
            shape: its shape; `()` when None.
            initializer: a name, an object or a function; None is `"glorot_uniform"` for floats
                and `"zeros"` for the rest.
            dtype: its dtype; the layer's variable dtype when None.
            trainable: whether optimizers update it.
            autocast: whether reads in mixed precision cast it.
            regularizer: adds its result to the losses.
            constraint: is applied after each update.
            name: the last part of its path.
        """
        dtype = self.variable_dtype if dtype is None else dtypes.standardize_dtype(dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        variable = Variable(
            initializers.get(initializer),
            shape=() if shape is None else shape,
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            name=name,
            regularizer=regularizers.get(regularizer),
            constraint=constraints.get(constraint),
            aggregation=aggregation,
            overwrite_with_gradient=overwrite_with_gradient,
        )
        if not self.trainable:
            variable.trainable = False
        self._variables.append(variable)
        return variable

    add_variable = add_weight

    # ---- what the layer owns -------------------------------------------------------------

    def _layers(self) -> list["Layer"]:
        """The layers directly inside, in the order in which they appeared."""
        return [c for c in owned(self) if isinstance(c, Layer)]

    def _flatten_layers(self) -> list["Layer"]:
        """This layer and all inside it, each once, outer before inner."""
        found, stack = {}, [self]
        while stack:
            layer = stack.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                stack.extend(reversed(layer._layers()))
        return list(found.values())

    def _own_variables(self) -> list[Variable]:
        made = unique(self._variables + [c for c in owned(self) if isinstance(c, Variable)])
        return [v for v in made if v.made_trainable] + [v for v in made if not v.made_trainable]

    def _own_state(self) -> list[Variable]:
        """Variables that are no weights: the seeds' counters."""
        return [c.state for c in owned(self) if isinstance(c, SeedGenerator)]

    @property
    def weights(self) -> list[Variable]:
        """All weights: the layer's own, then those of the layers inside. No seeds, no metrics."""
        return unique(v for layer in self._flatten_layers() for v in layer._own_variables())

    @property
    def variables(self) -> list[Variable]:
        """The weights, the seed counters and the states of stateful layers."""
        return unique(
            v
            for layer in self._flatten_layers()
            for v in (*layer._own_variables(), *layer._own_state())
        )

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that training updates."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that training leaves alone: statistics, seeds, frozen weights."""
        return [v for v in self.variables if not (v.trainable and self.trainable)]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training updates."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        return [v for v in self.weights if not (v.trainable and self.trainable)]

    @property
    def metrics(self) -> list[Metric]:
        """The metrics kept by this layer and those inside."""
        layers = self._flatten_layers()
        kept = [c for layer in layers for c in owned(layer) if isinstance(c, Metric)]
        return unique(
            kept + [m for layer in layers for m in layer.__dict__.get("_logged", {}).values()]
        )

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of all metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    @property
    def trainable(self) -> bool:
        """Whether training updates the weights. Setting it sets all layers inside as well."""
        return self._trainable

    @trainable.setter
    def trainable(self, value):
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f"trainable is True or False. Received: {value!r}")
        self._trainable = bool(value)
        for variable in self._own_variables():
            variable.trainable = self._trainable and variable.made_trainable
        for layer in self._layers():
            layer.trainable = value

    def get_weights(self) -> list[np.ndarray]:
        """NumPy copies of the weights, in the order of `weights`."""
        return [np.array(w._stored()) for w in self.weights]

    def set_weights(self, weights) -> None:
        """Sets the weights from arrays in the order of `weights`; all or none."""
        mine = self.weights
        if len(mine) != len(weights):
            raise ValueError(
                f"Layer '{self.path}' has {len(mine)} weights, set_weights got {len(weights)}. "
                + ("Build the layer first, by calling it." if not mine else "")
            )
        wrong = [
            f"{w.path}: expected {w.shape}, got {np.shape(new)}"
            for w, new in zip(mine, weights, strict=True)
            if w.shape != np.shape(new)
        ]
        if wrong:
            raise ValueError(f"Layer '{self.path}' cannot take these weights: {'; '.join(wrong)}")
        for w, new in zip(mine, weights, strict=True):
            w.assign(new)

    def count_params(self) -> int:
        """How many numbers the weights hold."""
        if not self.built:
            raise ValueError(
                f"Layer '{self.path}' has no weights to count yet: call it on data, or build it "
                "with build(input_shape)."
            )
        return sum(int(np.prod(w.shape)) for w in self.weights)

    # ---- losses --------------------------------------------------------------------------

    def add_loss(self, loss) -> None:
        """Adds a scalar (or a list of them) to the losses that `fit` minimizes.

        Call it from `call`; each call of the model starts anew.
        """
        scope = current_scope()
        store = self._losses if scope is None else scope.layer_losses.setdefault(id(self), [])
        for one in loss if isinstance(loss, (list, tuple)) else [loss]:
            if np.shape(one) != ():
                raise ValueError(
                    f"add_loss in layer '{self.path}' takes scalars, got shape {np.shape(one)}. "
                    "Reduce it first, as in ops.mean(loss)."
                )
            store.append(one)

    def log(self, name: str, value) -> None:
        """Shows a number in the logs of `fit` and `evaluate`: the mean over the epoch's samples.

        Call it from `call`, `train_step` or `test_step`; elsewhere it does nothing. The progress
        line, `History` and callbacks have it under `name` (validation: `val_name`). Each step
        counts by the size of its batch, as for the loss.

        Args:
            name: what it is called; no metric's name, and no other layer's log.
            value: a scalar.

        Raises:
            ValueError: for other shapes, and for a name that is taken.
        """
        log(self, name, value)

    def _recorded_losses(self) -> list:
        scope = current_scope()
        while scope is not None:
            if id(self) in scope.layer_losses:
                return scope.layer_losses[id(self)]
            scope = scope.outer
        return self._losses if current_scope() is None else []

    def _clear_losses(self):
        scope = current_scope()
        if scope is not None and not scope.layer_losses:
            return
        for layer in self._flatten_layers():
            if scope is not None:
                scope.layer_losses.pop(id(layer), None)
            else:
                layer._losses.clear()

    @property
    def losses(self) -> list:
        """What `add_loss` collected in the last call, then the weights' regularization."""
        collected = [x for layer in self._flatten_layers() for x in layer._recorded_losses()]
        for v in self.trainable_weights:
            if v.regularizer is not None:
                collected.append(v.regularizer(v.value))
        return collected

    # ---- shapes, dtypes, masks -----------------------------------------------------------

    @property
    def dtype_policy(self) -> dtypes.DTypePolicy:
        """The dtypes of computation and weights; a `DTypePolicyMap` says them by the path."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value):
        self._dtype_policy = dtypes.get_policy(value)

    @property
    def _policy(self):
        policy = self._dtype_policy
        return policy[self.path] if isinstance(policy, DTypePolicyMap) else policy

    dtype = property(lambda self: self._policy.variable_dtype)
    variable_dtype = property(lambda self: self._policy.variable_dtype)
    compute_dtype = property(lambda self: self._policy.compute_dtype)
    input_dtype = property(lambda self: self._policy.compute_dtype)
    path = property(lambda self: self._path or self.name)

    def compute_output_shape(self, *args, **kwargs):
        """The shape of the output for inputs of the shapes given, without computing."""
        to = self.input_dtype
        args = [placeholders(a, to)[0] for a in args]
        kwargs = {k.removesuffix("_shape"): placeholders(v, to)[0] for k, v in kwargs.items()}
        return jax.tree.map(lambda s: tuple(s.shape), infer(self.run, tuple(args), kwargs))

    def compute_output_spec(self, *args, **kwargs):
        """The output, as SymbolicTensors, for symbolic inputs."""
        outputs = infer(self.run, args, kwargs)
        return jax.tree.map(lambda s: SymbolicTensor(s.shape, s.dtype), outputs)

    def symbolic_call(self, *args, **kwargs):
        """The same as calling the layer on symbolic tensors."""
        return self.compute_output_spec(*args, **kwargs)

    def compute_mask(self, inputs, previous_mask=None):
        """The output's mask; by default the input's."""
        return previous_mask

    @property
    def input(self):
        """The symbolic tensors of the layer's only use in a functional model."""
        node = self._only_node("input")
        return node.args[0] if len(node.inputs) != 1 else node.inputs[0]

    @property
    def output(self):
        """The symbolic result of the layer's only use in a functional model."""
        return self._only_node("output").outputs

    def _only_node(self, what):
        if len(self._nodes) != 1:
            used = (
                "was never called on symbolic tensors"
                if not self._nodes
                else (f"is used {len(self._nodes)} times")
            )
            raise AttributeError(
                f"Layer '{self.path}' {used}, so `.{what}` is not defined. It is for layers that "
                "are used once in a functional or Sequential model."
            )
        return self._nodes[0]

    # ---- pure form -----------------------------------------------------------------------

    def stateless_call(
        self,
        trainable_variables,
        non_trainable_variables,
        *args,
        return_losses: bool = False,
        **kwargs,
    ):
        """Calls the layer as a pure function of its variables.

        Args:
            trainable_variables: values in the order of `trainable_variables`.
            non_trainable_variables: values in the order of `non_trainable_variables`.
            return_losses: whether the losses are returned as well.

        Returns:
            `(outputs, new non-trainable values)`, with `return_losses` `(..., losses)`.
        """
        if not self.built:
            raise ValueError(
                f"stateless_call needs the weights of layer '{self.path}': build it first."
            )
        mine = [*self.trainable_variables, *self.non_trainable_variables]
        values = [*trainable_variables, *non_trainable_variables]
        if len(mine) != len(values):
            raise ValueError(
                f"Layer '{self.path}' has {len(self.trainable_variables)} trainable and "
                f"{len(self.non_trainable_variables)} other variables. Received: "
                f"{len(list(trainable_variables))} and {len(list(non_trainable_variables))}."
            )
        with StatelessScope(zip(mine, values, strict=True)) as scope:
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses else None
        new = [scope.read(v) for v in self.non_trainable_variables]
        return (outputs, new, losses) if return_losses else (outputs, new)

    # ---- files ---------------------------------------------------------------------------

    def save_own_variables(self, store) -> None:
        """Puts the layer's own weights into `store`, a dict with keys `"0"`, `"1"`, ..."""
        for i, variable in enumerate(self._own_variables()):
            store[str(i)] = np.asarray(variable.value)  # no copy: the file takes it at once

    def load_own_variables(self, store) -> None:
        """Sets the layer's own weights from what `save_own_variables` stored."""
        mine = self._own_variables()
        if len(mine) != len(store):
            raise ValueError(
                f"Layer '{self.path}' has {len(mine)} weights of its own, the file {len(store)}."
                + (" Build the layer first." if not self.built else "")
            )
        for i, variable in enumerate(mine):
            variable.assign(store[str(i)])

    # ---- configuration -------------------------------------------------------------------

    def get_config(self) -> dict:
        """The constructor's arguments as plain JSON, for `from_config`."""
        base = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize.serialize(self._dtype_policy),
        }
        taken = inspect.signature(type(self).__init__).parameters.values()
        if not any(p.kind is p.VAR_KEYWORD for p in taken):
            base = {k: v for k, v in base.items() if k in {p.name for p in taken}}
        overridden = type(self).get_config is not Layer.get_config
        return {**base, **serialize.captured_arguments(self, strict=not overridden, skip=base)}

    @classmethod
    def from_config(cls, config: dict) -> "Layer":
        """The layer that `get_config` described."""
        # Keras writes it into many configs; it is None unless the layer is quantized.
        config = {k: v for k, v in config.items() if k != "quantization_config" or v is not None}
        taken = inspect.signature(cls.__init__).parameters
        if not any(p.kind is p.VAR_KEYWORD for p in taken.values()):
            # Keras writes these of every class, also of those whose constructor has none of them.
            config = {k: v for k, v in config.items() if k in taken or k not in BASE_CONFIG}
        return cls(**serialize.deserialize_arguments(config))

    def __repr__(self):
        state = f"built={self.built}" if "built" in self.__dict__ else "not initialized"
        name = self.__dict__.get("name", "?")
        return f"<{type(self).__name__} name={name}, {state}>"
