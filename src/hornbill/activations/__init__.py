import sys, jax
from ..engine import serialize
relu=jax.nn.relu
softmax=jax.nn.softmax
def linear(x): return x
def get(identifier): return linear if identifier is None else serialize.find(identifier, sys.modules[__name__], "activation")
