"""A hook of MkDocs: a page under Reference for each public module, with all that it holds."""

import importlib
import inspect
import sys
from pathlib import Path

from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
import hornbill

INNER = (
    "applications.imagenet_utils "
    "datasets.boston_housing datasets.california_housing datasets.cifar10 datasets.cifar100 "
    "datasets.digits datasets.fashion_mnist datasets.imdb datasets.mnist datasets.reuters "
    "ops.image optimizers.schedules preprocessing.image preprocessing.sequence utils.bounding_boxes"
).split()


def modules() -> list[str]:
    """The dotted names of the public modules, below `hornbill`."""
    return sorted([*hornbill._MODULES, *INNER])


def names(module: str) -> list[str]:
    """What a module has for its users: no modules, nothing with an underscore."""
    found = importlib.import_module(f"hornbill.{module}")
    public = {n: getattr(found, n) for n in dir(found) if not n.startswith("_")}
    return [n for n, v in public.items() if callable(v) and of_hornbill(v)]


def of_hornbill(value) -> bool:
    """Whether it is from this library, rather than something that a module imported."""
    return (getattr(value, "__module__", None) or "").startswith("hornbill")


def page(title: str, members: list[str]) -> str:
    """The Markdown of one page."""
    return "\n\n".join([f"# {title}", *(f"::: {member}" for member in members)])


def pages() -> dict[str, str]:
    """`{path: Markdown}` of all pages."""
    top = sorted(n for n in hornbill._NAMES if inspect.getdoc(getattr(hornbill, n)))
    found = {"reference/hornbill.md": page("hornbill", [f"hornbill.{n}" for n in top])}
    for module in modules():
        members = [f"hornbill.{module}.{n}" for n in names(module)]
        if members:
            found[f"reference/{module}.md"] = page(f"hornbill.{module}", members)
    return found


def on_files(files, config):
    """MkDocs calls this with the files that it found."""
    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_config(config):
    """Puts the pages into the navigation, which names their folder."""
    entries = [{Path(path).stem: path} for path in pages()]
    config.nav = [{"Reference": entries} if "Reference" in e else e for e in config.nav]
    return config
