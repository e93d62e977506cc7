"""StatelessScope: runs code that reads and assigns Variables as a pure function of them.

    with StatelessScope({variable: array}) as scope:
        ...                       # reads see `array`, writes stay in the scope
    new = scope.read(variable)

Scopes nest: a read that the inner scope does not hold goes to the outer one, and to the
variable's own cell last. Nothing is written through: what an inner scope held is gone with
it unless its owner hands it on (`engine/gradients.py` does).
"""

import contextlib
from contextvars import ContextVar

import jax

_current: ContextVar["StatelessScope | None"] = ContextVar("hornbill_scope", default=None)


class StatelessScope:
    """Redirects reads and writes of variables to a dict for the length of a `with`.

    Args:
        state_mapping: `{variable: array}`, or pairs of them; what reads return until written.
        collect_losses: whether `losses` lists what layers add by `add_loss` inside.
        initialize_variables: must stay True: a variable has its value from the start.

    Attributes:
        values: what the scope holds now.
        written: the variables assigned inside, in order of their first assignment.
        layer_losses: `{id of layer: [loss, ...]}`, what `add_loss` recorded inside.
    """

    def __init__(
        self,
        state_mapping=None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ):
        if not initialize_variables:
            raise ValueError(
                "StatelessScope(initialize_variables=False) would leave variables made inside "
                "without a value; in Hornbill each has its value from the start. "
                f"Received: initialize_variables={initialize_variables!r}"
            )
        self.values = dict(state_mapping or {})
        self.written: dict = {}
        self.layer_losses: dict = {}
        self.collect_losses = collect_losses
        self.outer = None

    def __enter__(self):
        self.outer = _current.get()
        self._token = _current.set(self)
        return self

    def __exit__(self, *exc):
        _current.reset(self._token)

    def write(self, variable, value) -> None:
        self.values[variable] = value
        self.written[variable] = None

    def read(self, variable):
        scope = self
        while scope is not None:
            if variable in scope.values:
                return scope.values[variable]
            scope = scope.outer
        return variable._value

    def updates(self) -> list:
        """`[(variable, new array)]` for all that was assigned inside."""
        return [(v, self.values[v]) for v in self.written]

    @property
    def losses(self) -> list:
        """All losses added inside, with `collect_losses=True`; else empty."""
        return [x for xs in self.layer_losses.values() for x in xs] if self.collect_losses else []

    def add_loss(self, loss) -> None:
        """Adds a loss that belongs to no layer."""
        self.layer_losses.setdefault(None, []).append(loss)

    def add_update(self, update) -> None:
        """`write`, under Keras's name and with one `(variable, value)`."""
        self.write(*update)

    get_current_value = read


def current_scope() -> StatelessScope | None:
    """The innermost active scope, or None outside any."""
    return _current.get()


def in_stateless_scope() -> bool:
    """Whether variables are redirected at the moment."""
    return _current.get() is not None


@contextlib.contextmanager
def outside_scopes():
    """Runs code as if no scope and no trace were active: what it assigns stays.

    A layer's `build` runs so, wherever its first call happens.
    """
    token = _current.set(None)
    try:
        with jax.ensure_compile_time_eval():
            yield
    finally:
        _current.reset(token)
