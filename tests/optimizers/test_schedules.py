import jax
import keras
import numpy as np
import pytest

import hornbill as hb

CASES = [
    ("ExponentialDecay", (0.1, 5, 0.7), {}),
    ("ExponentialDecay", (0.1, 5, 0.7), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 5, 0.7), {}),
    ("InverseTimeDecay", (0.1, 5, 0.7), {"staircase": True}),
    ("PolynomialDecay", (0.1, 7), {"end_learning_rate": 0.01, "power": 2.0}),
    ("PolynomialDecay", (0.1, 7), {"cycle": True}),
    ("PiecewiseConstantDecay", ([3, 10], [0.1, 0.05, 0.01]), {}),
    ("PiecewiseConstantDecay", ([4], [0.1, 0.05]), {}),
    ("CosineDecay", (0.1, 10), {"alpha": 0.1}),
    ("CosineDecay", (0.1, 10), {"warmup_target": 0.5, "warmup_steps": 6}),
    ("CosineDecay", (0.1, 10), {"warmup_target": 0.5}),
    ("CosineDecayRestarts", (0.1, 4), {}),
    ("CosineDecayRestarts", (0.1, 4), {"t_mul": 1.0, "m_mul": 0.7, "alpha": 0.1}),
    ("CosineDecayRestarts", (0.1, 3), {"t_mul": 1.5, "m_mul": 0.9}),
]
# In range and far beyond.
STEPS = np.arange(0, 27)


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_schedule(name, args, kwargs):
    ours = getattr(hb.optimizers.schedules, name)(*args, **kwargs)
    theirs = getattr(keras.optimizers.schedules, name)(*args, **kwargs)
    mine = jax.vmap(ours)(STEPS)
    expected = np.asarray(jax.vmap(theirs)(STEPS))
    if name == "CosineDecayRestarts":
        # A wave's start is a rounded logarithm: at its very step, both may fall on either side.
        near = np.isclose(mine, expected, rtol=1e-4, atol=1e-7)
        assert near.sum() >= len(near) - 1
    else:
        np.testing.assert_allclose(mine, expected, rtol=2e-5, atol=1e-8)
    assert mine.dtype == "float32"
    assert not mine.weak_type
    np.testing.assert_allclose(jax.jit(ours)(7), mine[7], rtol=1e-5, atol=1e-8)

    config = hb.optimizers.schedules.serialize(ours)
    assert config == keras.optimizers.schedules.serialize(theirs)
    again = hb.optimizers.schedules.deserialize(config)
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()
    assert keras.optimizers.schedules.deserialize(config).get_config() == config["config"]


# What torch.optim.lr_scheduler.OneCycleLR 2.13 gives for the same arguments: rates, momenta.
ONE_CYCLES = [
    ({"total_steps": 10},
     [0.004, 0.052, 0.1, 0.09504846, 0.08117457, 0.0611262, 0.0388742, 0.01882583, 0.004951937,
      4e-07],
     [0.95, 0.9, 0.85, 0.8549516, 0.8688255, 0.888874, 0.911126, 0.9311745, 0.9450484, 0.95]),
    ({"total_steps": 11, "warmup_fraction": 0.25, "anneal": "linear", "div_factor": 10,
      "final_div_factor": 100},
     [0.01, 0.06142857, 0.09697273, 0.08486364, 0.07275455, 0.06064545, 0.04853636, 0.03642727,
      0.02431818, 0.01220909, 0.0001],
     [0.95, 0.8928571, 0.8530303, 0.8651515, 0.8772727, 0.8893939, 0.9015152, 0.9136364, 0.9257576,
      0.9378788, 0.95]),
    ({"total_steps": 12, "three_phase": True},
     [0.004, 0.03497897, 0.08792852, 0.09450189, 0.04621424, 0.005394793, 0.003815169,
      0.003122462, 0.002108467, 0.001063477, 0.000286657, 4e-07],
     [0.95, 0.9177302, 0.8625745, 0.8557272, 0.9060268, 0.9485471, *[0.95] * 6]),
    ({"total_steps": 12, "three_phase": True, "warmup_fraction": 0.4, "anneal": "linear"},
     [0.004, 0.02926316, 0.05452632, 0.07978947, 0.09494737, 0.06968421, 0.04442105, 0.01915789,
      0.003529459, 0.002353106, 0.001176753, 4e-07],
     [0.95, 0.9236842, 0.8973684, 0.8710526, 0.8552632, 0.8815789, 0.9078947, 0.9342105,
      *[0.95] * 4]),
    ({"total_steps": 5, "warmup_fraction": 0.1},
     [0.09698464, 0.0750001, 0.04131783, 0.01169813, 4e-07],
     [0.8530154, 0.875, 0.9086824, 0.9383022, 0.95]),
]  # fmt: skip


@pytest.mark.parametrize(("kwargs", "rates", "momenta"), ONE_CYCLES)
def test_one_cycle_is_pytorch_s(kwargs, rates, momenta):
    make = hb.optimizers.schedules.OneCycle
    schedule = make(0.1, max_momentum=0.95, base_momentum=0.85, **kwargs)
    for function, expected in ((schedule, rates), (schedule.momentum_at, momenta)):
        given = jax.vmap(function)(np.arange(len(expected) + 3))
        np.testing.assert_allclose(given[:-3], expected, rtol=2e-5, atol=1e-8)
        # It stays where it ended, where PyTorch's raises.
        np.testing.assert_array_equal(given[-3:], given[-4])
    assert make(0.1, **kwargs).momentum_at(0) is None
    again = hb.optimizers.schedules.deserialize(hb.optimizers.schedules.serialize(schedule))
    assert again.get_config() == schedule.get_config()
    optimizer = hb.optimizers.SGD(again)
    np.testing.assert_allclose(optimizer.learning_rate, rates[0], rtol=2e-5)


def test_one_cycle_turns_the_optimizer_s_momentum():
    """PyTorch 2.13's numbers for Adam under OneCycleLR: the weight 1 under the loss w**3 / 3."""
    cycle = hb.optimizers.schedules.OneCycle(0.1, 10, max_momentum=0.95, base_momentum=0.85)
    expected = [0.996, 0.956376, 0.886948, 0.812948, 0.743775, 0.686233, 0.644791, 0.621567,
                0.614632, 0.614631]  # fmt: skip
    w, optimizer = hb.Variable([1.0]), hb.optimizers.Adam(cycle, epsilon=1e-12)
    values = []
    for _ in expected:
        optimizer.apply([w.value**2], [w])
        values.append(float(w.numpy()[0]))
    np.testing.assert_allclose(values, expected, atol=5e-6)
    assert optimizer.beta_1 == optimizer.get_config()["beta_1"] == 0.9
    # fit compiles the same step.
    model = hb.Sequential([hb.Input((1,)), hb.layers.Dense(1, use_bias=False)])
    model.compile(hb.optimizers.Adam(cycle, epsilon=1e-12), loss=lambda y, x: x**3 / 3)
    model.set_weights([np.ones((1, 1), "float32")])
    model.fit(np.ones((5, 1)), np.ones((5, 1)), batch_size=1, epochs=2, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], expected[-1], atol=5e-6)
    for made in (hb.optimizers.Adagrad(cycle), hb.optimizers.SGD(cycle)):
        with pytest.raises(ValueError, match=r"OneCycle sets the momentum, and .* has none"):
            made.build([w])
    with pytest.raises(ValueError, match=r"for Adam: learning_rate, beta_2, .* Received: beta_1"):
        hb.Population(lambda: model, 2, beta_1=[0.8, 0.9]).fit(np.ones((2, 1)), np.ones((2, 1)))


@pytest.mark.parametrize(("base", "top"), [(None, 0.9), (0.9, None), (0.9, 0.8), (0.5, 1.0)])
def test_momenta_that_cannot_be(base, top):
    with pytest.raises(ValueError, match=f"max_momentum={top}"):
        hb.optimizers.schedules.OneCycle(0.1, 9, max_momentum=top, base_momentum=base)


def test_a_schedule_of_the_user_s_own():
    class Halving(hb.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.5**step

    optimizer = hb.optimizers.SGD(Halving())
    w = [hb.Variable([0.0], name="w")]
    for _ in range(3):
        optimizer.apply([np.ones(1, "float32")], w)
    assert w[0].numpy().tolist() == [-1.75]
    assert float(optimizer.learning_rate) == 0.125
    with pytest.raises(NotImplementedError, match=r"Halving has no get_config\(\)"):
        optimizer.get_config()
    with pytest.raises(NotImplementedError, match="LearningRateSchedule has no __call__"):
        hb.optimizers.schedules.LearningRateSchedule()(0)


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("ExponentialDecay", (0.1, 0, 0.5), "decay_steps .* Received: decay_steps=0"),
        ("InverseTimeDecay", (0.1, -1, 0.5), "decay_steps .* Received: decay_steps=-1"),
        ("PolynomialDecay", (0.1, 0), "Received: decay_steps=0"),
        ("CosineDecay", (0.1, 0), "Received: decay_steps=0"),
        ("CosineDecayRestarts", (0.1, 0), "Received: first_decay_steps=0"),
        ("PiecewiseConstantDecay", ([1], [0.1]), r"Received: boundaries=\[1\], values=\[0.1\]"),
        ("OneCycle", (0.1, 1), "total_steps is at least 2.*Received: total_steps=1"),
        ("OneCycle", (0.1, 9, 1.0), "below 1.* Received: warmup_fraction=1.0"),
        ("OneCycle", (0.1, 9, 0.6, 25.0, 1e4, "cos", True), "with three_phase at most 0.5"),
        ("OneCycle", (0.1, 9, 0.3, 0.0), "Received: div_factor=0.0"),
        ("OneCycle", (0.1, 9, 0.3, 25.0, 1e4, "sine"), "Received: anneal='sine'"),
        ("PiecewiseConstantDecay", ([2, 1], [1.0, 2.0, 3.0]), "boundaries rise"),
    ],
)
def test_wrong_arguments(name, args, message):
    with pytest.raises(ValueError, match=message):
        getattr(hb.optimizers.schedules, name)(*args)
