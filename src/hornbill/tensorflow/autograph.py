"""Python's control flow on tensors: a source transform of `call`, `train_step`, `tf.function`.

`if`, `while`, `for ... in range(...)`, `and`, `or`, `not` and conditional expressions become calls
of `branches`, which decide at run time whether Python or the compiler branches. An `if` with a
`return` takes the rest of the function into its other branch. What has no such form (`break`,
`continue`, a `return` inside a loop) stays Python, which refuses tensors without values. Line
numbers stay, so that tracebacks show the script's lines.
"""

import ast
import copy
import functools
import inspect
import textwrap
import types
import weakref

from . import branches

_converted: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
_HELPERS = "__hornbill__"


def convert(function):
    """The function with control flow that may depend on tensors; cached per function."""
    if not isinstance(function, types.FunctionType) or hasattr(function, "__wrapped__"):
        return function
    if function not in _converted:
        _converted[function] = _convert(function)
    return _converted[function]


def _convert(function):
    try:
        source = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        return function  # typed at a prompt, or made by code: it stays as it is
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef) or not _needed(definition):
        return function
    ast.increment_lineno(tree, function.__code__.co_firstlineno - 1)
    definition.decorator_list = []
    definition.args.defaults, definition.args.kw_defaults = [], []
    for argument in ast.walk(definition.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    definition.returns = None
    kwonly = definition.args.kwonlyargs
    definition.args.kw_defaults = [None] * len(kwonly)
    first = definition.args.args[0].arg if definition.args.args else None
    definition = _Rewrite(first).visit_body(definition)
    # The closure's names become parameters of a factory, so that the compiler sees them as such.
    names = [*function.__code__.co_freevars, "__class__", _HELPERS]
    arguments = [ast.arg(arg=n) for n in dict.fromkeys(names)]
    factory = ast.FunctionDef(
        name="factory",
        args=ast.arguments(
            posonlyargs=[], args=arguments, kwonlyargs=[], kw_defaults=[], defaults=[]
        ),
        body=[definition, ast.Return(ast.Name(definition.name, ast.Load()))],
        decorator_list=[],
        type_params=[],
    )
    module = ast.fix_missing_locations(ast.Module([ast.copy_location(factory, definition)], []))
    code = compile(module, inspect.getsourcefile(function) or "<script>", "exec")
    code = _inner(_inner(code, "factory"), definition.name)
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    cells[_HELPERS] = types.CellType(branches)
    if any(name not in cells for name in code.co_freevars):
        return function
    new = types.FunctionType(
        code,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        tuple(cells[name] for name in code.co_freevars),
    )
    new.__kwdefaults__ = function.__kwdefaults__
    return functools.update_wrapper(new, function)


def _inner(code, name: str):
    return next(c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name)


_BRANCHING = (ast.If, ast.While, ast.For, ast.BoolOp, ast.IfExp, ast.Not)
_FORBIDDEN = (ast.Global, ast.Nonlocal, ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr)


def _needed(definition) -> bool:
    nodes = list(ast.walk(definition))
    return any(isinstance(n, _BRANCHING) for n in nodes) and not any(
        isinstance(n, _FORBIDDEN) for n in nodes
    )


def _statements(nodes):
    """All nodes inside, without entering functions and classes."""
    for node in nodes:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            yield from _statements(ast.iter_child_nodes(node))


def _assigned(*bodies) -> list[str]:
    names: dict[str, None] = {}
    for node in _statements([n for body in bodies for n in body]):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            names[node.id] = None
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names[node.name] = None
    return [n for n in names if not n.startswith("__hornbill")]


def _leaves_loop(body) -> bool:
    """Whether a `break` or `continue` in it belongs to a loop around it, or it deletes a name."""
    for node in body:
        if isinstance(node, (ast.Break, ast.Continue, ast.Delete, ast.Import, ast.ImportFrom)):
            return True
        if isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.While, ast.For)):
            continue
        if _leaves_loop(list(ast.iter_child_nodes(node))):
            return True
    return False


def _returns(body) -> bool:
    return any(isinstance(n, ast.Return) for n in _statements(body))


def _always_returns(body) -> bool:
    last = body[-1] if body else None
    if isinstance(last, (ast.Return, ast.Raise)):
        return True
    return isinstance(last, ast.If) and _always_returns(last.body) and _always_returns(last.orelse)


def _expression(text: str, **parts):
    """An expression from text, in which names in capitals are put in."""
    tree = ast.parse(text, mode="eval").body
    for node in ast.walk(tree):
        for place in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
            node.__dict__.pop(place, None)  # it gets the place of what it stands for

    class Put(ast.NodeTransformer):
        def visit_Name(self, node):
            return parts.get(node.id, node)

    return Put().visit(tree)


def _tuple(names, context=ast.Load):
    return ast.Tuple([ast.Name(n, context()) for n in names], context())


def _values(names):
    """The variables' values now, `Undefined` for those without one."""
    calls = [_expression(f"{_HELPERS}.value_of('{n}', lambda: {n})") for n in names]
    return ast.Tuple(calls, ast.Load())


def _function(name, parameters, body, returned=None):
    body = list(body)
    if returned is not None:
        body.append(ast.Return(_tuple(returned)))
    return ast.FunctionDef(
        name=name,
        args=ast.arguments(
            posonlyargs=[],
            args=[ast.arg(arg=p) for p in parameters],
            kwonlyargs=[],
            kw_defaults=[],
            defaults=[],
        ),
        body=body or [ast.Pass()],
        decorator_list=[],
        type_params=[],
    )


class _Rewrite(ast.NodeTransformer):
    def __init__(self, first: str | None):
        self.first, self.count = first, 0

    def visit_body(self, definition):
        definition.body = self.block(definition.body)
        return definition

    def _name(self, kind: str) -> str:
        self.count += 1
        return f"__hornbill_{kind}_{self.count}"

    # ---- statements ----------------------------------------------------------------------

    def block(self, body, in_loop: bool = False) -> list:
        new: list = []
        for i, node in enumerate(body):
            if isinstance(node, ast.If) and not _leaves_loop([node]):
                if not _returns([node]):
                    new += self._assigning_if(node, in_loop)
                    continue
                if not in_loop and not _returns_in_loop([node]):
                    # What follows belongs to whichever way does not return.
                    new += self._returning_if(node, body[i + 1 :])
                    return new
            if isinstance(node, ast.While) and self._simple_loop(node):
                new += self._while(node)
            elif isinstance(node, ast.For) and self._simple_loop(node) and _range_of(node):
                new += self._for(node)
            else:
                new.append(self._other(node, in_loop))
        return new

    def _other(self, node, in_loop):
        inside = in_loop or isinstance(node, (ast.For, ast.While))
        # A return inside `with` or `try` belongs to what is around it.
        inside = inside or isinstance(node, (ast.With, ast.Try))
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(node, field, None)
            if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
                if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    setattr(node, field, self.block(inner, inside))
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, field, self.visit(value))
        return node

    def _simple_loop(self, node) -> bool:
        return not (_leaves_loop(node.body) or _returns(node.body) or node.orelse)

    def _place(self, statements, at) -> list:
        for statement in statements:
            for node in ast.walk(statement):
                if "lineno" in node._attributes and not hasattr(node, "lineno"):
                    ast.copy_location(node, at)
        return statements

    def _assigning_if(self, node, in_loop):
        names = _assigned(node.body, node.orelse)
        test = self.visit(node.test)
        then, otherwise = self._name("then"), self._name("else")
        call = _expression(
            f"{_HELPERS}.if_(TEST, {then}, {otherwise}, VALUES)", TEST=test, VALUES=_values(names)
        )
        result = ast.Assign([_tuple(names, ast.Store)], call) if names else ast.Expr(call)
        functions = [
            _function(then, names, self.block(node.body), names),
            _function(otherwise, names, self.block(node.orelse), names),
        ]
        return self._place([*functions, result], node)

    def _returning_if(self, node, rest):
        bodies = []
        for body in (node.body, node.orelse):
            whole = body if _always_returns(body) else [*body, *copy.deepcopy(rest)]
            bodies.append(whole)
        names = _assigned(*bodies)
        test = self.visit(node.test)
        then, otherwise = self._name("then"), self._name("else")
        call = _expression(
            f"{_HELPERS}.if_(TEST, {then}, {otherwise}, VALUES)", TEST=test, VALUES=_values(names)
        )
        functions = [
            _function(name, names, self.block(body))
            for name, body in zip((then, otherwise), bodies, strict=True)
        ]
        return self._place([*functions, ast.Return(call)], node)

    def _while(self, node):
        names = _assigned(node.body)
        test, body = self._name("test"), self._name("body")
        functions = [
            _function(test, names, [ast.Return(self.visit(node.test))]),
            _function(body, names, self.block(node.body), names),
        ]
        call = _expression(f"{_HELPERS}.while_({test}, {body}, VALUES)", VALUES=_values(names))
        result = ast.Assign([_tuple(names, ast.Store)], call) if names else ast.Expr(call)
        return self._place([*functions, result], node)

    def _for(self, node):
        target = node.target.id
        names = list(dict.fromkeys([target, *_assigned(node.body)]))
        index, body = self._name("index"), self._name("body")
        bounds = [self.visit(a) for a in _range_of(node)]
        if len(bounds) == 1:
            bounds = [ast.Constant(0), *bounds]
        if len(bounds) == 2:
            bounds.append(ast.Constant(1))
        set_target = ast.Assign([ast.Name(target, ast.Store())], ast.Name(index, ast.Load()))
        function = _function(body, [index, *names], [set_target, *self.block(node.body)], names)
        call = _expression(
            f"{_HELPERS}.for_(START, STOP, STEP, {body}, VALUES)",
            **dict(zip(("START", "STOP", "STEP"), bounds, strict=True)),
            VALUES=_values(names),
        )
        result = ast.Assign([_tuple(names, ast.Store)], call)
        return self._place([function, result], node)

    # ---- expressions ---------------------------------------------------------------------

    def visit_BoolOp(self, node):
        *firsts, last = [self.visit(v) for v in node.values]
        helper = "and_" if isinstance(node.op, ast.And) else "or_"
        for value in reversed(firsts):
            text = f"{_HELPERS}.{helper}(lambda: FIRST, lambda: SECOND)"
            last = ast.copy_location(_expression(text, FIRST=value, SECOND=last), node)
        return last

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            return ast.copy_location(_expression(f"{_HELPERS}.not_(X)", X=node.operand), node)
        return node

    def visit_IfExp(self, node):
        self.generic_visit(node)
        text = f"{_HELPERS}.if_(TEST, lambda: THEN, lambda: ELSE)"
        parts = {"TEST": node.test, "THEN": node.body, "ELSE": node.orelse}
        return ast.copy_location(_expression(text, **parts), node)

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            # Inside the functions made here, super() alone would not find its object.
            node.args = [ast.Name("__class__", ast.Load()), ast.Name(self.first, ast.Load())]
        return node

    def visit_Lambda(self, node):
        return node


def _returns_in_loop(body) -> bool:
    """Whether a `return` stands inside a loop, `with` or `try`, where it cannot be moved."""
    around = (ast.For, ast.While, ast.With, ast.Try)
    return any(isinstance(n, around) and _returns([n]) for n in _statements(body))


def _range_of(node):
    """The arguments of `range(...)` or `tf.range(...)` that a `for` runs over, or None."""
    call = node.iter
    if not isinstance(call, ast.Call) or call.keywords or not isinstance(node.target, ast.Name):
        return None
    name = getattr(call.func, "id", getattr(call.func, "attr", None))
    plain = not any(isinstance(a, ast.Starred) for a in call.args)
    return call.args if name == "range" and plain and 1 <= len(call.args) <= 3 else None
