"""Uses of ops in a graph as config, in Keras's form, and back.

Keras has a class beside each op: `ops.mean(x, axis=1)` is `Mean(axis=1)(x)` in its files. The
class's name is the op's in camel case; what it is called on are the op's `Tensor` parameters, and
its settings are the others. The tables below hold what departs from this rule.
"""

import functools
import inspect

from ..engine.operation import OpCall
from ..engine.serialize import deserialize, serialize

# Names of Keras's classes that are not the op's in camel case.
CLASS_NAMES = {
    "allclose": "AllClose",
    "batch_normalization": "BatchNorm",
    "cdist": "CDist",
    "ctc_decode": "CTCDecode",
    "ctc_loss": "CTCLoss",
    "fft": "FFT",
    "fft2": "FFT2",
    "hsv_to_rgb": "HSVToRGB",
    "ifft2": "IFFT2",
    "irfft": "IRFFT",
    "isin": "IsIn",
    "istft": "ISTFT",
    "jvp": "JVP",
    "layer_normalization": "LayerNorm",
    "psnr": "PSNR",
    "rfft": "RFFT",
    "rgb_to_grayscale": "RGBToGrayscale",
    "rgb_to_hsv": "RGBToHSV",
    "rms_normalization": "RMSNorm",
    "searchsorted": "SearchSorted",
    "ssim": "SSIM",
    "stft": "STFT",
    "svd": "SVD",
}
# Activations that Keras has as a class among the activations.
ACTIVATIONS = {"relu": "ReLU"}

# What Keras's classes are called on, where it is not the `Tensor` parameters.
CALLED_ON = {
    "arange": ("start", "stop", "step"),
    "associative_scan": ("f", "elems"),
    "bincount": ("x",),
    "clip": ("x",),
    "cond": ("pred", "true_fn", "false_fn"),
    "dot_product_attention": ("query", "key", "value", "bias", "mask", "scale"),
    "einsum": ("operands", "kwargs"),
    "fori_loop": ("init_val",),
    "get_item": ("x", "key"),
    "isclose": ("x1", "x2", "rtol", "atol"),
    "jvp": ("fun", "primals", "tangents"),
    "map": ("f", "xs"),
    "max": ("x",),
    "min": ("x",),
    "rearrange": ("tensor", "pattern", "axes_lengths"),
    "scale_and_translate": ("images", "output_shape", "scale", "translation"),
    "scan": ("f", "init", "xs"),
    "switch": ("index", "branches", "operands"),
    "trapezoid": ("y",),
    "unique": ("x",),
}

_MODULES = {"control": "core", "common": "core"}  # where ours lies in Keras
ROOT = "keras.src."


def op_config(operation: OpCall) -> tuple[str, str]:
    """Keras's module and class name for an op."""
    function = operation.function
    family, place = function.__module__.split(".")[1:3]
    name = function.__name__
    if family == "activations":
        return f"{ROOT}activations.activations", ACTIVATIONS.get(name, _camel(name))
    if family != "ops":  # a loss in the graph: Keras has no class for it, only we read this
        return f"{ROOT}{family}", _camel(name)
    return f"{ROOT}ops.{_MODULES.get(place, place)}", CLASS_NAMES.get(name, _camel(name))


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def split_arguments(function, args, kwargs) -> tuple[list, dict, dict]:
    """A call's arguments as Keras keeps them: positional, by name, and the op's settings."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    called, settings = called_on(function), {}
    positional, named = [], {}
    in_order = True
    for name, value in bound.arguments.items():
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            positional.extend(value)
        elif kind is inspect.Parameter.VAR_KEYWORD:
            (named if name in called else settings).update(value)
        elif name not in called:
            settings[name] = value
        elif in_order and kind is not inspect.Parameter.KEYWORD_ONLY:
            positional.append(value)
        else:
            named[name] = value
    return positional, named, settings


@functools.cache
def called_on(function) -> tuple[str, ...]:
    """The parameters of an op that Keras's class takes when it is called."""
    if function.__name__ in CALLED_ON:
        return CALLED_ON[function.__name__]
    return tuple(
        name
        for name, p in inspect.signature(function).parameters.items()
        if getattr(p.annotation, "__metadata__", ())
    )


def join_arguments(function, args, kwargs, settings) -> tuple[tuple, dict]:
    """What `split_arguments` took apart, as the arguments of the op."""
    parameters = inspect.signature(function).parameters
    given, rest = {}, list(args)
    for name in called_on(function):
        if parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
            given[name], rest = tuple(rest), []
        elif rest:
            given[name] = rest.pop(0)
    given |= {**kwargs, **settings}
    unknown = {k: given.pop(k) for k in list(given) if k not in parameters}
    open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    if rest or (unknown and not open_ended):
        raise ValueError(
            f"The op '{function.__name__}' takes {list(parameters)}. "
            f"Received: {len(args)} tensors and the arguments {sorted({**kwargs, **settings})}"
        )
    if function.__name__ == "get_item" and isinstance(given.get("key"), list):
        given["key"] = tuple(given["key"])  # tuples are lists in JSON
    positional, named = [], unknown
    for index, (name, parameter) in enumerate(parameters.items()):
        if name not in given:
            continue
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            positional.extend(given[name])
        elif len(positional) == index and parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            positional.append(given[name])
        else:
            named[name] = given[name]
    return tuple(positional), named


def settings_config(settings: dict) -> dict:
    """An op's settings as plain JSON."""
    return {name: serialize(value) for name, value in settings.items()}


def op_from_config(config: dict) -> tuple[OpCall, dict]:
    """The op that a config names, and its settings.

    Raises:
        ValueError: if it names none of our ops.
    """
    inner = dict(config.get("config") or {})
    name = inner.pop("name", None) or config.get("name")
    module = config["module"].removeprefix(ROOT)
    key = str(config["class_name"]).replace("_", "").lower()
    function = _ops(module.split(".")[0]).get(key)
    if function is None:
        raise ValueError(
            f"The config names an op that Hornbill does not have. "
            f"Received: '{config['class_name']}' of {config['module']}"
        )
    return OpCall(function, name), {k: _as_tuples(deserialize(v)) for k, v in inner.items()}


def _as_tuples(value):
    # Axes, shapes and paddings were tuples before they were JSON, and JAX insists on it.
    return tuple(_as_tuples(v) for v in value) if isinstance(value, list) else value


def is_op_config(config: dict) -> bool:
    """Whether a config is a use of an op, rather than a layer."""
    module = config.get("module")
    return isinstance(module, str) and module.startswith(
        (f"{ROOT}ops.", f"{ROOT}activations.", f"{ROOT}losses")
    )


@functools.cache
def _ops(family: str) -> dict:
    """Our public ops by their class's name in Keras, in small letters."""
    from .. import activations, losses, ops

    spaces = {"ops": (ops, ops.image, ops.linalg), "activations": (ops, activations)}
    found = {}
    for space in spaces.get(family, (losses,)):
        for name, thing in vars(space).items():
            if getattr(thing, "is_op", False):
                found[name.replace("_", "").lower()] = thing
    for name, class_name in CLASS_NAMES.items():
        if family == "ops":
            found[class_name.lower()] = getattr(ops, name, None) or getattr(ops.image, name)
    return found
