"""Library-wide settings: the default float type, the fuzz factor, the image layout.

They start as Keras's defaults and are read when a layer or an op is made, so a change
applies to what is made after it.
"""

_settings = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "max_epochs": None,
    "max_steps_per_epoch": None,
    "max_device_data": None,
    "traceback_filtering": True,
    "interactive_logging": True,
    "flash_attention": None,
    "check_nans": False,
}

_FLOATS = ("bfloat16", "float16", "float32", "float64")


def backend() -> str:
    """The array library in use: always `"jax"`."""
    return "jax"


def set_backend(backend: str) -> None:
    """Takes `"jax"`, for scripts that name their backend.

    Raises:
        ValueError: for any other name.
    """
    if backend != "jax":
        raise ValueError(
            "Hornbill computes with JAX alone: set_backend takes 'jax'. "
            f"Received: backend={backend!r}"
        )


def is_nnx_enabled() -> bool:
    """Always False: layers are not Flax NNX modules."""
    return False


def floatx() -> str:
    """The default float dtype, `"float32"` unless `set_floatx` changed it."""
    return _settings["floatx"]


def set_floatx(value: str) -> None:
    """Sets the default float dtype.

    Args:
        value: one of `"bfloat16"`, `"float16"`, `"float32"`, `"float64"`.
    """
    if value not in _FLOATS:
        raise ValueError(f"set_floatx takes one of {', '.join(_FLOATS)}. Received: {value!r}")
    _settings["floatx"] = value


def epsilon() -> float:
    """The small number that guards divisions and logarithms, 1e-7 by default."""
    return _settings["epsilon"]


def set_epsilon(value: float) -> None:
    """Sets the number that `epsilon()` returns."""
    if not value > 0:
        raise ValueError(f"set_epsilon takes a positive number. Received: {value!r}")
    _settings["epsilon"] = float(value)


def image_data_format() -> str:
    """The default layout of images, `"channels_last"` or `"channels_first"`."""
    return _settings["image_data_format"]


def set_image_data_format(data_format: str) -> None:
    """Sets the layout that convolutions and pooling assume when they are given none."""
    _settings["image_data_format"] = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """Fills in the default layout for `None` and refuses unknown ones."""
    if data_format is None:
        return image_data_format()
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            "data_format is 'channels_last' or 'channels_first' (None: the setting of "
            f"hornbill.config.image_data_format()). Received: {data_format!r}"
        )
    return data_format


def max_epochs() -> int | None:
    """The cap that `set_max_epochs` put on every `fit`, or None."""
    return _settings["max_epochs"]


def set_max_epochs(max_epochs: int | None) -> None:
    """Caps the number of epochs of every later `fit` (None lifts the cap)."""
    _settings["max_epochs"] = max_epochs


def max_steps_per_epoch() -> int | None:
    """The cap that `set_max_steps_per_epoch` put on every epoch, or None."""
    return _settings["max_steps_per_epoch"]


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Caps the steps of every later epoch, evaluation and prediction (None lifts the cap)."""
    _settings["max_steps_per_epoch"] = max_steps_per_epoch


def max_device_data() -> int | None:
    """The bytes that `set_max_device_data` set; None for the default."""
    return _settings["max_device_data"]


def set_max_device_data(max_device_data: int | None) -> None:
    """Sets how large arrays may be that `fit` keeps on the device from the first step on.

    Larger ones are sent batch by batch, which trains the same way within less memory. Files (an
    `np.memmap`, an h5py dataset) are always read batch by batch.

    Args:
        max_device_data: bytes, of all arrays of one `fit`, `evaluate` or `predict` together; None
            for the default, a quarter of an accelerator's memory and 2 GiB on the CPU.

    Raises:
        ValueError: for anything but an int of at least 0 or None.
    """
    if max_device_data is not None:
        if not isinstance(max_device_data, int) or max_device_data < 0:
            raise ValueError(
                "set_max_device_data takes a number of bytes or None. "
                f"Received: max_device_data={max_device_data!r}"
            )
    _settings["max_device_data"] = max_device_data


def is_traceback_filtering_enabled() -> bool:
    """Whether errors leave out the engine's own frames."""
    return _settings["traceback_filtering"]


def enable_traceback_filtering() -> None:
    """Leaves the engine's own frames out of errors (the default)."""
    _settings["traceback_filtering"] = True


def disable_traceback_filtering() -> None:
    """Keeps every frame in errors, for work on Hornbill itself."""
    _settings["traceback_filtering"] = False


def is_interactive_logging_enabled() -> bool:
    """Whether progress goes to standard output rather than to `logging`."""
    return _settings["interactive_logging"]


def enable_interactive_logging() -> None:
    """Sends progress to standard output (the default)."""
    _settings["interactive_logging"] = True


def disable_interactive_logging() -> None:
    """Sends progress to the logger `hornbill` instead of standard output."""
    _settings["interactive_logging"] = False


def is_flash_attention_enabled() -> bool | None:
    """What attention does that is not told: True and False as set, None where it fits best."""
    return _settings["flash_attention"]


def enable_flash_attention() -> None:
    """Makes attention that is not told ask for cuDNN's fused kernel, and fail where it cannot run.

    Like the switch that follows, it is read when a step is compiled.
    """
    _settings["flash_attention"] = True


def disable_flash_attention() -> None:
    """Makes attention that is not told use the plain computation everywhere."""
    _settings["flash_attention"] = False


class check_nans:
    """Makes every model stop with a clear error at the first NaN or infinity.

    `fit`, `evaluate`, `predict` and the `*_on_batch` methods then check each step: its loss and
    logs, its predictions, and the weights and optimizer state that it leaves. The `NumericsError`
    names the step and what held the first NaN (the data, a layer's output, a loss, a gradient, a
    weight), and the model stays as it was before that step. Checked steps run one by one and are
    waited for; models whose `compile` got `check_numerics` follow that instead.

    Gradients that overflow under a `LossScaleOptimizer` are its business and no error.

    Args:
        enabled: False switches it off.

    It holds from the call on; as a context manager, for the length of the `with`:

    >>> import hornbill as hb
    >>> with hb.config.check_nans():
    ...     hb.config.is_check_nans_enabled()
    True
    >>> hb.config.is_check_nans_enabled()
    False
    """

    def __init__(self, enabled: bool = True):
        if not isinstance(enabled, bool):
            raise TypeError(f"check_nans takes True or False. Received: enabled={enabled!r}")
        self._before = _settings["check_nans"]
        _settings["check_nans"] = enabled

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        _settings["check_nans"] = self._before


def is_check_nans_enabled() -> bool:
    """Whether `check_nans` is on."""
    return _settings["check_nans"]


def enable_unsafe_deserialization() -> None:
    """Refused: Hornbill never runs code from a file.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(
        "Files hold data, never code, and Hornbill has no switch to change that. For a model with "
        "Lambda layers write the function with a name, register it with "
        "@hornbill.saving.register_keras_serializable(), and load the model with "
        "custom_objects={name: function}."
    )
