"""`break`, `continue` and `return` as flags, for `rewrite.py`."""

import ast

from . import syntax


class Flags:
    """The names of the flags that stand for the jumps out of a loop, `with` or `try`."""

    def __init__(self, number: int):
        names = ("break", "continue", "return", "value")
        self.brk, self.cont, self.ret, self.value = (f"__hornbill_{n}_{number}__" for n in names)
        self.used: dict[str, None] = {}

    def raise_(self, flag: str):
        self.used[flag] = None
        return syntax.set_(flag, True)

    def lower(self, body, in_loop: bool) -> list:
        """Statements whose jumps are flags; what a jump passes over is guarded."""
        new: list = []
        for i, node in enumerate(body):
            if isinstance(node, ast.Break) and in_loop:
                return [*new, *syntax.place([self.raise_(self.brk)], node)]
            if isinstance(node, ast.Continue) and in_loop:
                return [*new, *syntax.place([self.raise_(self.cont)], node)]
            if isinstance(node, ast.Return):
                return [*new, *self._return(node)]
            before = list(self.used)
            self.used.clear()
            new.append(self._lowered(node, in_loop))
            raised = list(self.used)
            self.used = dict.fromkeys([*before, *raised])
            rest = body[i + 1 :]
            if raised and rest:
                guard = ast.If(syntax.unset(raised), self.lower(rest, in_loop), [])
                return [*new, *syntax.place([guard], rest[0])]
        return new

    def _return(self, node):
        value = node.value or ast.Constant(None)
        return syntax.place([self.raise_(self.ret), syntax.set_(self.value, value)], node)

    def _lowered(self, node, in_loop):
        if isinstance(node, syntax.LOOPS):
            node.body = self._left(node.body, True)
            node.orelse = self.lower(node.orelse, in_loop)
        elif isinstance(node, (ast.If, ast.With, ast.Try)):
            for field in ("body", "orelse", "finalbody"):
                if getattr(node, field, None):
                    setattr(node, field, self.lower(getattr(node, field), in_loop))
            for handler in getattr(node, "handlers", ()):
                handler.body = self.lower(handler.body, in_loop)
        return node

    def _left(self, body, inner):
        """A loop inside: a `return` sets the flag and leaves it."""
        new: list = []
        for node in body:
            if isinstance(node, ast.Return):
                return [*new, *self._return(node), *syntax.place([ast.Break()], node)]
            new.append(node)
            if isinstance(node, syntax.LOOPS) and syntax.contains([node], ast.Return):
                node.body, node.orelse = self._left(node.body, True), self._left(node.orelse, True)
                new += syntax.place([ast.If(syntax.load(self.ret), [ast.Break()], [])], node)
            elif isinstance(node, (ast.If, ast.With, ast.Try)):
                for field in ("body", "orelse", "finalbody"):
                    if getattr(node, field, None):
                        setattr(node, field, self._left(getattr(node, field), True))
                for handler in getattr(node, "handlers", ()):
                    handler.body = self._left(handler.body, True)
        return new
