"""`hornbill run script.py`: runs a script whose imports say `tensorflow` or `keras`.

In this process only, an import hook serves those names: `tensorflow` is `hornbill.tensorflow`,
`tensorflow.keras`, `tf_keras` and `keras` are its `keras`, and `keras_preprocessing`, which Keras 2
took it from, its `keras.preprocessing`. A script that asks for Keras on JAX
(`KERAS_BACKEND=jax`) gets Hornbill itself for `keras`: its ops return JAX's arrays, which the
script's own `jax.grad` and `jax.jit` take. Installed packages of these names are left alone and
never imported.
"""

import importlib
import importlib.abc
import importlib.machinery
import os
import runpy
import sys

# The name that a script imports, and the module of ours that answers.
SERVED = {
    "tensorflow": "hornbill.tensorflow",
    "tensorflow.keras": "hornbill.tensorflow.keras",
    "tf_keras": "hornbill.tensorflow.keras",
    "keras": "hornbill.tensorflow.keras",
    "keras_preprocessing": "hornbill.tensorflow.preprocessing",
    # Inner places that scripts import from all the same, and that pickles of a Tokenizer name.
    "tensorflow.python": "hornbill.tensorflow",
    "keras.src": "hornbill.tensorflow.keras",
    "keras.src.legacy": "hornbill.tensorflow.keras",
}

KERAS_VERSION = "3.0"


class Serve(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the served names, and what lies inside them by attribute."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] in {name.partition(".")[0] for name in SERVED}:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec):
        module = _Alias(spec.name, _answer(spec.name))
        if spec.name == "keras":
            module.__version__ = KERAS_VERSION  # scripts look at it, and need a 3
        return module

    def exec_module(self, module):
        pass


class _Alias(type(sys)):
    """A module under the script's name for it, whose attributes are those of ours."""

    def __init__(self, name: str, answer):
        super().__init__(name, answer.__doc__)
        self.__dict__["_answer"] = answer

    def __getattr__(self, name):
        if name == "__all__":
            return _starred(self._answer)
        return getattr(self._answer, name)

    def __dir__(self):
        return dir(self._answer)


def _starred(answer) -> list[str]:
    """What `import *` takes of a module: what it says, else what is no module inside it."""
    names = [name for name in dir(answer) if not name.startswith("_")]
    modules = [name for name in names if isinstance(getattr(answer, name), type(sys))]
    return getattr(answer, "__all__", None) or sorted({*names} - {*modules})


def _answer(fullname: str):
    for served in sorted(SERVED, key=len, reverse=True):
        if fullname == served or fullname.startswith(f"{served}."):
            on_jax = served in ("keras", "keras.src") and os.environ.get("KERAS_BACKEND") == "jax"
            thing = importlib.import_module("hornbill" if on_jax else SERVED[served])
            for part in fullname[len(served) + 1 :].split("."):
                # `import a.b` says ImportError where `a.b` says AttributeError.
                try:
                    thing = getattr(thing, part) if part else thing
                except AttributeError as error:
                    raise ModuleNotFoundError(str(error), name=fullname) from None
            return thing
    raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def serve() -> None:
    """Lets this process's imports of TensorFlow's and Keras's names come to Hornbill.

    Raises:
        RuntimeError: if the process has imported the real ones already.
    """
    if any(isinstance(finder, Serve) for finder in sys.meta_path):
        return
    loaded = [name for name in SERVED if name in sys.modules]
    if loaded:
        raise RuntimeError(
            f"{loaded[0]} is imported already, so Hornbill cannot serve it: call serve() first. "
            f"Received: {loaded}"
        )
    sys.meta_path.insert(0, Serve())


def run(script: str, arguments=()) -> None:
    """Runs a script as `python script.py arguments` would, with its imports served by Hornbill.

    Args:
        script: the script's path.
        arguments: what it finds in `sys.argv[1:]`.
    """
    if not os.path.isfile(script):
        raise FileNotFoundError(f"There is no such script. Received: {script!r}")
    serve()
    sys.argv = [script, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
    runpy.run_path(script, run_name="__main__")


def main(script: str, arguments=()) -> None:
    """`run` for the command line: an error's traceback starts in the script, as under `python`.

    Raises:
        SystemExit: with status 1 where the script raised an error.
    """
    try:
        run(script, arguments)
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != script:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        raise SystemExit(1) from None
