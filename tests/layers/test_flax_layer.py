import json
import sys

import jax
import numpy as np
import pytest
from keras_parity import data

import hornbill as hb
from hornbill.engine.serialize import deserialize, serialize

X = data(4, 3)


def test_without_flax_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "flax.linen", None)
    with pytest.raises(ImportError, match="FlaxLayer needs Flax: pip install flax"):
        hb.layers.FlaxLayer(lambda inputs: inputs)


@pytest.fixture(scope="module")
def module():
    nn = pytest.importorskip("flax.linen")

    @hb.saving.register_keras_serializable("test_flax_layer")
    class Block(nn.Module):
        units: int

        @nn.compact
        def __call__(self, inputs, training):
            x = nn.BatchNorm(use_running_average=not training)(nn.Dense(self.units)(inputs))
            return nn.Dropout(0.5, deterministic=not training)(x)

        def double(self, inputs):
            return 2 * inputs

        def get_config(self):
            return {"units": self.units}

        @classmethod
        def from_config(cls, config):
            return cls(**config)

    return Block(2)


def test_computes_what_the_module_computes(module):
    layer = hb.layers.FlaxLayer(module, name="net")
    assert layer(hb.Input((3,))).shape == (None, 2)
    assert "net/params.Dense_0.kernel" in [w.path for w in layer.weights]
    assert [w.trainable for w in layer.weights] == [True] * 4 + [False] * 2
    values = jax.tree.map(lambda v: v.value, {**layer.params, **layer.state})
    np.testing.assert_allclose(layer(X), module.apply(values, X, False), rtol=1e-5)
    given = hb.layers.FlaxLayer(module, variables=values)
    np.testing.assert_allclose(given(X), layer(X), rtol=1e-6)


def test_learns_in_fit(module):
    net = hb.Sequential([hb.Input((3,)), hb.layers.FlaxLayer(module)])
    net.compile("sgd", "mse")
    before = net.get_weights()
    net.fit(X, data(4, 2), batch_size=2, verbose=0)
    assert all((a != b).any() for a, b in zip(before, net.get_weights(), strict=True))


def test_survives_its_config(module):
    layer = hb.layers.FlaxLayer(module, method="double")
    np.testing.assert_allclose(layer(X), 2 * X)
    again = deserialize(json.loads(json.dumps(serialize(layer))))
    np.testing.assert_allclose(again(X), 2 * X)
    bound = hb.layers.FlaxLayer(module, method=module.double)
    assert bound.get_config()["method"] == "double"
