"""InputSpec: what a layer's input must look like, checked before the layer runs."""

from ..engine.dtypes import dtype_of


class InputSpec:
    """What a layer requires of an input; None fields are not checked.

    Args:
        dtype: the dtype's name.
        shape: the shape, None for free dimensions.
        ndim: the exact number of dimensions.
        max_ndim: the most dimensions.
        min_ndim: the fewest dimensions.
        axes: `{axis: size}` for single dimensions.
        allow_last_axis_squeeze: whether `(n, 1)` may stand for `(n,)` and the reverse.
        name: the name of the input in messages and dicts.
        optional: whether None may be passed.

    >>> import hornbill as hb
    >>> hb.layers.InputSpec(ndim=3, axes={-1: 8})
    InputSpec(ndim=3, axes={-1: 8})
    """

    def __init__(
        self,
        dtype=None,
        shape=None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ):
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name, self.optional = name, optional
        for axis in self.axes:
            limit = self.ndim or self.max_ndim
            if limit is not None and not -limit <= axis < limit:
                raise ValueError(f"InputSpec's axes name axis {axis}, but there are {limit} axes.")

    def get_config(self) -> dict:
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict) -> "InputSpec":
        return cls(**config)

    def __repr__(self):
        fields = {k: v for k, v in vars(self).items() if v not in (None, False, {})}
        if self.shape is not None:
            fields.pop("ndim")
        return f"InputSpec({', '.join(f'{k}={v}' for k, v in fields.items())})"

    def mismatch(self, x) -> str | None:
        """What is wrong with `x`, as `expected ..., got ...`, or None."""
        if x is None:
            return None if self.optional else "expected a tensor, got None"
        if not hasattr(x, "shape"):
            return f"expected a tensor, got {x!r} of type {type(x).__name__}"
        shape = tuple(n if isinstance(n, int) else None for n in x.shape)
        if self.shape is not None and self.allow_last_axis_squeeze:
            if len(shape) == len(self.shape) + 1 and shape[-1] == 1:
                shape = shape[:-1]
            elif len(shape) == len(self.shape) - 1 and self.shape[-1] == 1:
                shape = (*shape, 1)
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim:
            return f"expected {self.ndim} dimensions, got {rank}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected at most {self.max_ndim} dimensions, got {rank}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"expected at least {self.min_ndim} dimensions, got {rank}"
        if self.dtype is not None and dtype_of(x) != self.dtype:
            return f"expected dtype {self.dtype}, got {dtype_of(x)}"
        wanted = dict(self.axes)
        wanted.update({i: n for i, n in enumerate(self.shape or ()) if n is not None})
        for axis, size in wanted.items():
            if size is not None and not -rank <= axis < rank:
                return f"expected an axis {axis} of size {size}, got {rank} dimensions"
            if size is not None and shape[axis] is not None and shape[axis] != size:
                return f"expected axis {axis} to have size {size}, got {shape[axis]}"
        return None


def check_inputs(spec, inputs, path: str) -> None:
    """Raises one ValueError if `inputs` do not fit `spec` (an InputSpec or a structure)."""
    if isinstance(spec, InputSpec):
        specs, values = [spec], [inputs]
        if isinstance(inputs, (list, tuple)) and len(inputs) == 1:
            values = list(inputs)
    elif isinstance(spec, dict):
        if not isinstance(inputs, dict) or set(spec) - set(inputs):
            got = sorted(inputs) if isinstance(inputs, dict) else type(inputs).__name__
            raise ValueError(f"Layer '{path}' expects a dict with {sorted(spec)}. Received: {got}")
        specs, values = list(spec.values()), [inputs[k] for k in spec]
    else:
        specs = list(spec)
        values = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        if len(specs) != len(values):
            raise ValueError(
                f"Layer '{path}' expects {len(specs)} inputs, as a list in that order. "
                f"Received: {len(values)}"
            )
    for i, (one, value) in enumerate(zip(specs, values, strict=True)):
        wrong = one.mismatch(value) if one is not None else None
        if wrong:
            which = f" (input {one.name or i})" if len(specs) > 1 else ""
            got = f" Received an input of shape {_shape(value)}." if hasattr(value, "shape") else ""
            raise ValueError(f"Layer '{path}'{which} {wrong}.{got}{_came_from(value)}")


def _shape(x):
    return tuple(n if isinstance(n, int) else None for n in x.shape)


def _came_from(x) -> str:
    name = getattr(x, "name", None)
    return f" It came from '{name}'." if isinstance(name, str) else ""
