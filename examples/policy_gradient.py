"""Policy gradient: a network learns to balance a pole on a cart by trying.

    python examples/policy_gradient.py            # about ten seconds on two cores
    python examples/policy_gradient.py --quick    # a few rounds, to see that it runs

REINFORCE is cross-entropy on the actions taken, each weighted by how much better it went than
usual: `train_on_batch(states, actions, sample_weight=advantages)`. Prints how long the pole stays
up before and after; draws the time it stayed up over the rounds.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import hornbill as hb
from hornbill import layers

CARTS, LIMIT = 64, 200  # tried at once; steps after which a try ends


def push(states, right):
    """The next states 20 ms later: Barto, Sutton and Anderson's cart and pole (1983)."""
    _, v, angle, spin = states.T
    force, mass, pole, half = np.where(right, 10.0, -10.0), 1.1, 0.1, 0.5
    lean = (force + pole * half * spin**2 * np.sin(angle)) / mass
    turn = (9.8 * np.sin(angle) - np.cos(angle) * lean) / (
        half * (4 / 3 - pole * np.cos(angle) ** 2 / mass)
    )
    speed_up = lean - pole * half * turn * np.cos(angle) / mass
    return (states + 0.02 * np.stack([v, speed_up, spin, turn], axis=-1)).astype("float32")


def play(policy, rng):
    """Many carts at once: states, actions and who was up, each of shape (LIMIT, CARTS, ...)."""
    states = rng.uniform(-0.05, 0.05, (CARTS, 4)).astype("float32")
    up, seen = np.ones(CARTS, bool), []
    for _ in range(LIMIT):
        chance = policy.predict_on_batch(states)[:, 1]
        right = rng.random(CARTS) < chance
        seen.append((states, right.astype("int32"), up))
        states = np.where(up[:, None], push(states, right), states)
        up = up & (np.abs(states[:, 0]) < 2.4) & (np.abs(states[:, 2]) < np.pi / 15)
    return [np.stack(part) for part in zip(*seen, strict=True)]


def advantages(up, discount: float = 0.98):
    """How much longer each cart stays up from each step on than carts do on the average."""
    to_go = np.zeros(up.shape, "float32")
    after = np.zeros(up.shape[1], "float32")
    for step in reversed(range(len(up))):
        after = to_go[step] = up[step] * (1 + discount * after)
    count = up.sum(1, keepdims=True).clip(1)
    usual = to_go.sum(1, keepdims=True) / count
    better = (to_go - usual) * up
    return better / (better[up].std() + 1e-6)


def main(argv=None) -> dict[str, float]:
    """Trains, prints, draws. Returns what it reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few rounds only")
    parser.add_argument("--out", default=".", help="the folder of the picture")
    options = parser.parse_args(argv)

    hb.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    policy = hb.Sequential(
        [hb.Input((4,)), layers.Dense(32, activation="tanh"), layers.Dense(2, activation="softmax")]
    )
    policy.compile(hb.optimizers.Adam(0.02), loss="sparse_categorical_crossentropy")
    lengths = []
    for turn in range(15 if options.quick else 40):
        states, actions, up = play(policy, rng)
        lengths.append(up.sum(0))
        if turn % 10 == 0:
            print(f"round {turn:2}: the pole stays up {lengths[-1].mean():.0f} of {LIMIT} steps")
        # Steps after a fall have weight 0: every batch has one shape, and is compiled once.
        batch = states.reshape(-1, 4), actions.reshape(-1), advantages(up).reshape(-1)
        policy.train_on_batch(*batch)
    first, last = (float(np.mean(part)) for part in (lengths[0], lengths[-5:]))
    print(f"At first {first:.0f} steps; in the last five rounds {last:.0f} of {LIMIT}.")

    figure = Figure(figsize=(6, 3), layout="constrained")
    ax = figure.subplots()
    low, middle, high = np.percentile(lengths, [10, 50, 90], axis=1)
    ax.fill_between(range(len(low)), low, high, alpha=0.3, label="80% of the carts")
    ax.plot(middle, label="median")
    ax.set(xlabel="round", ylabel=f"steps upright (at most {LIMIT})")
    ax.legend(loc="lower right")
    figure.savefig(Path(options.out) / "policy_gradient.png", dpi=80)
    return {"first": first, "last": last}


if __name__ == "__main__":
    main()
