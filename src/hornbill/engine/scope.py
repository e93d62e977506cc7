"""StatelessScope: runs code that reads and assigns Variables as a pure function of them.

    with StatelessScope({variable: array}) as scope:
        ...                       # reads see `array`, writes stay in the scope
    new = scope.read(variable)

Scopes nest: a read that the inner scope does not hold goes to the outer one, and to the
variable's own cell last. Nothing is written through: what an inner scope held is gone with
it unless its owner hands it on (`engine/gradients.py` does).
"""

from contextvars import ContextVar

_current: ContextVar["StatelessScope | None"] = ContextVar("hornbill_scope", default=None)


class StatelessScope:
    """Redirects reads and writes of variables to a dict for the length of a `with`.

    Args:
        state_mapping: `{variable: array}`, or pairs of them; what reads return until written.

    Attributes:
        values: what the scope holds now.
        written: the variables assigned inside, in order of their first assignment.
        losses: `{layer: [loss, ...]}`, what `add_loss` recorded inside.
    """

    def __init__(self, state_mapping=None):
        self.values = dict(state_mapping or {})
        self.written: dict = {}
        self.losses: dict = {}
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

    # Keras's names for the same two actions.
    add_update = write
    get_current_value = read


def current_scope() -> StatelessScope | None:
    """The innermost active scope, or None outside any."""
    return _current.get()


def in_stateless_scope() -> bool:
    """Whether variables are redirected at the moment."""
    return _current.get() is not None
