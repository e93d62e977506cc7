from .engine.variable import Variable
from . import engine, ops, layers, metrics
