"""A table with columns of several kinds, two answers: a model with many inputs and two outputs.

    python examples/tabular.py            # under ten seconds on two cores
    python examples/tabular.py --quick    # a few epochs, to see that it runs

The table is generated: riders of a bicycle hire, by hour, weather, temperature and day. Riders are
drawn from a Poisson distribution whose rate is known, so it is known what the best answer costs.
Prints the loss beside that of the true rate and of the mean; draws the learned day.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import hornbill as hb
from hornbill import layers

WEATHER = np.array(["clear", "cloudy", "rain", "snow"])


def true_rate(hour, weather, temperature, free):
    """How many riders there are on the average."""
    at_work = np.exp(-((hour - 8) ** 2) / 3) + np.exp(-((hour - 17.5) ** 2) / 5)
    at_leisure = 0.8 * np.exp(-((hour - 14) ** 2) / 18)
    mild = np.exp(-((temperature - 22) ** 2) / 250)
    dry = np.select([weather == w for w in WEATHER], [1.0, 0.85, 0.4, 0.15])
    return 2 + 60 * np.where(free, at_leisure, at_work) * mild * dry


def table(count: int, seed: int) -> tuple[dict, dict, np.ndarray]:
    """Columns, answers, and the true rate."""
    rng = np.random.default_rng(seed)
    columns = {
        "hour": rng.integers(0, 24, count),
        "weather": rng.choice(WEATHER, count, p=[0.5, 0.25, 0.2, 0.05]),
        "temperature": rng.uniform(-5, 35, count).astype("float32"),
        "free": rng.random(count) < 2 / 7,
    }
    rate = true_rate(**columns)
    riders = rng.poisson(rate).astype("float32")
    return columns, {"riders": riders, "crowded": (riders > 40).astype("float32")}, rate


def encoded(columns: dict, to_number) -> dict:
    """The columns as the model takes them: words as numbers, all of shape (rows, 1)."""
    columns = columns | {"weather": np.asarray(to_number(columns["weather"]))}
    kinds = {"temperature": "float32", "free": "float32"}
    return {name: c.astype(kinds.get(name, "int32"))[:, None] for name, c in columns.items()}


def build(temperatures) -> hb.Model:
    """Embeddings for what is a kind, a number normalized; joined, then two answers."""
    inputs = {
        "hour": hb.Input((1,), dtype="int32", name="hour"),
        "weather": hb.Input((1,), dtype="int32", name="weather"),
        "temperature": hb.Input((1,), name="temperature"),
        "free": hb.Input((1,), name="free"),
    }
    scale = layers.Normalization()
    scale.adapt(temperatures)
    hour = layers.Flatten()(layers.Embedding(24, 8)(inputs["hour"]))
    weather = layers.Flatten()(layers.Embedding(len(WEATHER) + 1, 3)(inputs["weather"]))
    x = layers.concatenate([hour, weather, scale(inputs["temperature"]), inputs["free"]])
    for _ in range(2):
        x = layers.Dense(64, activation="gelu")(x)
    riders = layers.Dense(1, activation="exponential", name="riders")(x)
    crowded = layers.Dense(1, activation="sigmoid", name="crowded")(x)
    return hb.Model(inputs, {"riders": riders, "crowded": crowded}, name="bicycles")


def main(argv=None) -> dict[str, float]:
    """Trains, prints, draws. Returns what it reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few epochs only")
    parser.add_argument("--out", default=".", help="the folder of the picture")
    options = parser.parse_args(argv)

    hb.utils.set_random_seed(0)
    columns, answers, _ = table(6000, seed=1)
    new_columns, new_answers, rate = table(2000, seed=2)
    to_number = layers.StringLookup(vocabulary=list(WEATHER))
    x, x_new = encoded(columns, to_number), encoded(new_columns, to_number)
    model = build(x["temperature"])
    model.compile(
        hb.optimizers.Adam(0.003),
        loss={"riders": "poisson", "crowded": "binary_crossentropy"},
        loss_weights={"riders": 1.0, "crowded": 5.0},
        metrics={"crowded": "auc"},
    )
    model.fit(x, answers, batch_size=64, epochs=4 if options.quick else 25, verbose=0)
    result = model.evaluate(x_new, new_answers, verbose=0, return_dict=True)
    y = new_answers["riders"]
    best, mean = (float(np.mean(r - y * np.log(r))) for r in (rate, np.full_like(rate, y.mean())))
    loss, auc = result["riders_loss"], result["crowded_auc"]
    print(
        f"Poisson loss of riders: {loss:.2f}; {best:.2f} by the true rate, {mean:.2f} by the mean."
    )
    print(f"Area under the curve of 'crowded': {auc:.3f}")

    figure = Figure(figsize=(6, 3), layout="constrained")
    ax = figure.subplots()
    for free, name in ((False, "working day"), (True, "free day")):
        day = {"hour": np.arange(24), "temperature": np.full(24, 20.0), "free": np.full(24, free)}
        day["weather"] = np.full(24, "clear")
        learned = model.predict(encoded(day, to_number), verbose=0)["riders"]
        (line,) = ax.plot(learned, label=f"{name}, learned")
        ax.plot(true_rate(**day), ":", color=line.get_color(), label=f"{name}, true")
    ax.set(xlabel="hour (clear, 20 °C)", ylabel="riders")
    ax.legend(fontsize=8)
    figure.savefig(Path(options.out) / "tabular.png", dpi=80)
    return {"loss": loss, "best": best, "mean": mean, "auc": auc}


if __name__ == "__main__":
    main()
