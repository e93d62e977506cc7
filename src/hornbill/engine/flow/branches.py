"""What `if`, `while` and `for` become when they depend on a tensor that has no value yet.

`autograph.py` turns the statements into calls of these functions. Where the condition has a value,
Python decides as ever; where it is a placeholder of compiled code, `lax.cond`, `lax.scan` and a
loop with a gradient of its own do. What a branch or body assigns to variables becomes a result of
it. A tensor is here whatever is one array: JAX's own, a Variable, or a wrapper of one that JAX
knows as a tree.
"""

import operator

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import concrete_or_error

from ..errors import NeedsValue, from_engine, user_frame
from ..scope import StatelessScope
from ..variable import Variable
from .loops import differentiable_while

# A `for` over a tensor of more rows than this becomes a loop of the compiler's, if it can.
UNROLLED = 32
# How the names begin that the transform makes for itself.
OWN = "__hornbill"


def refuse(what: str):
    """Raises: this cannot be done in a branch or body that compiled code chooses."""
    raise NeedsValue(f"{what} {_where()}")


def _where() -> str:
    filename, line = user_frame()
    return f"Received: line {line} of {filename}"


class Undefined:
    """Stands for a variable that not every way through the code assigns: using it fails."""

    def __init__(self, name: str):
        self.name = name

    def _used(self, *args, **kwargs):
        refuse(
            f"'{self.name}' is used, but only some ways through a tensor-dependent `if` or loop "
            "assign it. Assign it before."
        )

    def __getattr__(self, attribute):
        if attribute.startswith("__"):  # a question about protocols, not a use
            raise AttributeError(attribute)
        self._used()

    __hash__ = object.__hash__


for _name in "add sub mul truediv floordiv mod pow matmul and or xor".split():
    setattr(Undefined, f"__{_name}__", Undefined._used)
    setattr(Undefined, f"__r{_name}__", Undefined._used)
for _name in "lt le gt ge eq ne bool len iter getitem call neg abs float int index".split():
    setattr(Undefined, f"__{_name}__", Undefined._used)


def value_of(name: str, read):
    """The variable's value, or `Undefined`."""
    try:
        return read()
    except NameError:
        return Undefined(name)


def array_of(x):
    """The array of a tensor; other things as they are."""
    if isinstance(x, jax.Array) or not hasattr(x, "__jax_array__"):
        return x
    return x.__jax_array__()


def is_open(x) -> bool:
    """Whether the truth of `x` is not known: it is a placeholder of compiled code."""
    x = array_of(x)
    if not isinstance(x, jax.core.Tracer):
        return False
    try:
        concrete_or_error(None, x)
    except jax.errors.ConcretizationTypeError:
        return True
    return False


# ---- expressions -----------------------------------------------------------------------------


def _logical(function, *operands):
    """A function of truths, its result of the kind of the operands."""
    result = function(*(jnp.asarray(array_of(x)) for x in operands))
    for x in operands:
        treedef = jax.tree.structure(x)
        if treedef != jax.tree.structure(0) and not isinstance(x, Variable):
            return treedef.unflatten([result])
    return result


def and_(first, second):
    """`first and second()`."""
    return _logical(jnp.logical_and, first, second()) if is_open(first) else first and second()


def or_(first, second):
    """`first or second()`."""
    return _logical(jnp.logical_or, first, second()) if is_open(first) else first or second()


def not_(x):
    """`not x`."""
    return _logical(jnp.logical_not, x) if is_open(x) else not x


def compare(operators, left, *rest):
    """`left < rest[0]() < rest[1]()`, each operand computed once."""
    result = None
    for name, right in zip(operators, rest, strict=True):
        right = right()
        held = getattr(operator, name)(left, right)
        result = held if result is None else and_(result, lambda held=held: held)
        if not is_open(result) and not result:
            return result
        left = right
    return result


def choose(test, then, otherwise):
    """`then() if test else otherwise()`."""
    return if_(test, then, otherwise) if is_open(test) else (then if test else otherwise)()


# ---- branches --------------------------------------------------------------------------------


def _truth(test):
    test = jnp.asarray(array_of(test))
    if test.size != 1:
        refuse(
            f"A condition of shape {test.shape} is no single truth. Reduce it with ops.any or "
            "ops.all, or choose elementwise with ops.where."
        )
    return test.astype(bool).reshape(())


def if_(test, then, otherwise, variables=()):
    """The result of `then(*variables)` or `otherwise(*variables)`; the compiler chooses."""
    run = assign_if(
        test, lambda *v: (then(*v),), lambda *v: (otherwise(*v),), variables, ["the result"]
    )
    return run[0]


def assign_if(test, then, otherwise, variables, names):
    """The new values of the variables `names`, by either of two functions of their old ones.

    Where only one way gives one of the transform's own names a value, it is zeros on the other,
    where nobody looks at it.
    """
    test = _truth(test)
    first, second = _Pure(then), _Pure(otherwise)
    for way in (first, second):
        jax.eval_shape(lambda way=way: way(variables))
    slots = [_merge(*ways) for ways in zip(names, first.slots, second.slots, strict=True)]
    written = list({**first.written, **second.written})

    def run(way):
        arrays, scope = way.arrays(variables, slots)
        return arrays, [scope.read(v) for v in written]

    arrays, states = _checked(
        lambda: jax.lax.cond(test, lambda: run(first), lambda: run(second)), "if"
    )
    for variable, state in zip(written, states, strict=True):
        variable.assign(state)
    arrays = iter(arrays)
    return tuple(slot.rebuild(arrays) for slot in slots)


def _checked(run, what):
    try:
        return run()
    except (TypeError, ValueError) as error:
        if getattr(error, "_explained", False) or not from_engine(error):
            raise
        reason = str(error).strip().split("\n")[0]
        reason = f"A tensor-dependent `{what}` cannot be compiled: {reason}"
        raise NeedsValue(f"{reason} {_where()}") from error


class _Array:
    """The place of an array: its shape, and its dtype (None for a Python number of one kind)."""

    def __init__(self, shape, dtype, kind=None):
        self.shape, self.dtype, self.kind = tuple(shape), dtype, kind

    def of(self, x):
        if x is None:
            return (
                jnp.zeros(self.shape, self.dtype) if self.kind is None else jnp.asarray(self.kind())
            )
        return jnp.asarray(x, self.dtype)

    def __repr__(self):
        return "number" if self.kind else f"array of shape {self.shape}"


class _Slot:
    """The form of one variable's value: a structure of arrays and of things known beforehand."""

    def __init__(self, treedef, leaves, undefined=None):
        self.treedef, self.leaves, self.undefined = treedef, leaves, undefined

    @classmethod
    def of(cls, value, numbers: bool = False):
        """The value's form; with `numbers`, Python's numbers are arrays as well."""
        if isinstance(value, Undefined):
            return cls(None, [], value)
        leaves, treedef = jax.tree.flatten(value, is_leaf=lambda x: x is None)
        return cls(treedef, [_form(x, numbers) for x in leaves])

    def arrays(self, value) -> list:
        """The arrays of a value of this form; zeros where it is undefined."""
        if self.undefined is not None:
            return []
        if isinstance(value, Undefined):
            return [x.of(None) for x in self.leaves if isinstance(x, _Array)]
        values = jax.tree.leaves(value, is_leaf=lambda x: x is None)
        pairs = zip(self.leaves, values, strict=True)
        return [x.of(array_of(v)) for x, v in pairs if isinstance(x, _Array)]

    def rebuild(self, arrays):
        """The value, from an iterator of arrays."""
        if self.undefined is not None:
            return self.undefined
        return self.treedef.unflatten(
            [next(arrays) if isinstance(x, _Array) else x for x in self.leaves]
        )


def _form(x, numbers: bool):
    if isinstance(x, (jax.Array, np.ndarray, np.generic)) and x.dtype.kind not in "OUS":
        weak = {"f": float, "i": int}.get(x.dtype.kind) if getattr(x, "weak_type", False) else None
        return _Array(
            x.shape, None if weak and not x.shape else x.dtype, weak if not x.shape else None
        )
    if numbers and type(x) in (bool, int, float):
        return _Array((), None, type(x))
    return x


def _merge(name: str, a: _Slot, b: _Slot) -> _Slot:
    """The form of a value that comes from one of two ways."""
    if a.undefined is not None or b.undefined is not None:
        if name.startswith(OWN):
            return b if a.undefined is not None else a
        return a if a.undefined is not None else b
    if a.treedef == b.treedef:
        leaves = [_merge_leaves(x, y) for x, y in zip(a.leaves, b.leaves, strict=True)]
        if NotImplemented not in map(_plain, leaves):
            return _Slot(a.treedef, leaves)
    what = name if name == "the result" else "the result" if name.startswith(OWN) else f"'{name}'"
    refuse(
        "Both ways of a tensor-dependent `if` (or a loop's start and rounds) must give the same "
        f"kinds of values, but {what} is {_told(a)} in one and {_told(b)} in the other. Give both "
        "one structure and shape, or decide before by a Python value."
    )


def _plain(x):
    return x if x is NotImplemented else None


def _told(slot) -> str:
    leaves = [repr(x) for x in slot.leaves]
    return leaves[0] if len(leaves) == 1 else f"({', '.join(leaves)})"


def _merge_leaves(x, y):
    """The form of a leaf that has two, NotImplemented where there is none."""
    if not isinstance(x, _Array) and not isinstance(y, _Array):
        same = x is y or (type(x) is type(y) and bool(x == y))
        if same:
            return x
    x, y = _number(x), _number(y)
    if not isinstance(x, _Array) or not isinstance(y, _Array) or x.shape != y.shape:
        return NotImplemented
    if x.kind and x.kind is y.kind:
        return x
    return _Array(x.shape, jnp.result_type(*(p.kind() if p.kind else p.dtype for p in (x, y))))


def _number(x):
    return _Array((), None, type(x)) if type(x) in (bool, int, float) else x


class _Pure:
    """A function of variables that gives a tuple of values, run for its arrays alone."""

    def __init__(self, function):
        self.function = function

    def _run(self, variables):
        with StatelessScope() as scope:
            values = self.function(*variables)
        if scope.layer_losses:
            refuse(
                "add_loss inside a tensor-dependent `if` or loop would be lost. Call the layer "
                "outside of it."
            )
        return tuple(x.value if isinstance(x, Variable) else x for x in values), scope

    def __call__(self, variables, numbers: bool = False):
        """Notes the forms of the values, and which library variables are assigned."""
        values, scope = self._run(variables)
        self.slots = [_Slot.of(v, numbers) for v in values]
        self.written = dict(scope.written)
        return [x for slot, v in zip(self.slots, values, strict=True) for x in slot.arrays(v)]

    def arrays(self, variables, slots):
        """The arrays of the values in the forms given, and the scope with what was assigned."""
        values, scope = self._run(variables)
        arrays = [x for slot, v in zip(slots, values, strict=True) for x in slot.arrays(v)]
        return arrays, scope


# ---- loops -----------------------------------------------------------------------------------


def surely(*flags) -> bool:
    """Whether one of the flags is known to be set."""
    return any(not is_open(f) and f for f in flags)


class OpenRange:
    """`range` of tensors without a value."""

    def __init__(self, *bounds):
        bounds = [jnp.asarray(array_of(b)) for b in bounds]
        start, stop = (jnp.zeros_like(bounds[0]), *bounds) if len(bounds) == 1 else bounds[:2]
        self.step = bounds[2] if len(bounds) == 3 else jnp.ones_like(stop)
        self.start, self.rounds = start, jnp.maximum(0, -((start - stop) // self.step))

    def __iter__(self):
        refuse("A `range` of a tensor without a value can only be what a `for` runs over.")


def range_(function, *bounds):
    """`function(*bounds)`, which is `range` or `tf.range`, or an `OpenRange`."""
    return OpenRange(*bounds) if any(map(is_open, bounds)) else function(*bounds)


def loops(over, pure: bool) -> bool:
    """Whether a `for` is the compiler's loop: how often it runs is not known, or it is long."""
    if isinstance(over, OpenRange):
        return True
    rows = array_of(over)
    return pure and is_open(over) and rows.ndim > 0 and rows.shape[0] > UNROLLED


def for_(over, body, variables, names):
    """`for x in over: variables = body(x, *variables)`, as a loop of the compiler's."""
    if isinstance(over, OpenRange):
        begin, step = over.start, over.step
        values = while_(
            lambda k, *_: k < over.rounds,
            lambda k, *rest: (k + 1, *body(begin + k * step, *rest)),
            (jnp.zeros_like(over.rounds), *variables),
            ["__hornbill_round__", *names],
        )
        return tuple(values[1:])
    try:
        return _scan(over, body, variables, names)
    except NeedsValue:  # shapes that change, say: its rounds are known, so they can be written out
        for x in over:
            variables = body(x, *variables)
        return tuple(variables)


def _scan(over, body, variables, names):
    treedef = jax.tree.structure(over)
    rows = array_of(over)
    wrap = (
        (lambda x: x)
        if isinstance(over, (jax.Array, Variable))
        else lambda x: treedef.unflatten([x])
    )
    loop = _Loop(lambda x, *rest: body(wrap(x), *rest), variables, names, rows[0])
    carry, _ = _checked(
        lambda: jax.lax.scan(lambda c, x: (loop.advance(c, x), None), loop.start, rows), "for"
    )
    return loop.finish(carry)


def while_(test, body, variables, names):
    """`while test(*variables): variables = body(*variables)`, as a loop of the compiler's."""
    loop = _Loop(body, variables, names)
    carry = _checked(
        lambda: differentiable_while(
            lambda c: _truth(loop.inside(test, c)), loop.advance, loop.start
        ),
        "while",
    )
    return loop.finish(carry)


class _Loop:
    """A loop's variables as a carry of arrays. Those that only the body assigns stay undefined."""

    def __init__(self, body, variables, names, *extra):
        self.names, self.step = names, _Pure(body)
        values = list(variables)
        self.slots = [_Slot.of(v, numbers=True) for v in values]
        # A number that becomes a float, or what a `return` in the loop gives, shows in a round.
        for _ in range(4):
            before = self._key()
            jax.eval_shape(lambda: self.step((*extra, *self._values(self._start(values))), True))
            for i, (name, new) in enumerate(zip(names, self.step.slots, strict=True)):
                if self.slots[i].undefined is None or name.startswith(OWN):
                    self.slots[i] = _merge(name, self.slots[i], new)
            if self._key() == before:
                break
        self.written = list(self.step.written)
        self.start = self._start(values), [v._stored() for v in self.written]

    def _key(self):
        return [
            [(x.shape, x.dtype, x.kind) if isinstance(x, _Array) else None for x in s.leaves]
            for s in self.slots
        ]

    def _start(self, values):
        return [x for s, v in zip(self.slots, values, strict=True) for x in s.arrays(v)]

    def _values(self, arrays):
        arrays = iter(arrays)
        return [slot.rebuild(arrays) for slot in self.slots]

    def inside(self, function, carry):
        """A function of the variables as they are in a round."""
        arrays, states = carry
        with StatelessScope(zip(self.written, states, strict=True)):
            return function(*self._values(arrays))

    def advance(self, carry, *extra):
        arrays, states = carry
        with StatelessScope(zip(self.written, states, strict=True)):
            new, scope = self.step.arrays((*extra, *self._values(arrays)), self.slots)
            return new, [scope.read(v) for v in self.written]

    def finish(self, carry):
        """The variables after the loop; what it assigned to library variables is assigned."""
        arrays, states = carry
        for variable, state in zip(self.written, states, strict=True):
            variable.assign(state)
        return tuple(self._values(arrays))


# ---- what a body may not do ------------------------------------------------------------------


def unchanging(thing, method: str):
    """The thing, unless calling the method would change one of Python's containers."""
    if isinstance(thing, (list, dict, set, bytearray)):
        refuse(
            f"`.{method}(...)` inside a tensor-dependent `if` or loop would happen once, whatever "
            "the tensors say. Assign to a local variable, or use ops.where."
        )
    return thing
