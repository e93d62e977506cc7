"""Ops that make fewer numbers of many: sums, means, extremes, quantiles, counts.

`axis` is one axis, several, or None for all; `keepdims` leaves reduced axes with size 1.
"""

import jax.numpy as jnp

from ...engine.operation import Tensor, op
from ..common import Axis, DType, hashable, named, public, to_float


@op
def sum(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum of the elements.

    >>> import hornbill as hb
    >>> hb.ops.sum([[1, 2], [3, 4]], axis=0).tolist()
    [4, 6]
    """
    return jnp.sum(x, hashable(axis), keepdims=keepdims)


@op
def prod(x: Tensor, axis: Axis = None, keepdims: bool = False, dtype: DType = None) -> Tensor:
    """The product of the elements.

    >>> import hornbill as hb
    >>> hb.ops.prod([[1, 2], [3, 4]], axis=1).tolist()
    [2, 12]
    """
    return jnp.prod(x, hashable(axis), named(dtype), keepdims=keepdims)


@op
def mean(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean; of integers too it is a float. 16-bit floats are summed in 32 bits.

    >>> import hornbill as hb
    >>> hb.ops.mean([[1, 2], [3, 4]], axis=0).tolist()
    [2.0, 3.0]
    """
    return jnp.mean(x, hashable(axis), keepdims=keepdims)


@op
def var(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance: the mean squared distance from the mean.

    >>> import hornbill as hb
    >>> float(hb.ops.var([1.0, 3.0]))
    1.0
    """
    return jnp.var(x, hashable(axis), keepdims=keepdims)


@op
def std(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation: the root of the variance.

    >>> import hornbill as hb
    >>> float(hb.ops.std([1.0, 3.0]))
    1.0
    """
    return jnp.std(x, hashable(axis), keepdims=keepdims)


@op
def average(x: Tensor, axis: Axis = None, weights: Tensor = None) -> Tensor:
    """The weighted mean.

    Args:
        x: the tensor.
        axis: the axes to average over.
        weights: of `x`'s shape, or 1-D along `axis`; all equal when None.

    >>> import hornbill as hb
    >>> float(hb.ops.average([1.0, 5.0], weights=[3.0, 1.0]))
    2.0
    """
    return jnp.average(x, hashable(axis), weights)


@op
def max(x: Tensor, axis: Axis = None, keepdims: bool = False, initial: Tensor = None) -> Tensor:
    """The largest element.

    Args:
        x: the tensor.
        axis: the axes to reduce.
        keepdims: whether they stay, with size 1.
        initial: a number that the result is at least; needed when there are no elements.

    >>> import hornbill as hb
    >>> hb.ops.max([[1, 5], [3, 4]], axis=0).tolist()
    [3, 5]
    """
    return jnp.max(x, hashable(axis), keepdims=keepdims, initial=initial)


@op
def min(x: Tensor, axis: Axis = None, keepdims: bool = False, initial: Tensor = None) -> Tensor:
    """The smallest element.

    Args:
        x: the tensor.
        axis: the axes to reduce.
        keepdims: whether they stay, with size 1.
        initial: a number that the result is at most; needed when there are no elements.

    >>> import hornbill as hb
    >>> hb.ops.min([[1, 5], [3, 4]], axis=0).tolist()
    [1, 4]
    """
    return jnp.min(x, hashable(axis), keepdims=keepdims, initial=initial)


@op
def amax(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest element, as `max`.

    >>> import hornbill as hb
    >>> int(hb.ops.amax([1, 5]))
    5
    """
    return jnp.max(x, hashable(axis), keepdims=keepdims)


@op
def amin(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest element, as `min`.

    >>> import hornbill as hb
    >>> int(hb.ops.amin([1, 5]))
    1
    """
    return jnp.min(x, hashable(axis), keepdims=keepdims)


@op
def ptp(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The range: the largest less the smallest element.

    >>> import hornbill as hb
    >>> int(hb.ops.ptp([1, 5]))
    4
    """
    return jnp.ptp(x, hashable(axis), keepdims=keepdims)


@op
def all(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether all elements are true.

    >>> import hornbill as hb
    >>> hb.ops.all([[True, False], [True, True]], axis=1).tolist()
    [False, True]
    """
    return jnp.all(x, hashable(axis), keepdims=keepdims)


@op
def any(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether at least one element is true.

    >>> import hornbill as hb
    >>> hb.ops.any([[True, False], [False, False]], axis=1).tolist()
    [True, False]
    """
    return jnp.any(x, hashable(axis), keepdims=keepdims)


@op
def count_nonzero(x: Tensor, axis: Axis = None) -> Tensor:
    """How many elements are not 0, an int32.

    >>> import hornbill as hb
    >>> int(hb.ops.count_nonzero([0, 3, 5]))
    2
    """
    return jnp.count_nonzero(x, hashable(axis)).astype("int32")


@op
def median(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The median: half of the elements lie below, half above.

    >>> import hornbill as hb
    >>> float(hb.ops.median([1, 2, 10]))
    2.0
    """
    return jnp.median(to_float(x), hashable(axis), keepdims=keepdims)


@op
def quantile(
    x: Tensor, q: Tensor, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """The values below which the shares `q` of the elements lie.

    Args:
        x: the tensor.
        q: a share in [0, 1] or a 1-D tensor of them, which becomes the first axis.
        axis: the axes to reduce.
        method: what to take between two elements: `"linear"`, `"lower"`, `"higher"`,
            `"midpoint"` or `"nearest"`.
        keepdims: whether reduced axes stay, with size 1.

    >>> import hornbill as hb
    >>> hb.ops.quantile([0.0, 1.0, 2.0], [0.5, 0.75]).tolist()
    [1.0, 1.5]
    """
    return jnp.quantile(to_float(x), to_float(q), hashable(axis), method=method, keepdims=keepdims)


@op
def percentile(
    x: Tensor, q: Tensor, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`quantile` with `q` in percent.

    >>> import hornbill as hb
    >>> float(hb.ops.percentile([0.0, 1.0, 2.0], 75))
    1.5
    """
    x, q = to_float(x), to_float(q)
    return jnp.percentile(x, q, hashable(axis), method=method, keepdims=keepdims)


# Running sums and products


@op
def cumsum(x: Tensor, axis: int | None = None, dtype: DType = None) -> Tensor:
    """The sums up to each element, along `axis` or over the raveled elements when None.

    >>> import hornbill as hb
    >>> hb.ops.cumsum([1, 2, 3]).tolist()
    [1, 3, 6]
    """
    return jnp.cumsum(x, axis, named(dtype))


@op
def cumprod(x: Tensor, axis: int | None = None, dtype: DType = None) -> Tensor:
    """The products up to each element, along `axis` or over the raveled elements when None.

    >>> import hornbill as hb
    >>> hb.ops.cumprod([1, 2, 3]).tolist()
    [1, 2, 6]
    """
    return jnp.cumprod(x, axis, named(dtype))


@op
def diff(a: Tensor, n: int = 1, axis: int = -1) -> Tensor:
    """The differences of neighbours along an axis, taken `n` times.

    >>> import hornbill as hb
    >>> hb.ops.diff([1, 4, 9]).tolist()
    [3, 5]
    """
    return jnp.diff(a, n, axis)


@op
def trapezoid(y: Tensor, x: Tensor = None, dx: Tensor = 1.0, axis: int = -1) -> Tensor:
    """The integral of `y` along an axis by the trapezoid rule.

    Args:
        y: the values.
        x: where they were taken; at distances `dx` when None.
        dx: the distance.
        axis: the axis to integrate along.

    >>> import hornbill as hb
    >>> float(hb.ops.trapezoid([1.0, 2.0, 3.0]))
    4.0
    """
    return jnp.trapezoid(y, x, dx, axis)


# Passing over NaN


@op
def nansum(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum of the elements that are not NaN.

    >>> import hornbill as hb
    >>> float(hb.ops.nansum([1.0, float("nan"), 2.0]))
    3.0
    """
    return jnp.nansum(x, hashable(axis), keepdims=keepdims)


@op
def nanprod(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The product of the elements that are not NaN.

    >>> import hornbill as hb
    >>> float(hb.ops.nanprod([3.0, float("nan"), 2.0]))
    6.0
    """
    return jnp.nanprod(x, hashable(axis), keepdims=keepdims)


@op
def nanmean(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean of the elements that are not NaN.

    >>> import hornbill as hb
    >>> float(hb.ops.nanmean([1.0, float("nan"), 3.0]))
    2.0
    """
    return jnp.nanmean(x, hashable(axis), keepdims=keepdims)


@op
def nanvar(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance of the elements that are not NaN.

    >>> import hornbill as hb
    >>> float(hb.ops.nanvar([1.0, float("nan"), 3.0]))
    1.0
    """
    return jnp.nanvar(x, hashable(axis), keepdims=keepdims)


@op
def nanstd(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation of the elements that are not NaN.

    >>> import hornbill as hb
    >>> float(hb.ops.nanstd([1.0, float("nan"), 3.0]))
    1.0
    """
    return jnp.nanstd(x, hashable(axis), keepdims=keepdims)


@op
def nanmax(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest element that is not NaN.

    >>> import hornbill as hb
    >>> float(hb.ops.nanmax([1.0, float("nan"), 3.0]))
    3.0
    """
    return jnp.nanmax(x, hashable(axis), keepdims=keepdims)


@op
def nanmin(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest element that is not NaN.

    >>> import hornbill as hb
    >>> float(hb.ops.nanmin([1.0, float("nan"), 3.0]))
    1.0
    """
    return jnp.nanmin(x, hashable(axis), keepdims=keepdims)


@op
def nanmedian(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The median of the elements that are not NaN.

    >>> import hornbill as hb
    >>> float(hb.ops.nanmedian([1.0, float("nan"), 3.0]))
    2.0
    """
    return jnp.nanmedian(to_float(x), hashable(axis), keepdims=keepdims)


@op
def nanquantile(
    x: Tensor, q: Tensor, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`quantile` of the elements that are not NaN.

    >>> import hornbill as hb
    >>> float(hb.ops.nanquantile([0.0, float("nan"), 2.0], 0.75))
    1.5
    """
    x, q = to_float(x), to_float(q)
    return jnp.nanquantile(x, q, hashable(axis), method=method, keepdims=keepdims)


@op
def nanpercentile(
    x: Tensor, q: Tensor, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`percentile` of the elements that are not NaN.

    >>> import hornbill as hb
    >>> float(hb.ops.nanpercentile([0.0, float("nan"), 2.0], 75))
    1.5
    """
    x, q = to_float(x), to_float(q)
    return jnp.nanpercentile(x, q, hashable(axis), method=method, keepdims=keepdims)


@op
def nancumsum(x: Tensor, axis: int | None = None, dtype: DType = None) -> Tensor:
    """`cumsum` with NaN counted as 0.

    >>> import hornbill as hb
    >>> hb.ops.nancumsum([1.0, float("nan"), 2.0]).tolist()
    [1.0, 1.0, 3.0]
    """
    return jnp.nancumsum(x, axis, named(dtype))


@op
def nancumprod(x: Tensor, axis: int | None = None, dtype: DType = None) -> Tensor:
    """`cumprod` with NaN counted as 1.

    >>> import hornbill as hb
    >>> hb.ops.nancumprod([3.0, float("nan"), 2.0]).tolist()
    [3.0, 3.0, 6.0]
    """
    return jnp.nancumprod(x, axis, named(dtype))


__all__ = public(globals())
