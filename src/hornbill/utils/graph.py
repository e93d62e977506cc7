"""Questions to symbolic tensors."""

from ..engine.symbolic import SymbolicTensor


def get_source_inputs(tensor: SymbolicTensor) -> list[SymbolicTensor]:
    """The input tensors that a symbolic tensor was computed from, in the order of their use.

    >>> import hornbill as hb
    >>> a, b = hb.Input((2,), name="a"), hb.Input((2,), name="b")
    >>> [t.name for t in hb.utils.get_source_inputs(b * 2 + a)]
    ['b', 'a']
    """
    if not isinstance(tensor, SymbolicTensor):
        raise ValueError(
            "get_source_inputs takes a symbolic tensor, such as a model's output. "
            f"Received: {tensor!r}"
        )
    found: list[SymbolicTensor] = []
    seen, stack = set(), [tensor]
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one.history is None or one.history.node.is_input:
            found.append(one)
        else:
            stack.extend(reversed(one.history.node.inputs))
    return found
