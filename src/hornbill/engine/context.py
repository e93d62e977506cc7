"""What a layer's call hands down to the calls inside it: one immutable CallContext."""

from contextvars import ContextVar
from typing import NamedTuple


class CallContext(NamedTuple):
    """The surroundings of the code that runs now.

    `path` is the chain of layer names, `training` what the outer call decided (None: nobody
    did), `autocast` the dtype to which float variables are cast when read, or None, and
    `built` the layers that the outermost call has built so far (None outside any call).
    """

    path: str = ""
    training: bool | None = None
    autocast: str | None = None
    built: list | None = None

    def inside(self, name: str) -> str:
        """The path of something called `name` here."""
        return f"{self.path}/{name}" if self.path else name


_current: ContextVar[CallContext] = ContextVar("hornbill_call", default=CallContext())

current_context = _current.get
enter_context = _current.set
leave_context = _current.reset


class name_scope:
    """Puts a name before the paths of all variables made inside.

    >>> import hornbill as hb
    >>> with hb.name_scope("tower"):
    ...     v = hb.Variable(1.0, name="scale")
    >>> v.path
    'tower/scale'
    """

    def __init__(self, name: str):
        if not isinstance(name, str) or not name or "/" in name:
            raise ValueError(f"name_scope takes a name without '/'. Received: name={name!r}")
        self.name = name

    def __enter__(self):
        context = _current.get()
        self._token = _current.set(context._replace(path=context.inside(self.name)))
        return self

    def __exit__(self, *exc):
        _current.reset(self._token)
