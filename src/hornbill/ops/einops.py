"""rearrange: splitting, merging and reordering axes by a pattern of names."""

import math
import re

import jax.numpy as jnp

from ..engine.operation import Tensor, op
from .common import public


@op
def rearrange(tensor: Tensor, pattern: str, **axes_lengths: int):
    """Splits, reorders and merges the axes of a tensor as a pattern says.

    The pattern names the axes before and after `->`; names in parentheses share an axis, the last
    one varying fastest. https://openreview.net/forum?id=oapKSVM2bcj

    Args:
        tensor: the tensor.
        pattern: such as `"b (h p) (w q) c -> b (h w) (p q c)"`.
        **axes_lengths: sizes of names in parentheses; one of each pair of parentheses follows
            from the axis.

    Raises:
        ValueError: if the pattern does not suit the tensor, or leaves a size open.

    >>> import hornbill as hb
    >>> images = hb.ops.zeros((32, 30, 40, 3))
    >>> hb.ops.rearrange(images, "b h w c -> b c h w").shape
    (32, 3, 30, 40)
    >>> hb.ops.rearrange(images, "b (h p) (w q) c -> b (h w) (p q c)", p=2, q=2).shape
    (32, 300, 12)
    """
    before, after = _parse(pattern)
    if len(before) != tensor.ndim:
        raise ValueError(
            f"ops.rearrange's pattern '{pattern}' is for {len(before)} axes. "
            f"Received: tensor.shape={tensor.shape}"
        )
    names = [name for group in before for name in group]
    unused = axes_lengths.keys() - set(names)
    if unused:
        raise ValueError(
            f"ops.rearrange's pattern has no axis {sorted(unused)}. "
            f"Received: pattern={pattern!r}, {axes_lengths}"
        )
    sizes: dict = {}
    for group, size in zip(before, tensor.shape, strict=True):
        sizes |= _split(pattern, group, size, axes_lengths)
    x = jnp.reshape(tensor, [sizes[name] for name in names])
    x = jnp.transpose(x, [names.index(name) for group in after for name in group])
    return jnp.reshape(x, [math.prod(sizes[name] for name in group) for group in after])


def _parse(pattern) -> tuple[list[list[str]], list[list[str]]]:
    """The groups of names on both sides; a name without parentheses is a group of its own."""
    sides = pattern.split("->") if isinstance(pattern, str) else []
    form = re.compile(r"\s*((\w+|\([\w\s]*\))\s*)*")
    if len(sides) != 2 or not all(form.fullmatch(side) for side in sides):
        raise ValueError(
            "ops.rearrange's pattern is names and parentheses around names, such as "
            f"'b h w c -> b (h w) c'. Received: pattern={pattern!r}"
        )
    before, after = (
        [group.strip("()").split() for group in re.findall(r"\w+|\(.*?\)", side)] for side in sides
    )
    names = [sorted(name for group in side for name in group) for side in (before, after)]
    if names[0] != names[1] or len(set(names[0])) < len(names[0]):
        raise ValueError(
            "ops.rearrange's pattern has each name once before and once after '->'. "
            f"Received: pattern={pattern!r}"
        )
    return before, after


def _split(pattern, group, size, lengths) -> dict:
    """The sizes of the names that share an axis."""
    if len(group) == 1 and group[0] not in lengths:
        return {group[0]: size}
    known = math.prod(lengths[name] for name in group if name in lengths)
    rest = [name for name in group if name not in lengths]
    fixed = isinstance(size, int)  # a dimension that is not known yet cannot be checked
    if len(rest) > 1 or (fixed and (size % known if rest else size != known)):
        raise ValueError(
            f"ops.rearrange cannot split an axis of size {size} into {group}: all sizes but one "
            "are given, and their product divides the axis. "
            f"Received: pattern={pattern!r}, {lengths}"
        )
    return {name: lengths.get(name, size // known) for name in group}


__all__ = public(globals())
