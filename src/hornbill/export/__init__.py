"""Models as programs: one file that runs without the model's code."""

from .stablehlo import load
