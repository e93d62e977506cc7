"""Rewrites a function's syntax tree so that its control flow may depend on tensors.

An `if` becomes two: one that Python decides, which is the statement as it was, and one for a
condition without a value, whose ways are functions that `branches.assign_if` gets:

    if y > 0:            test = y > 0
        y = y * 2        if is_open(test):
                             def then(y):
                                 y = y * 2
                                 return (y,)
                             def otherwise(y):
                                 return (y,)
                             (y,) = assign_if(test, then, otherwise, (y,), ["y"])
                         elif test:
                             y = y * 2

Loops likewise. So code whose conditions have values runs as it was written. An `if` with a
`return` takes the rest of the function into its ways. `break`, `continue` and `return` in loops,
`with` and `try` become flags before. What cannot be in a function of its own (an assignment to an
attribute, `raise`, ...) raises `NeedsValue` in it. Line numbers stay.
"""

import ast
import copy

from . import syntax
from .jumps import Flags
from .syntax import HELPERS, expression, helper, load, place

# A function that grows beyond this many statements stays as it is.
MOST = 20_000


class TooLarge(Exception):
    """The rewritten function has too many statements."""


class Rewrite(ast.NodeTransformer):
    """Rewrites one function; functions inside it are rewritten as well."""

    def __init__(self):
        self.count = self.statements = 0
        self.first: str | None = None  # what the function calls its object
        self.outside: set[str] = set()  # names that `global` or `nonlocal` says
        self.functions: dict[str, set[str]] = {}  # functions inside, and the names they use
        self.fresh: set[str] | None = None  # in a way of its own: containers made there

    def function(self, definition):
        """Rewrites a function's body in place."""
        before = self.first, self.outside, self.functions, self.fresh
        arguments = definition.args.posonlyargs + definition.args.args
        self.first = arguments[0].arg if arguments else None
        self.fresh = None
        if isinstance(definition, ast.Lambda):
            definition.body = self.visit(definition.body)
        else:
            kinds = (ast.Global, ast.Nonlocal)
            nodes = list(syntax.inside(definition.body))
            self.outside = {x for n in nodes if isinstance(n, kinds) for x in n.names}
            self.functions = syntax.named_functions(definition.body)
            definition.body = self.block(definition.body, [])
        self.first, self.outside, self.functions, self.fresh = before
        return definition

    def _name(self, kind: str) -> str:
        self.count += 1
        return f"__hornbill_{kind}_{self.count}__"

    # ---- statements ----------------------------------------------------------------------

    def block(self, body, rest) -> list:
        """The statements rewritten.

        Args:
            rest: what follows them up to the end of the function; None where no `return` of
                theirs is left to be a function's (inside loops, `with`, `try`, and ways).
        """
        new: list = []
        for i, node in enumerate(body):
            self.statements += 1
            if self.statements > MOST:
                raise TooLarge
            after = body[i + 1 :]
            if self._is_jumpy(node, rest):
                lowered = self._lower(node, returns=rest is not None)
                return new + self.block([*lowered, *after], rest)
            follows = None if rest is None else [*after, *rest]
            if isinstance(node, ast.If):
                new += self._if(node, follows)
            elif isinstance(node, ast.While):
                new += self._while(node)
            elif isinstance(node, ast.For):
                new += self._for(node)
            else:
                new.append(self._plain(node))
        return new

    def _is_jumpy(self, node, rest) -> bool:
        """Whether a loop, `with` or `try` is left by a jump that may depend on a tensor."""
        if hasattr(node, "flags"):  # done
            return False
        if isinstance(node, syntax.LOOPS):
            return syntax.jumps(node.body) or (rest is not None and syntax.jumps([node]))
        if rest is None or not isinstance(node, (ast.With, ast.Try)):
            return False
        return syntax.jumps([node], (ast.Return,))

    def _lower(self, node, returns: bool) -> list:
        self.count += 1
        flags = Flags(self.count)
        node = copy.deepcopy(node)
        if not isinstance(node, syntax.LOOPS):
            lowered = flags.lower([node], in_loop=False)
            node = lowered[0]
            node.flags = []
            after = lowered[1:]
            start = [flags.ret]
        else:
            after, orelse, node.orelse = [], node.orelse, []
            node.body = flags.lower(node.body, in_loop=True)
            start = [f for f in (flags.brk, flags.ret) if f in flags.used]
            node.flags = start
            if flags.cont in flags.used:
                node.body = [syntax.set_(flags.cont, False), *node.body]
            if isinstance(node, ast.While):
                if start:
                    node.test = ast.BoolOp(ast.And(), [syntax.unset(start), node.test])
            elif start:
                item = self._name("item")
                body = [ast.Assign([node.target], load(item)), *node.body]
                node.target = ast.Name(item, ast.Store())
                node.body = [ast.If(syntax.unset(start), body, [])]
            if orelse:
                after = [ast.If(syntax.unset(start), orelse, [])] if start else orelse
        if returns and flags.ret in flags.used:
            after = [*after, ast.If(load(flags.ret), [ast.Return(load(flags.value))], [])]
        starts = [syntax.set_(flag, False) for flag in start]
        return place([*starts, node, *after], node)

    def _plain(self, node):
        """A statement that is no `if` and no loop of our own."""
        if self.fresh is not None:
            what = self._forbidden(node)
            if what:
                return place([ast.Expr(helper("refuse", ast.Constant(what)))], node)[0]
            if isinstance(node, ast.Assign) and syntax.is_fresh(node.value):
                self.fresh |= {t.id for t in node.targets if isinstance(t, ast.Name)}
        if isinstance(node, ast.FunctionDef):
            decorators = [self.visit(d) for d in node.decorator_list]
            node.decorator_list = decorators
            return self.function(node) if syntax.can_rewrite(node) else node
        if isinstance(node, (ast.ClassDef, ast.AsyncFunctionDef, ast.Match)):
            return node
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, field, self.visit(value))
            elif isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(node, field, self.block(value, None))
        for item in getattr(node, "items", ()):
            item.context_expr = self.visit(item.context_expr)
        for handler in getattr(node, "handlers", ()):
            handler.body = self.block(handler.body, None)
        return node

    def _forbidden(self, node) -> str | None:
        """What a statement does that cannot depend on a tensor."""
        places = [n for n in ast.walk(node) if isinstance(getattr(n, "ctx", None), ast.Store)]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.With, ast.Try)):
            places = []
        for target in places:
            if isinstance(target, (ast.Attribute, ast.Subscript)):
                return (
                    f"`{ast.unparse(target)} = ...` inside a tensor-dependent `if` or loop would "
                    "keep a placeholder. Assign to a local variable there, and keep it after."
                )
        if isinstance(node, (ast.Raise, ast.Delete, ast.Import, ast.ImportFrom)):
            kind = type(node).__name__.lower()
            return f"`{kind}` cannot depend on a tensor without a value."
        return None

    def _way(self, name, parameters, body, rest, returned=None):
        """A branch or a loop's body as a function."""
        before, self.fresh = self.fresh, set()
        new = self.block(copy.deepcopy(body), rest)
        self.fresh = before
        return syntax.function(name, parameters, new, returned)

    def _alone(self, names, body) -> str | None:
        """What keeps statements that assign the names from being a function of their own."""
        if self.outside & set(names):
            return "An assignment to a `global` or `nonlocal` name cannot depend on a tensor."
        called = {n.id for n in syntax.inside(body) if isinstance(n, ast.Name)}
        for function, used in self.functions.items():
            if function in called and used & set(names) and function not in names:
                return (
                    f"`{function}` uses {', '.join(sorted(used & set(names)))}, which a "
                    "tensor-dependent `if` or loop around its call assigns: give it to the "
                    "function as an argument."
                )
        return None

    def _if(self, node, rest) -> list:
        if syntax.is_python(node.test):
            node.test = self.visit(node.test)
            node.body, node.orelse = self.block(node.body, rest), self.block(node.orelse, rest)
            return [node]
        ways = [node.body, node.orelse]
        returns = syntax.contains([*node.body, *node.orelse], ast.Return)
        if returns and rest is not None:
            ways = [b if syntax.ends(b) else [*b, *rest] for b in ways]
        names = syntax.assigned(*ways)
        name = self._name("if")
        then, otherwise = self._name("then"), self._name("else")
        why = self._alone(names, [*ways[0], *ways[1]])
        if why or syntax.loose_jumps([node]) or (returns and rest is None):
            why = why or "A jump out of a loop here cannot depend on a tensor without a value."
            chosen = [ast.Expr(helper("refuse", ast.Constant(why)))]
        elif returns:
            call = expression(
                f"{HELPERS}.if_({name}, {then}, {otherwise}, VALUES)", VALUES=syntax.values(names)
            )
            chosen = [
                self._way(then, names, ways[0], []),
                self._way(otherwise, names, ways[1], []),
                ast.Return(call),
            ]
        else:
            call = expression(
                f"{HELPERS}.assign_if({name}, {then}, {otherwise}, VALUES, NAMES)",
                VALUES=syntax.values(names),
                NAMES=syntax.texts(names),
            )
            chosen = [
                self._way(then, names, ways[0], None, names),
                self._way(otherwise, names, ways[1], None, names),
                ast.Assign([syntax.tuple_(names, ast.Store)], call) if names else ast.Expr(call),
            ]
        test = syntax.set_(name, self.visit(node.test))
        decided = ast.If(load(name), self.block(node.body, rest), self.block(node.orelse, rest))
        return place([test, ast.If(helper("is_open", load(name)), chosen, [decided])], node)

    def _while(self, node) -> list:
        flags = getattr(node, "flags", [])
        names = list(dict.fromkeys([*syntax.assigned(node.body), *flags]))
        why = self._loop_problem(node, names)
        name, test, body = self._name("while"), self._name("test"), self._name("body")
        if why:
            chosen = [ast.Expr(helper("refuse", ast.Constant(why)))]
        else:
            call = expression(
                f"{HELPERS}.while_({test}, {body}, VALUES, NAMES)",
                VALUES=syntax.values(names),
                NAMES=syntax.texts(names),
            )
            condition = self.visit(copy.deepcopy(node.test))
            chosen = [
                syntax.function(test, names, [ast.Return(condition)]),
                self._way(body, names, node.body, None, names),
                ast.Assign([syntax.tuple_(names, ast.Store)], call) if names else ast.Expr(call),
            ]
        # A condition may lose its value in any round: the compiler's loop does the others.
        end = ast.If(
            ast.UnaryOp(ast.Not(), load(name)), [*self.block(node.orelse, None), ast.Break()], []
        )
        loop = [
            syntax.set_(name, self.visit(node.test)),
            ast.If(helper("is_open", load(name)), [*chosen, ast.Break()], []),
            end,
            *self.block(node.body, None),
        ]
        return place([ast.While(ast.Constant(True), loop, [])], node)

    def _loop_problem(self, node, names) -> str | None:
        if isinstance(node, ast.While) and syntax.contains([node.test], ast.NamedExpr):
            return "`:=` in the condition of a `while` cannot depend on a tensor without a value."
        if node.orelse:
            return "The `else` of a loop cannot depend on a tensor without a value."
        if syntax.loose_jumps(node.body) or syntax.contains(node.body, ast.Return):
            return "A jump out of a loop here cannot depend on a tensor without a value."
        return self._alone(names, node.body)

    def _for(self, node) -> list:
        flags = getattr(node, "flags", [])
        iterable = self._iterable(node.iter)
        names = syntax.assigned([ast.Assign([node.target], ast.Constant(0))], node.body)
        names = list(dict.fromkeys([*names, *flags]))
        why = self._loop_problem(node, names)
        over, item, body = self._name("over"), self._name("item"), self._name("body")
        if why:
            chosen, pure = [ast.Expr(helper("refuse", ast.Constant(why)))], False
        else:
            call = expression(
                f"{HELPERS}.for_({over}, {body}, VALUES, NAMES)",
                VALUES=syntax.values(names),
                NAMES=syntax.texts(names),
            )
            target = ast.Assign([copy.deepcopy(node.target)], load(item))
            way = self._way(body, [item, *names], [target, *node.body], None, names)
            chosen = [way, ast.Assign([syntax.tuple_(names, ast.Store)], call)]
            pure = not any(
                isinstance(n, ast.Attribute) and n.attr in ("refuse", "unchanging")
                for n in ast.walk(way)
            )
        rounds = self.block(node.body, None)
        if flags:
            leave = helper("surely", *map(load, flags))
            rounds.append(ast.If(leave, [ast.Break()], []))
        decided = ast.For(node.target, load(over), rounds, self.block(node.orelse, None))
        test = helper("loops", load(over), ast.Constant(pure))
        return place([syntax.set_(over, iterable), ast.If(test, chosen, [decided])], node)

    def _iterable(self, node):
        """What a `for` runs over; `range` and `tf.range` may have bounds without a value."""
        called = isinstance(node, ast.Call) and not node.keywords
        name = getattr(node.func, "id", getattr(node.func, "attr", None)) if called else None
        if name != "range" or any(isinstance(a, ast.Starred) for a in node.args):
            return self.visit(node)
        return helper("range_", node.func, *map(self.visit, node.args))

    # ---- expressions ---------------------------------------------------------------------

    def visit_BoolOp(self, node):
        if syntax.contains(node.values, ast.NamedExpr):
            return node
        *firsts, last = [self.visit(v) for v in node.values]
        name = "and_" if isinstance(node.op, ast.And) else "or_"
        for value in reversed(firsts):
            last = expression(f"{HELPERS}.{name}(FIRST, lambda: REST)", FIRST=value, REST=last)
            last = ast.copy_location(last, node)
        return last

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            return ast.copy_location(helper("not_", node.operand), node)
        return node

    def visit_Compare(self, node):
        self.generic_visit(node)
        plain = {
            ast.Lt: "lt",
            ast.LtE: "le",
            ast.Gt: "gt",
            ast.GtE: "ge",
            ast.Eq: "eq",
            ast.NotEq: "ne",
        }
        if len(node.ops) == 1 or any(type(o) not in plain for o in node.ops):
            return node
        if syntax.contains([node], ast.NamedExpr):
            return node
        names = ast.List([ast.Constant(plain[type(o)]) for o in node.ops], ast.Load())
        rest = [expression("lambda: X", X=x) for x in node.comparators]
        return ast.copy_location(helper("compare", names, node.left, *rest), node)

    def visit_IfExp(self, node):
        if syntax.contains([node], ast.NamedExpr):
            return node
        self.generic_visit(node)
        text = f"{HELPERS}.choose(TEST, lambda: THEN, lambda: ELSE)"
        parts = {"TEST": node.test, "THEN": node.body, "ELSE": node.orelse}
        return ast.copy_location(expression(text, **parts), node)

    def visit_Call(self, node):
        self.generic_visit(node)
        function = node.func
        if isinstance(function, ast.Name):
            if function.id == "super" and not node.args and self.first is not None:
                # Inside the functions made here, super() alone would not find its object.
                node.args = [load("__class__"), load(self.first)]
            if function.id in syntax.BUILTINS:
                return node
        elif not isinstance(function, ast.Attribute):
            return node
        elif self.fresh is not None and function.attr in syntax.CHANGING:
            thing = function.value
            if not (isinstance(thing, ast.Name) and thing.id in self.fresh):
                function.value = helper("unchanging", thing, ast.Constant(function.attr))
        node.func = ast.copy_location(helper("callee", function), node)
        return node

    def visit_Lambda(self, node):
        return self.function(node)
