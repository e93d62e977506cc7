from ..engine import serialize
from ..engine.dtypes import standardize_dtype
import jax, numpy as np, jax.numpy as jnp
from ..engine.random import default_seed, draw_key
class Initializer:
    pass
class Zeros(Initializer):
    def __call__(self, shape, dtype=None): return jnp.zeros(shape, dtype)
class Ones(Initializer):
    def __call__(self, shape, dtype=None): return jnp.ones(shape, dtype)
class GlorotUniform(Initializer):
    def __init__(self, seed=None): self.seed = seed or default_seed()
    def __call__(self, shape, dtype=None):
        import math
        fan_in, fan_out = (shape[-2] if len(shape)>1 else shape[0]), shape[-1]
        r=1
        for s in shape[:-2]: r*=s
        lim = math.sqrt(6/(fan_in*r+fan_out*r))
        return jax.random.uniform(draw_key(self.seed), shape, dtype, -lim, lim)
def get(identifier):
    import sys
    return serialize.find(identifier, sys.modules[__name__], "initializer", Initializer)
