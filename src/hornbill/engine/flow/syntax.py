"""Reading and making syntax trees, for `rewrite.py`."""

import ast
import builtins

HELPERS = "__hornbill__"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
JUMPS = (ast.Return, ast.Break, ast.Continue)
LOOPS = (ast.For, ast.While)
PYTHONS = ("isinstance", "issubclass", "hasattr", "callable")
CHANGING = (
    "append extend insert remove clear update add discard setdefault pop popitem sort reverse"
).split()
# What needs the rewriting: control flow, and calls of functions that may have some.
BRANCHING = (ast.If, ast.While, ast.For, ast.BoolOp, ast.IfExp, ast.Not, ast.Compare, ast.Call)
BUILTINS = set(dir(builtins))


def inside(nodes):
    """All nodes inside, without entering functions and classes."""
    for node in nodes:
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield from inside(ast.iter_child_nodes(node))


def can_rewrite(definition) -> bool:
    """Whether it is a plain function: no generator, nothing asynchronous."""
    body = definition.body if isinstance(definition.body, list) else [definition.body]
    special = (ast.Yield, ast.YieldFrom, ast.Await)
    return not isinstance(definition, ast.AsyncFunctionDef) and not any(
        isinstance(n, special) for n in inside(body)
    )


def assigned(*bodies) -> list[str]:
    """The names that statements give values, in order."""
    names: dict[str, None] = {}

    def look(node, bound):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            if node.id not in bound:
                names[node.id] = None
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names[node.name] = None
            return
        elif isinstance(node, FUNCTIONS):
            return
        elif isinstance(node, COMPREHENSIONS):
            targets = [n for g in node.generators for n in ast.walk(g.target)]
            bound = bound | {n.id for n in targets if isinstance(n, ast.Name)}
        for child in ast.iter_child_nodes(node):
            look(child, bound)

    for body in bodies:
        for node in body:
            look(node, frozenset())
    made = ("then", "else", "test", "body", "over", "item")
    return [n for n in names if not n.startswith(tuple(f"__hornbill_{m}_" for m in made))]


def contains(nodes, kinds) -> bool:
    return any(isinstance(n, kinds) for n in inside(nodes))


def is_python(test) -> bool:
    """Whether a condition is Python's to decide, whatever the tensors."""
    if isinstance(test, ast.Compare):
        python = (ast.Is, ast.IsNot, ast.In, ast.NotIn)
        texts = [n for n in (test.left, *test.comparators) if isinstance(n, ast.Constant)]
        return all(isinstance(o, python) for o in test.ops) or any(
            n.value is None or isinstance(n.value, str) for n in texts
        )
    if isinstance(test, ast.Call):
        return isinstance(test.func, ast.Name) and test.func.id in (*PYTHONS, HELPERS)
    if isinstance(test, ast.UnaryOp):
        return isinstance(test.op, ast.Not) and is_python(test.operand)
    if isinstance(test, ast.BoolOp):
        return all(map(is_python, test.values))
    return isinstance(test, ast.Constant)


def jumps(nodes, kinds=JUMPS, open_=False) -> bool:
    """Whether there is a jump out of these statements that may depend on a tensor."""
    for node in nodes:
        if isinstance(node, kinds) and open_:
            return True
        if isinstance(node, ast.If):
            maybe = open_ or not is_python(node.test)
            if jumps([*node.body, *node.orelse], kinds, maybe):
                return True
        elif isinstance(node, LOOPS):
            if jumps(node.body, (ast.Return,), True) or jumps(node.orelse, kinds, open_):
                return True
        elif isinstance(node, ast.With) and jumps(node.body, kinds, open_):
            return True
        elif isinstance(node, ast.Try) and jumps(parts(node), kinds, open_):
            return True
    return False


def parts(node: ast.Try) -> list:
    handled = [s for h in node.handlers for s in h.body]
    return [*node.body, *handled, *node.orelse, *node.finalbody]


def loose_jumps(nodes, kinds=(ast.Break, ast.Continue)) -> bool:
    """Whether a `break` or `continue` belongs to a loop around these statements."""
    for node in nodes:
        if isinstance(node, kinds):
            return True
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            continue
        inner = node.orelse if isinstance(node, LOOPS) else ast.iter_child_nodes(node)
        if loose_jumps(list(inner), kinds):
            return True
    return False


def ends(body) -> bool:
    """Whether what follows a body is never reached."""
    last = body[-1] if body else None
    if isinstance(last, (ast.Return, ast.Raise)):
        return True
    return isinstance(last, ast.If) and ends(last.body) and ends(last.orelse)


def captured(function) -> set[str]:
    """Names of its surroundings that a function inside uses or assigns."""
    a = function.args
    every = [*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg]
    body = function.body if isinstance(function.body, list) else [function.body]
    nodes = [n for statement in body for n in ast.walk(statement)]
    own = {x.arg for x in every if x is not None} | set(assigned(body))
    own -= {name for n in nodes if isinstance(n, ast.Nonlocal) for name in n.names}
    return {n.id for n in nodes if isinstance(n, ast.Name)} - own


def named_functions(body) -> dict[str, set[str]]:
    """Functions inside by their names, and the names of their surroundings that they use."""
    found = {}
    for node in inside(body):
        if isinstance(node, ast.FunctionDef):
            found[node.name] = captured(node)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = captured(node.value)
    return found


def is_fresh(value) -> bool:
    """Whether an expression makes a new container."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in ("list", "dict", "set")
    return isinstance(value, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp))


# ---- making ----------------------------------------------------------------------------------


def expression(text: str, **parts):
    """An expression from text, in which names in capitals are put in."""
    tree = ast.parse(text, mode="eval").body
    for node in ast.walk(tree):
        for place in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
            node.__dict__.pop(place, None)  # it gets the place of what it stands for

    class Put(ast.NodeTransformer):
        def visit_Name(self, node):
            return parts.get(node.id, node)

    return Put().visit(tree)


def helper(name: str, *arguments):
    function = ast.Attribute(ast.Name(HELPERS, ast.Load()), name, ast.Load())
    return ast.Call(function, list(arguments), [])


def load(name: str):
    return ast.Name(name, ast.Load())


def set_(name: str, value):
    value = ast.Constant(value) if isinstance(value, bool) else value
    return ast.Assign([ast.Name(name, ast.Store())], value)


def tuple_(names, context=ast.Load):
    return ast.Tuple([ast.Name(n, context()) for n in names], context())


def values(names):
    """The variables' values now, `Undefined` for those without one."""
    calls = [expression(f"{HELPERS}.value_of('{n}', lambda: {n})") for n in names]
    return ast.Tuple(calls, ast.Load())


def texts(names):
    return ast.List([ast.Constant(n) for n in names], ast.Load())


def function(name, parameters, body, returned=None):
    body = list(body)
    if returned is not None:
        body.append(ast.Return(tuple_(returned)))
    arguments = [ast.arg(arg=p) for p in parameters]
    return ast.FunctionDef(
        name=name,
        args=ast.arguments(
            posonlyargs=[], args=arguments, kwonlyargs=[], kw_defaults=[], defaults=[]
        ),
        body=body or [ast.Pass()],
        decorator_list=[],
        type_params=[],
    )


def place(statements, at) -> list:
    """Gives new nodes the line of what they stand for."""
    for statement in statements:
        for node in ast.walk(statement):
            if "lineno" in node._attributes and not hasattr(node, "lineno"):
                ast.copy_location(node, at)
    return statements


def unset(flags):
    """`not (flag or ...)`"""
    either = load(flags[0]) if len(flags) == 1 else ast.BoolOp(ast.Or(), [*map(load, flags)])
    return ast.UnaryOp(ast.Not(), either)
