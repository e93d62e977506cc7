"""Models as programs: files that run without the model's code."""

from .archive import ExportArchive
from .stablehlo import load
