"""What users do with an optimizer besides updating."""

import copy
import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from optimizer_cases import GRADIENTS, assert_same, keras_train, state, train, variables

import hornbill as hb

# Keras's own variables in NumPy's newest version.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept")

NAMES = (
    "SGD RMSprop Adam AdamW Adamax Nadam Adadelta Adagrad Adafactor Ftrl Lion Lamb Muon "
    "ScheduleFreeAdamW"
).split()
ONE = [np.ones(1, "float32")]


def one(**kwargs):
    return [hb.Variable([1.0], name="w", **kwargs)]


@pytest.mark.parametrize("name", [*NAMES, "Optimizer", "LossScaleOptimizer", "MultiOptimizer"])
def test_signature_is_keras_s(name):
    def parameters(library):
        found = inspect.signature(getattr(library.optimizers, name)).parameters.values()
        return [(p.name, p.kind, p.default) for p in found]

    assert parameters(hb) == parameters(keras)


def test_schedules_have_keras_s_signatures():
    public = [n for n in dir(keras.optimizers.schedules) if n[0].isupper()]
    assert len(public) == 7
    for name in set(public) - {"LearningRateSchedule"}:
        ours, theirs = (
            [(p.name, p.default) for p in inspect.signature(getattr(s, name)).parameters.values()]
            for s in (hb.optimizers.schedules, keras.optimizers.schedules)
        )
        assert ours == theirs


@pytest.mark.parametrize("name", NAMES)
def test_config_is_keras_s_both_ways(name):
    kwargs = {"learning_rate": 0.25, "clipnorm": 2.0, "name": "mine"}
    ours = getattr(hb.optimizers, name)(**kwargs)
    theirs = getattr(keras.optimizers, name)(**kwargs)
    config = hb.optimizers.serialize(ours)
    assert config == keras.optimizers.serialize(theirs)
    again = hb.optimizers.deserialize(config)
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()


def test_config_follows_what_was_set_since():
    optimizer = hb.optimizers.SGD(0.5)
    optimizer.learning_rate, optimizer.momentum, optimizer.clipnorm = 0.25, 0.5, 3.0
    config = optimizer.get_config()
    assert (config["learning_rate"], config["momentum"], config["clipnorm"]) == (0.25, 0.5, 3.0)


def test_config_holds_the_schedule():
    schedule = hb.optimizers.schedules.CosineDecay(0.5, 10)
    config = hb.optimizers.Adam(schedule).get_config()
    assert config["learning_rate"]["module"] == "keras.optimizers.schedules"
    again = hb.optimizers.Adam.from_config(config)
    assert again.get_config()["learning_rate"] == config["learning_rate"]
    assert len(again.variables) == 1


@pytest.mark.parametrize("name", NAMES)
def test_get_by_name(name):
    for spelled in (name, name.lower()):
        assert type(hb.optimizers.get(spelled)) is getattr(hb.optimizers, name)


def test_get():
    adam = hb.optimizers.Adam()
    assert hb.optimizers.get(adam) is adam
    assert hb.optimizers.get(None) is None
    assert type(hb.optimizers.get(hb.optimizers.Lion)) is hb.optimizers.Lion
    config = {"class_name": "adam", "config": {"beta_1": 0.5}}
    assert hb.optimizers.get(config).beta_1 == 0.5
    with pytest.raises(ValueError, match=r"Unknown optimizer 'Adamm'.*'Adam'"):
        hb.optimizers.get("Adamm")
    for wrong in (3, len, [adam]):
        with pytest.raises(ValueError, match="optimizer"):
            hb.optimizers.get(wrong)


# Inside and outside of compiled code.


@pytest.mark.parametrize("name", ["Adam", "Nadam", "Muon"])
def test_stateless_apply_in_a_loop_is_the_same_as_eager(name):
    options = {
        "gradient_accumulation_steps": 2,
        "use_ema": True,
        "ema_overwrite_frequency": 2,
        "learning_rate": hb.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5),
    }
    eager = getattr(hb.optimizers, name)(**options)
    seen = train(eager, variables(hb), 6)
    pure = getattr(hb.optimizers, name)(**options)
    weights = variables(hb)
    pure.build(weights)
    stacked = [jnp.stack(g) for g in zip(*GRADIENTS[:6], strict=True)]

    def body(i, carry):
        values, own = carry
        return pure.stateless_apply(own, [g[i] for g in stacked], values)

    start = [v.value for v in weights], [v.value for v in pure.variables]
    values, own = jax.jit(lambda c: jax.lax.fori_loop(0, 6, body, c))(start)
    assert_same(values, seen[-1])
    assert_same(own, state(eager))
    assert pure.iterations == 0
    assert_same([v.numpy() for v in weights], [v.numpy() for v in variables(hb)])


def test_apply_compiles_once_and_follows_settings():
    w = one()
    optimizer = hb.optimizers.SGD(0.5)
    traces = []
    formula = optimizer.update
    optimizer.update = lambda *args: traces.append(1) or formula(*args)
    for rate in (0.5, 0.25, 0.125):
        optimizer.learning_rate = rate
        optimizer.apply(ONE, w)
    assert w[0].numpy().tolist() == [0.125]
    assert len(traces) == 1
    optimizer.weight_decay = 1.0
    optimizer.apply(ONE, w)
    assert w[0].numpy().tolist() == [0.125 * (1 - 0.125) - 0.125]
    assert len(traces) == 2


def test_apply_under_a_scope_leaves_the_cells_alone():
    w = one()
    optimizer = hb.optimizers.Adam(0.1)
    optimizer.build(w)
    with hb.StatelessScope() as scope:
        optimizer.apply(ONE, w)
    assert w[0].numpy().tolist() == [1.0]
    assert float(scope.read(w[0])[0]) == pytest.approx(0.9, rel=1e-4)


# Ways to write an optimizer.


def keras_style(library, ops):
    class Momentum(library.optimizers.Optimizer):
        def __init__(self, learning_rate=0.1, momentum=0.9, **kwargs):
            super().__init__(learning_rate, **kwargs)
            self.momentum = momentum

        def build(self, variables):
            super().build(variables)
            self.speeds = [
                self.add_variable_from_reference(reference_variable=v, name="speed")
                for v in variables
            ]
            self.a, self.b = self.add_optimizer_variables(variables, ["a", "b"], "ones")
            self.counter = library.Variable(0.0, name="counter", trainable=False)

        def update_step(self, gradient, variable, learning_rate):
            m = self.speeds[self._get_variable_index(variable)]
            rate = ops.cast(learning_rate, variable.dtype)
            self.assign(m, m * self.momentum - gradient * rate)
            self.assign_add(variable, m)
            self.assign_sub(variable, 0.001 * self.a[self._get_variable_index(variable)])
            self.assign_add(self.counter, 1)

    return Momentum


@pytest.mark.parametrize("options", [{}, {"gradient_accumulation_steps": 2, "clipnorm": 1.0}])
def test_keras_style_subclass(options):
    ours = keras_style(hb, hb.ops)(momentum=0.5, **options)
    theirs = keras_style(keras, keras.ops)(momentum=0.5, **options)
    assert_same(train(ours, variables(hb), 4)[-1], keras_train(theirs, variables(keras), 4)[-1])
    assert_same(state(ours), state(theirs))
    names = [[v.name for v in o.variables] for o in (ours, theirs)]
    assert names[0] == names[1]
    assert ours.get_config()["momentum"] == 0.5


def test_subclass_with_a_formula_and_one_without():
    class Plain(hb.optimizers.Optimizer):
        def init(self, variable):
            return {"seen": np.zeros(variable.shape, variable.dtype)}

        def update(self, gradient, value, slots, learning_rate, step):
            return value - learning_rate * gradient, {"seen": slots["seen"] + step}

    w = one()
    optimizer = Plain(0.5)
    optimizer.apply(ONE, w)
    optimizer.apply(ONE, w)
    assert w[0].numpy().tolist() == [0.0]
    assert optimizer.variables[-1].name == "w_seen"
    assert optimizer.variables[-1].numpy().tolist() == [3.0]

    class Empty(hb.optimizers.Optimizer):
        pass

    with pytest.raises(NotImplementedError, match="Empty has no formula"):
        Empty(0.5).apply(ONE, w)


@pytest.mark.parametrize("draws", [False, True])
def test_formula_is_traced_once_for_variables_of_one_shape(draws):
    seen = []

    class Noisy(hb.optimizers.Optimizer):
        def __init__(self):
            super().__init__(0.5)
            self.generator = hb.random.SeedGenerator(1)

        def update(self, gradient, value, slots, learning_rate, step):
            seen.append(value.shape)
            noise = hb.random.normal(value.shape, seed=self.generator) if draws else 0
            return value - learning_rate * gradient * (step + noise), slots

    weights = [hb.Variable(np.ones(n)) for n in (2, 3, 2, 2)]
    optimizer = Noisy()
    optimizer.apply([hb.ops.ones(w.shape) for w in weights], weights)
    values = {tuple(w.numpy().tolist()) for w in weights}
    if draws:
        assert len(values) == 4  # each variable has numbers of its own
    else:
        assert seen == [(2,), (3,)]
        assert values == {(0.5, 0.5), (0.5, 0.5, 0.5)}


def test_add_variable():
    optimizer = hb.optimizers.SGD(name="sgd")
    layout = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    v = optimizer.add_variable((2,), "ones", "float16", layout=layout, name="extra")
    assert (v.path, v.dtype, v.numpy().tolist()) == ("sgd/extra", "float16", [1.0, 1.0])
    assert optimizer.variables[-1] is v
    with pytest.raises(ValueError, match="one initializer for each name"):
        optimizer.add_optimizer_variables(one(), ["a", "b"], ["zeros"])


# Learning rate.


def test_learning_rate_is_set_and_read():
    optimizer = hb.optimizers.SGD(1)
    assert isinstance(optimizer.learning_rate, hb.Variable)
    optimizer.learning_rate.assign(0.25)
    assert float(optimizer.learning_rate) == 0.25
    optimizer.learning_rate = hb.optimizers.schedules.PiecewiseConstantDecay([1], [1.0, 0.5])
    assert [v.name for v in optimizer.variables] == ["iteration"]
    assert float(optimizer.learning_rate) == 1.0
    with pytest.raises(TypeError, match=r"takes its learning rate from a schedule.*=0.1$"):
        optimizer.learning_rate = 0.1


def test_learning_rate_function_is_asked_at_each_step():
    rates = [0.5, 0.25]
    optimizer, w = hb.optimizers.SGD(lambda: rates[int(optimizer.iterations)]), one()
    optimizer.apply(ONE, w)
    optimizer.apply(ONE, w)
    assert w[0].numpy().tolist() == [0.25]


# Missing, wrong, unknown.


def test_missing_gradients():
    a, b = hb.Variable([1.0], name="a"), hb.Variable([1.0], name="b")
    optimizer = hb.optimizers.Adam(0.5)
    with pytest.warns(UserWarning, match=r"Gradients do not exist for variables \['a'\]") as seen:
        optimizer.apply([None, *ONE], [a, b])
    assert len(seen) == 1
    assert a.numpy().tolist() == [1.0]
    assert float(b[0]) == pytest.approx(0.5, rel=1e-4)
    with pytest.raises(ValueError, match="no gradients provided for any variable"):
        optimizer.apply([None, None])
    assert int(optimizer.iterations) == 1
    optimizer.apply([])
    assert int(optimizer.iterations) == 1


def test_apply_gradients_takes_pairs_and_some_of_the_variables():
    a, b = hb.Variable([1.0], name="a"), hb.Variable([1.0], name="b")
    optimizer = hb.optimizers.SGD(0.5)
    optimizer.build([a, b])
    steps = optimizer.apply_gradients(zip(ONE, [b], strict=True))
    assert (a.numpy().tolist(), b.numpy().tolist(), int(steps)) == ([1.0], [0.5], 1)


def test_apply_checks_what_it_is_given():
    w, optimizer = one(), hb.optimizers.SGD()
    with pytest.raises(ValueError, match="does not know its variables yet"):
        optimizer.apply(ONE)
    with pytest.raises(ValueError, match="has no state yet"):
        optimizer.stateless_apply([], ONE, [])
    with pytest.raises(ValueError, match="has no state yet"):
        optimizer.set_weights([])
    optimizer.build(w)
    with pytest.raises(ValueError, match="Received: 2 gradients for 1 variables"):
        optimizer.apply([*ONE, *ONE])
    with pytest.raises(ValueError, match="does not know the variable 'other'"):
        optimizer.apply(ONE, [hb.Variable([1.0], name="other")])
    with pytest.raises(ValueError, match=r"gradient of 'w'.*Received: shape \(2,\)"):
        optimizer.apply([np.ones(2)])
    with pytest.raises(ValueError, match=r"optimizer_variables are 2 arrays. Received: 1"):
        optimizer.stateless_apply([0], ONE, [1.0])
    with pytest.raises(ValueError, match=r"has 2 variables. Received: 3 weights"):
        optimizer.set_weights([0, 0, 0])
    optimizer.apply(ONE)
    assert int(optimizer.iterations) == 1


@pytest.mark.parametrize(
    ("name", "kwargs", "message"),
    [
        ("SGD", {"lr": 0.1}, "no argument 'lr'. Write learning_rate=.*Received: lr=0.1"),
        ("Adam", {"decay": 0.1}, "InverseTimeDecay.*Received: decay=0.1"),
        ("Adam", {"beta": 0.1}, "no argument 'beta'.*Received: beta=0.1"),
        ("SGD", {"learning_rate": "fast"}, "learning_rate is a number.*Received: .*'fast'"),
        ("SGD", {"learning_rate": True}, "Received: learning_rate=True"),
        ("SGD", {"momentum": 1.5}, "momentum is a number from 0 to 1. Received: momentum=1.5"),
        ("SGD", {"clipnorm": -1.0}, "Received: clipnorm=-1.0"),
        ("SGD", {"clipnorm": 1.0, "clipvalue": 1.0}, "only one of clipnorm"),
        ("SGD", {"gradient_accumulation_steps": 1}, "Received: gradient_accumulation_steps=1"),
        ("SGD", {"use_ema": True, "ema_momentum": 2}, "Received: ema_momentum=2"),
        ("SGD", {"ema_overwrite_frequency": 0.5}, "Received: ema_overwrite_frequency=0.5"),
        ("SGD", {"weight_decay": "much"}, "Received: weight_decay='much'"),
        ("Adam", {"beta_1": 2.0}, "Received: beta_1=2.0"),
        ("AdamW", {"weight_decay": None}, "Received: weight_decay=None"),
        ("Ftrl", {"learning_rate_power": 0.5}, "Received: learning_rate_power=0.5"),
        ("Ftrl", {"l1_regularization_strength": -1}, "l1_regularization_strength=-1"),
        ("Lion", {"beta_1": 0.0}, "Received: beta_1=0.0"),
        ("ScheduleFreeAdamW", {"beta_1": 0.0}, "Received: beta_1=0.0"),
        ("Muon", {"ns_steps": 0}, "Received: ns_steps=0"),
        ("LossScaleOptimizer", {"inner_optimizer": "adam"}, "Received: inner_optimizer='adam'"),
        ("MultiOptimizer", {"optimizer_map": 3}, "Received: optimizer_map=3"),
        ("OptaxOptimizer", {"transformation": 3}, "Received: transformation=3"),
    ],
)
def test_wrong_arguments(name, kwargs, message):
    with pytest.raises(ValueError, match=message):
        getattr(hb.optimizers, name)(**kwargs)


def test_decay_of_none_is_no_decay():
    assert hb.optimizers.SGD(0.1, decay=0.0).weight_decay is None


# Saving.


def test_state_goes_to_keras_and_back():
    ours, theirs = hb.optimizers.Adam(0.1, amsgrad=True), keras.optimizers.Adam(0.1, amsgrad=True)
    weights = variables(hb)
    train(ours, weights, 3)
    store = {}
    ours.save_own_variables(store)
    assert list(store) == [str(i) for i in range(8)]
    their_weights = [keras.Variable(w.numpy(), name=w.name) for w in weights]
    theirs.build(their_weights)
    theirs.load_own_variables(store)
    assert_same(keras_train(theirs, their_weights, 4)[-1], train(ours, weights, 4)[-1])
    back = {str(i): v for i, v in enumerate(state(theirs))}
    fresh = hb.optimizers.Adam(0.1, amsgrad=True)
    fresh.build(weights)
    fresh.load_own_variables(back)
    assert int(fresh.iterations) == 7
    fresh.set_weights([v + 1 for v in state(fresh)])
    assert int(fresh.iterations) == 8
    with pytest.warns(UserWarning, match="has 8 variables and the saved one 1"):
        fresh.load_own_variables({"0": 3})
    assert int(fresh.iterations) == 8


def test_deepcopy_is_a_second_optimizer():
    optimizer = hb.optimizers.SGD(0.5, momentum=0.5)
    optimizer.apply(ONE, one())
    again = copy.deepcopy(optimizer)
    assert_same(state(again), state(optimizer))
    again.apply(ONE)
    assert (int(again.iterations), int(optimizer.iterations)) == (2, 1)
