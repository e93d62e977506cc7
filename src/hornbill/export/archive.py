"""`ExportArchive`: several functions in one export; and `Model.export`, for one model."""

import os
from collections.abc import Callable

from ..engine.variable import Variable
from ..layers import Layer
from . import onnx, saved_model, stablehlo
from .program import Program, program_of
from .signature import signature_of

FORMATS = ("stablehlo", "onnx", "tf_saved_model")


def export_model(
    model, filepath, format: str = "stablehlo", verbose=None, input_signature=None, **kwargs
) -> None:
    """Writes a model's inference as a program; see `Model.export`."""
    _check_format(format)
    path, program = os.fspath(filepath), program_of(model, input_signature)
    if format == "tf_saved_model":
        saved_model.write([program], path, **kwargs)
    else:
        (onnx if format == "onnx" else stablehlo).write(program, path, **kwargs)
    if verbose or verbose is None:
        print(f"Saved artifact at '{path}' ({format}), takes {program.describe()}.")


def _check_format(format: str) -> None:
    if format not in FORMATS:
        raise ValueError(f"Hornbill exports to the formats {FORMATS}. Received: format={format!r}")


class ExportArchive:
    """Functions that read the same weights, written together.

    `Model.export` writes a model's call. With an archive the file can have several functions (an
    encoder and a decoder), with names of your own, and more variables.

    >>> import hornbill as hb, hornbill.export, os, tempfile
    >>> model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(2, kernel_initializer="ones")])
    >>> archive = hb.export.ExportArchive()
    >>> archive.track(model)
    >>> spec = hb.InputSpec(shape=(None, 3), dtype="float32")
    >>> double = archive.add_endpoint("double", lambda x: 2 * model(x), [spec])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     archive.write_out(folder, verbose=False, format="stablehlo")
    ...     program = hb.export.load(os.path.join(folder, "double.stablehlo"))
    >>> program(hb.ops.ones((1, 3))).tolist()
    [[6.0, 6.0]]
    """

    def __init__(self):
        self._resources: list = []
        self._programs: dict[str, Program] = {}
        self._collections: dict[str, list] = {}

    def track(self, resource) -> None:
        """Says that the functions read the variables of `resource`.

        Args:
            resource: a built model or layer, a variable, or a list or dict of them.

        Raises:
            TypeError: for something else.
            ValueError: for a layer without weights yet.
        """
        self._variables_of(resource)
        self._resources.append(resource)

    def add_endpoint(
        self, name: str, fn: Callable, input_signature: list | None = None
    ) -> Callable:
        """Adds a function.

        Args:
            name: what it is called in the file.
            fn: a function of arrays; or a model or layer, whose inference is taken.
            input_signature: an `InputSpec` (or tensor, or structure of them) for each argument.
                A model knows its own.

        Returns:
            `fn`.

        Raises:
            ValueError: for a name that is taken or is no identifier, a function without a
                signature, or without a tracked resource.
            TypeError: if `fn` cannot be called.
        """
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"An endpoint's name is an identifier. Received: {name!r}")
        if name in self._programs or name in self._collections:
            raise ValueError(f"The archive holds '{name}' already.")
        if not callable(fn):
            raise TypeError(f"An endpoint is a function. Received: {fn!r}")
        if isinstance(fn, Layer):
            program = program_of(fn, input_signature, name)
        elif input_signature is None:
            raise ValueError(
                f"The function of endpoint '{name}' needs an input_signature, such as "
                "[hornbill.InputSpec(shape=(None, 3), dtype='float32')]."
            )
        else:
            signature = signature_of(None, input_signature)
            program = Program(name, fn, self._variables_of(self._resources), signature)
        self._programs[name] = program
        return fn

    def track_and_add_endpoint(self, name: str, resource, input_signature: list | None = None):
        """Tracks a model or layer, and adds its inference as a function; see `add_endpoint`."""
        if not isinstance(resource, Layer):
            raise TypeError(
                "track_and_add_endpoint takes a model or layer; for a function, use track and "
                f"add_endpoint. Received: {resource!r}"
            )
        added = self.add_endpoint(name, resource, input_signature)
        self.track(resource)
        return added

    def add_variable_collection(self, name: str, variables: list) -> None:
        """Gives a SavedModel a list of variables under a name; the other formats have none.

        Raises:
            ValueError: for a name that is taken or is no identifier.
            TypeError: if `variables` is no list of variables.
        """
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"A collection's name is an identifier. Received: {name!r}")
        if name in self._programs or name in self._collections:
            raise ValueError(f"The archive holds '{name}' already.")
        if not isinstance(variables, (list, tuple, set)):
            raise TypeError(f"variables is a list of variables. Received: {variables!r}")
        self._collections[name] = self._variables_of(list(variables))

    def write_out(
        self, filepath, options=None, verbose: bool = True, format: str = "tf_saved_model"
    ) -> None:
        """Writes the functions into a folder.

        Args:
            filepath: the folder.
            options: a `tf.saved_model.SaveOptions`, for a SavedModel alone.
            verbose: whether to print what was written.
            format: `"tf_saved_model"`, in which each function is a method; `"stablehlo"` or
                `"onnx"`, where each is a file `name.stablehlo` or `name.onnx`.

        Raises:
            ValueError: without a function, or for what the format cannot hold.
            ImportError: if what the format needs is not installed.
        """
        _check_format(format)
        path, programs = os.fspath(filepath), list(self._programs.values())
        if not programs:
            raise ValueError("The archive holds no function yet: add one with add_endpoint.")
        if format == "tf_saved_model":
            saved_model.write(programs, path, collections=self._collections, options=options)
        else:
            if options is not None or self._collections:
                raise ValueError(
                    "options and variable collections are for format='tf_saved_model'. "
                    f"Received: format={format!r}"
                )
            os.makedirs(path, exist_ok=True)
            for program in programs:
                file = os.path.join(path, f"{program.name}.{format}")
                (onnx if format == "onnx" else stablehlo).write(program, file)
        if verbose:
            lines = [f"  {program.name}: takes {program.describe()}" for program in programs]
            print("\n".join([f"Saved artifact at '{path}' ({format}):", *lines]))

    def _variables_of(self, resource) -> list[Variable]:
        """All variables of a resource, each once."""
        if isinstance(resource, Variable):
            return [resource]
        if isinstance(resource, Layer):
            if not resource.built:
                raise ValueError(
                    f"Layer '{resource.name}' has no weights to export yet. Call it on data once."
                )
            return list(resource.variables)
        if isinstance(resource, dict):
            resource = list(resource.values())
        if isinstance(resource, (list, tuple, set)):
            found = [v for part in resource for v in self._variables_of(part)]
            return list(dict.fromkeys(found))
        raise TypeError(f"An archive tracks models, layers and variables. Received: {resource!r}")
