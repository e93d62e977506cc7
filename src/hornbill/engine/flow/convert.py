"""Makes functions ready for control flow on tensors: finds their source, rewrites, compiles.

The new function has the old one's closure, defaults, names and line numbers. Functions that it
calls are made ready as well when they are called, if they are a user's too.
"""

import ast
import copy
import functools
import linecache
import types
import weakref

from ..errors import is_user_code
from . import branches
from .rewrite import Rewrite, TooLarge
from .syntax import BRANCHING, HELPERS, can_rewrite

_codes: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def convert(function):
    """The function (or method) with control flow that may depend on tensors; cached.

    Functions of installed packages, generators, and those without a source stay as they are.
    """
    if isinstance(function, types.MethodType):
        new = convert(function.__func__)
        return function if new is function.__func__ else types.MethodType(new, function.__self__)
    if not isinstance(function, types.FunctionType):
        return function
    new = function.__dict__.get("_for_tensors")
    if new is None or new.__wrapped__ is not function:  # functools.wraps copies attributes
        new = _convert(function)
        if new is not function:
            function._for_tensors = new
    return new


def callee(function):
    """What a converted function calls instead of a function: the same, converted."""
    if isinstance(function, (types.FunctionType, types.MethodType)):
        return convert(function)
    return function


branches.callee = callee


def _convert(function):
    code = function.__code__
    if HELPERS in code.co_freevars or not is_user_code(code, function.__globals__):
        return function
    if code not in _codes:
        _codes[code] = _rewritten(function)
    new_code = _codes[code]
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    cells[HELPERS] = _HELPERS_CELL
    if new_code is None or any(name not in cells for name in new_code.co_freevars):
        return function
    closure = tuple(cells[name] for name in new_code.co_freevars)
    new = types.FunctionType(
        new_code, function.__globals__, function.__name__, function.__defaults__, closure
    )
    new.__kwdefaults__ = function.__kwdefaults__
    return functools.update_wrapper(new, function)


_HELPERS_CELL = types.CellType(branches)


def _rewritten(function) -> types.CodeType | None:
    """The function's new code; None where it stays as it is."""
    definition = _definition(function)
    if definition is None or not can_rewrite(definition):
        return None
    if not any(isinstance(n, BRANCHING) for n in ast.walk(definition)):
        return None
    code = function.__code__
    definition = copy.deepcopy(definition)
    try:
        definition = Rewrite().function(definition)
    except TooLarge:
        return None
    # The closure's names become parameters of a factory, so that the compiler sees them as such.
    names = dict.fromkeys([*code.co_freevars, "__class__", HELPERS])
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(arg=n) for n in names],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    _strip(definition)
    if isinstance(definition, ast.Lambda):
        body = [ast.Return(definition)]
    else:
        body = [definition, ast.Return(ast.Name(definition.name, ast.Load()))]
    factory = ast.FunctionDef("factory", arguments, body, [], type_params=[])
    # In a class of the same name, so that the names of private attributes come out the same.
    parts = function.__qualname__.split(".")
    owner = parts[-2] if len(parts) > 1 and parts[-2].isidentifier() else None
    if owner is not None:
        factory = ast.ClassDef(owner, [], [], [factory], [], type_params=[])
    for made in (factory, *factory.body):
        if "lineno" in made._attributes and not hasattr(made, "lineno"):
            ast.copy_location(made, definition)
    module = ast.fix_missing_locations(ast.Module([factory], []))
    new = compile(module, code.co_filename, "exec", dont_inherit=True, flags=_future(code))
    for name in [*([owner] if owner is not None else []), "factory", code.co_name]:
        new = next(c for c in new.co_consts if isinstance(c, types.CodeType) and c.co_name == name)
    return new.replace(co_qualname=code.co_qualname)


def _future(code) -> int:
    import __future__

    flag = __future__.annotations.compiler_flag
    return code.co_flags & flag


def _strip(definition) -> None:
    """Takes away what is computed when a function is defined: the function has it already."""
    arguments = definition.args
    arguments.defaults = []
    arguments.kw_defaults = [None] * len(arguments.kwonlyargs)
    if isinstance(definition, ast.Lambda):
        return
    definition.decorator_list, definition.returns = [], None
    definition.type_params = []
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for argument in [*every, arguments.vararg, arguments.kwarg]:
        if argument is not None:
            argument.annotation = None


def _definition(function):
    """The syntax tree of a function, found in its file by its line; None without a source."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    found = [
        node
        for node in _functions(tuple(lines)).get(code.co_firstlineno, ())
        if getattr(node, "name", "<lambda>") == code.co_name
        and _arguments(node) == _parameters(code)
    ]
    if len(found) > 1:  # lambdas in one line
        starts = {(line, column) for line, _, column, _ in code.co_positions()}
        found = [n for n in found if (n.body.lineno, n.body.col_offset) in starts]
    return found[0] if len(found) == 1 else None


def _arguments(node) -> list[str]:
    a = node.args
    return [x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs)]


def _parameters(code) -> list[str]:
    return list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


@functools.lru_cache(maxsize=16)
def _functions(lines: tuple[str, ...]) -> dict[int, list]:
    """The functions of a file by their first line."""
    found: dict[int, list] = {}
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        return found
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            decorators = getattr(node, "decorator_list", None)
            first = decorators[0] if decorators else node
            found.setdefault(first.lineno, []).append(node)
    return found
