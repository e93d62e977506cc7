"""Gradients with respect to Variables, of code that reads and assigns them."""

import jax
from jax.ad_checkpoint import checkpoint_name
from jax.extend.core import Literal, jaxprs_in_params

from .beside import get_mask, set_mask
from .scope import StatelessScope

MARK = "gradient of "


def value_and_grad(fn, variables, has_aux: bool = False):
    """The result of `fn()` and its gradients with respect to `variables`.

    What `fn` assigns to variables (running statistics, seed counters, metrics) is kept. It works
    eagerly and inside a compiled `train_step` alike.

    Args:
        fn: a function without arguments that returns a scalar loss, or `(loss, aux)` with
            `has_aux=True`.
        variables: the Variables to differentiate by.
        has_aux: whether `fn` returns a second value to hand through.

    Returns:
        `(fn's result, [gradient, ...])`, the gradients in the order of `variables`.

    >>> import hornbill as hb
    >>> w = hb.Variable(3.0)
    >>> loss, (gradient,) = hb.value_and_grad(lambda: w * w, [w])
    >>> float(loss), float(gradient)
    (9.0, 6.0)
    """
    variables = list(variables)
    scope = None

    def pure(values):
        nonlocal scope
        with StatelessScope(zip(variables, values, strict=True)) as scope:
            result = fn()
        loss, aux = result if has_aux else (result, None)
        # Masks are tied to the tensors of this trace; their values leave it as results.
        masks = [get_mask(x) for x in jax.tree.leaves(aux)]
        return loss, (aux, masks, [value for _, value in scope.updates()])

    values = [v._stored() for v in variables]
    (loss, (aux, masks, new)), gradients = jax.value_and_grad(pure, has_aux=True)(values)
    if isinstance(loss, jax.core.Tracer):
        # Marked in the program, at no cost in it, for `without_gradient`.
        marks = [f"{MARK}{v.path}" for v in variables]
        gradients = [checkpoint_name(g, m) for g, m in zip(gradients, marks, strict=True)]
    for x, mask in zip(jax.tree.leaves(aux), masks, strict=True):
        if mask is not None:
            set_mask(x, mask)
    for variable, value in zip(scope.written, new, strict=True):
        variable.assign(value)
    return ((loss, aux) if has_aux else loss), gradients


def without_gradient(jaxpr) -> tuple[list[str], int]:
    """The variables on which no loss in a traced program depends: their gradients are plain zeros.

    Returns:
        Their paths, and how many variables `value_and_grad` differentiated by in all.
    """
    zero: dict[str, bool] = {}
    stack = [jaxpr]
    while stack:
        made = {}
        for equation in stack.pop().eqns:
            stack.extend(jaxprs_in_params(equation.params))
            made.update(dict.fromkeys(equation.outvars, equation))
            mark = equation.params.get("name")
            if equation.primitive.name == "name" and mark.startswith(MARK):
                path = mark.removeprefix(MARK)
                zero[path] = zero.get(path, True) and _is_zero(equation.invars[0], made)
    return [path for path, nothing in zero.items() if nothing], len(zero)


def _is_zero(x, made: dict) -> bool:
    while not isinstance(x, Literal):
        equation = made.get(x)
        if equation is None or equation.primitive.name != "broadcast_in_dim":
            return False
        x = equation.invars[0]
    return bool(x.val == 0)
