"""Loss, and the losses that are made of functions."""

import inspect
import math

import jax
import jax.numpy as jnp

from ..engine import config, dtypes, serialize
from ..engine.beside import get_mask
from ..engine.configured import Configured
from ..engine.naming import auto_name
from ..engine.operation import OpCall, record, to_array
from ..engine.symbolic import any_symbolic
from .reduction import DEFAULT, check_reduction, reduce_weighted_values
from .shapes import same_rank


class Loss(Configured):
    """A number that training makes small: how far predictions are from targets.

    Subclasses define `call(self, y_true, y_pred)`, which gives a loss per sample (or step); the
    base weighs and reduces. Their constructor's arguments are their config.

    Args:
        name: shown in logs; made from the class's name when None.
        reduction: `"sum_over_batch_size"` (or `"mean"`), `"sum"`, `"mean_with_sample_weight"`
            (divides by the weights' sum), `"none"` or None (a loss per sample).
        dtype: in which it is computed: a dtype or a `DTypePolicy`; `floatx()` when None.

    >>> import hornbill as hb
    >>> class Distance(hb.losses.Loss):
    ...     def call(self, y_true, y_pred):
    ...         return abs(y_true - y_pred).max(-1)
    >>> float(Distance()([[0.0, 0.0], [1.0, 1.0]], [[0.0, 1.0], [1.0, 4.0]]))
    2.0
    """

    def __init__(self, name: str | None = None, reduction=DEFAULT, dtype=None):
        self.name = name or auto_name(self)
        self.reduction = check_reduction(type(self).__name__, reduction)
        # What was asked for, since the config says no dtype that nobody asked for.
        self._asked_dtype = dtype
        self._dtype_policy = dtypes.get_policy(dtype or config.floatx())

    dtype = property(lambda self: self._dtype_policy.compute_dtype)

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The reduced loss.

        Args:
            y_true, y_pred: targets and predictions, arrays or structures of them.
            sample_weight: None, or a weight per sample (or per step).

        A mask that `y_pred` carries leaves its masked steps out.
        """
        if any_symbolic((y_true, y_pred, sample_weight), {}):
            call = OpCall(self, name=self.name)
            return record(call, (y_true, y_pred), {"sample_weight": sample_weight})
        mask = get_mask(y_pred)
        losses = self.call(_tensors(y_true, self.dtype), _tensors(y_pred, self.dtype))
        # A loss may leave values out by itself, as `ignore_class` does.
        own = get_mask(losses)
        if mask is not None and own is not None:
            mask, own = same_rank(jnp.asarray(mask), jnp.asarray(own))
            mask = mask & own
        elif mask is None:
            mask = own
        if sample_weight is not None:
            sample_weight = to_array(sample_weight)
        return reduce_weighted_values(losses, sample_weight, mask, self.reduction, self.dtype)

    def call(self, y_true, y_pred):
        """A loss per sample, or per step of each sample."""
        raise NotImplementedError(
            f"{type(self).__name__} has no call(). Write `def call(self, y_true, y_pred): ...`, "
            "which returns a loss per sample."
        )

    def get_config(self) -> dict:
        """The constructor's arguments as plain JSON, from which `from_config` makes the same."""
        base = {"name": self.name, "reduction": self.reduction}
        if self._asked_dtype is not None:
            base["dtype"] = self._dtype_policy.name
        taken = inspect.signature(type(self).__init__).parameters.values()
        if not any(p.kind is p.VAR_KEYWORD for p in taken):
            base = {k: v for k, v in base.items() if k in {p.name for p in taken}}
        overridden = type(self).get_config not in (Loss.get_config, LossFunctionWrapper.get_config)
        skip = {*base, "dtype"}
        return {**base, **serialize.captured_arguments(self, strict=not overridden, skip=skip)}

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, reduction={self.reduction}>"


class LossFunctionWrapper(Loss):
    """The loss of a function `fn(y_true, y_pred, **kwargs)` that gives a value per sample.

    Args:
        fn: the function.
        reduction, name, dtype: as in `Loss`.
        kwargs: passed on to `fn` in each call.

    >>> import hornbill as hb
    >>> def gap(y_true, y_pred):
    ...     return abs(y_true - y_pred).sum(-1)
    >>> float(hb.losses.LossFunctionWrapper(gap, name="gap")([[0.0, 0.0]], [[1.0, 2.0]]))
    3.0
    """

    def __init__(self, fn, reduction=DEFAULT, name: str | None = None, dtype=None, **kwargs):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not callable(fn):
            raise TypeError(
                f"{type(self).__name__} takes a function of (y_true, y_pred). Received: fn={fn!r}"
            )
        self.fn, self._fn_kwargs = fn, kwargs

    def call(self, y_true, y_pred):
        if hasattr(y_true, "ndim") and hasattr(y_pred, "ndim"):
            y_true, y_pred = same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict:
        described = super().get_config()
        if isinstance(described.get("fn"), str):
            # A function of ours, in the form in which both Keras and we find it again.
            name = described["fn"]
            described["fn"] = {
                "module": "builtins",
                "class_name": "function",
                "config": name,
                "registered_name": name,
            }
        return described


def loss_class(class_name: str, function, parameters: dict | None = None):
    """The class of a loss that a function computes.

    Args:
        class_name: its name.
        function: the loss per sample; its documentation becomes the class's.
        parameters: the constructor's parameters and their defaults, in order, where they are not
            the function's settings. Those of `Loss` follow if they are not among them.
    """
    if parameters is None:
        settings = list(inspect.signature(function).parameters.values())[2:]
        parameters = {p.name: p.default for p in settings}
    common = {"reduction": DEFAULT, "name": function.__name__, "dtype": None}
    parameters = {**parameters, **{k: v for k, v in common.items() if k not in parameters}}
    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature(
        [
            inspect.Parameter("self", keyword),
            *(inspect.Parameter(k, keyword, default=v) for k, v in parameters.items()),
        ]
    )

    def __init__(self, *args, **kwargs):
        try:
            settings = signature.bind(self, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{class_name}: {error}. It takes: {', '.join(parameters)}.") from None
        settings.apply_defaults()
        given = dict(list(settings.arguments.items())[1:])
        base = {k: given.pop(k) for k in common}
        for key, value in given.items():
            _check_setting(class_name, key, value)
        LossFunctionWrapper.__init__(self, function, **base, **given)
        vars(self).update(given)

    __init__.__signature__, __init__.__module__ = signature, function.__module__
    __init__.__qualname__ = f"{class_name}.__init__"
    members = {"__init__": __init__, "__module__": function.__module__, "__doc__": _doc(function)}
    return type(class_name, (LossFunctionWrapper,), members)


def _doc(function) -> str:
    return (
        f"{inspect.cleandoc(function.__doc__)}\n\n"
        f"An object of this class is `losses.{function.__name__}` with its settings, weighed and "
        "reduced:\ncalled with `(y_true, y_pred, sample_weight=None)` it gives one number.\n\n"
        "Further arguments:\n"
        "    reduction, name, dtype: as in `Loss`.\n"
    )


def _is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_axis(value) -> bool:
    axes = value if isinstance(value, (list, tuple)) else [value]
    return all(isinstance(a, int) and not isinstance(a, bool) for a in axes)


_RULES = {
    "from_logits": ("True or False", lambda v: isinstance(v, bool)),
    "apply_class_balancing": ("True or False", lambda v: isinstance(v, bool)),
    "remove_diagonal": ("True or False", lambda v: isinstance(v, bool)),
    "label_smoothing": ("a number from 0 to 1", lambda v: _is_number(v) and 0 <= v <= 1),
    "axis": ("an int, or several", lambda v: v is None or _is_axis(v)),
    "ignore_class": ("an int or None", lambda v: v is None or isinstance(v, int)),
    "q": ("a number between 0 and 1", lambda v: _is_number(v) and 0 < v < 1),
    "delta": ("a positive number", lambda v: _is_number(v) and v > 0),
    "gamma": ("a number, not negative", lambda v: _is_number(v) and v >= 0),
}


def _check_setting(who: str, name: str, value) -> None:
    rule, good = _RULES.get(name, ("", lambda v: True))
    if not good(value):
        raise ValueError(f"{who}'s {name} is {rule}. Received: {name}={value!r}")


def _tensors(structure, dtype):
    """An array-like, or a structure of them, as arrays of that dtype."""
    leaves = jax.tree.leaves(structure)
    if isinstance(structure, (list, tuple, dict)) and any(hasattr(x, "shape") for x in leaves):
        return jax.tree.map(lambda x: _tensor(x, dtype), structure)
    if isinstance(structure, dict):
        return {k: _tensors(v, dtype) for k, v in structure.items()}
    return _tensor(structure, dtype)


def _tensor(x, dtype):
    # The tensor itself where it may stay: what is known of it hangs on its identity.
    x = to_array(x)
    return x if getattr(x, "dtype", None) == dtype else jnp.asarray(x).astype(dtype)
