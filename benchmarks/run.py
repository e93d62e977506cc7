"""Runs the six workloads on Hornbill and on the peers that are installed, in turn.

    python benchmarks/run.py                              # whatever this interpreter has
    python benchmarks/run.py --only seed_mlp lstm --rounds 3
    python benchmarks/run.py --python tensorflow=/venvs/tf/bin/python
    python benchmarks/run.py --only resnet50 gpt          # for an accelerator: see large.py

Every run is a process of its own with its own environment. Rounds are interleaved, so that a
noisy machine disturbs all alike; the table shows medians, and Hornbill's ratio to each peer.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from large import TRAINING_FLOPS

HERE = Path(__file__).parent
WORKLOADS = ("seed_mlp", "mnist_cnn", "resnet20", "lstm", "transformer", "autoencoder")
# Dense bfloat16 products of a card, operations a second (NVIDIA's data sheets).
PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L4": 121e12, "T4": 65e12}

# name: (modules that must be importable, the script's arguments, the environment)
PEERS = {
    # Without the programs that an earlier run left on disk: the first step is measured cold.
    "hornbill": (
        ("hornbill",),
        ("workloads.py", "--module", "hornbill"),
        {"HORNBILL_CACHE": "off"},
    ),
    "keras-jax": (
        ("keras", "jax"),
        ("workloads.py", "--module", "keras"),
        {"KERAS_BACKEND": "jax"},
    ),
    "tf.keras": (
        ("tensorflow",),
        ("workloads.py", "--module", "tensorflow.keras"),
        {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
    ),
    "keras-torch": (
        ("keras", "torch"),
        ("workloads.py", "--module", "keras"),
        {"KERAS_BACKEND": "torch"},
    ),
    "torch": (("torch",), ("workloads_torch.py",), {}),
    "torch-compile": (("torch",), ("workloads_torch.py", "--compile"), {}),
}


def installed(python: str, modules) -> bool:
    """Whether an interpreter has the modules."""
    code = "import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, sys.argv[1:])))"
    return subprocess.run([python, "-c", code, *modules], check=False).returncode == 0


def run(python: str, peer: str, workload: str, epochs: int, scale: float) -> dict | None:
    """One workload on one peer, in a fresh process; None where it fails."""
    _, (script, *arguments), environment = PEERS[peer]
    command = [python, str(HERE / script), workload, *arguments]
    command += ["--epochs", str(epochs), "--scale", str(scale)]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"{peer} on {workload} failed:\n{done.stderr[-2000:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="*", default=list(WORKLOADS), choices=[*WORKLOADS, *TRAINING_FLOPS]
    )
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--all", action="store_true", help="all workloads and peers (the default)")
    parser.add_argument("--rounds", type=int, default=1, help="interleaved rounds")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument(
        "--python",
        nargs="*",
        default=[],
        metavar="PEER=PATH",
        help="the interpreter of a peer, where it lives in an environment of its own",
    )
    args = parser.parse_args()
    pythons = dict.fromkeys(PEERS, sys.executable)
    pythons.update(dict(pair.split("=", 1) for pair in args.python))
    peers = [p for p in args.peers if installed(pythons[p], PEERS[p][0])]
    missing = [p for p in args.peers if p not in peers]
    if missing:
        print(f"Not installed, left out: {', '.join(missing)}.", file=sys.stderr)
    results: dict[tuple[str, str], list[dict]] = {}
    for _ in range(args.rounds):
        for workload in args.only:
            for peer in peers:
                result = run(pythons[peer], peer, workload, args.epochs, args.scale)
                if result is not None:
                    results.setdefault((workload, peer), []).append(result)
    for measure in ("train", "evaluate", "predict", "first_s", "import_s", "rss_mb"):
        print_table(measure, args.only, peers, results)
    print_shares([w for w in args.only if w in TRAINING_FLOPS], peers, results)


def print_table(measure, workloads, peers, results) -> None:
    """One measure: medians per peer, and for rates Hornbill over each peer in brackets."""
    unit = {"first_s": "seconds", "import_s": "seconds", "rss_mb": "MB"}.get(measure, "samples/s")
    print_header(f"{measure} ({unit})", peers)
    for workload in workloads:
        cells = []
        ours = median(results.get((workload, "hornbill")), measure)
        for peer in peers:
            value = median(results.get((workload, peer)), measure)
            if value is None:
                cells.append("-")
            elif peer == "hornbill" or ours is None or not value:
                cells.append(f"{value:,}")
            else:
                ratio = ours / value
                cells.append(f"{value:,} ({ratio:.2f}x)")
        print(f"| {workload} | " + " | ".join(cells) + " |")
    print("\nIn brackets: Hornbill's figure over this peer's.")


def print_shares(workloads, peers, results) -> None:
    """What part of the card's peak the training of large workloads reaches."""
    card = card_of_this_machine()
    if not workloads or card is None:
        return
    title = f"share of the peak ({card}, {PEAKS[card] / 1e12:.0f} Tflop/s in bfloat16)"
    print_header(title, peers)
    for workload in workloads:
        rates = (median(results.get((workload, peer)), "train") for peer in peers)
        work = TRAINING_FLOPS[workload] / PEAKS[card]
        cells = ("-" if rate is None else f"{rate * work:.1%}" for rate in rates)
        print(f"| {workload} | " + " | ".join(cells) + " |")


def card_of_this_machine() -> str | None:
    """The GPU, where it is one whose peak is known."""
    if not shutil.which("nvidia-smi"):
        return None
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    names = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return next((card for card in PEAKS if card in re.findall(r"\w+", names)), None)


def print_header(title, peers) -> None:
    print(f"\n### {title}\n")
    print("| workload | " + " | ".join(peers) + " |")
    print("|---" * (len(peers) + 1) + "|")


def median(runs, measure):
    values = [r[measure] for r in runs or () if r.get(measure) is not None]
    return statistics.median(values) if values else None


if __name__ == "__main__":
    main()
