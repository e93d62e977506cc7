"""The six workloads, and the two large ones, in plain PyTorch, with the loop that its users write.

python benchmarks/workloads_torch.py NAME [--compile]
"""

import argparse
import itertools
import json
import resource
import statistics
import time

STARTED = time.perf_counter()
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn as nn  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from large_torch import LARGE  # noqa: E402

IMPORTED = time.perf_counter() - STARTED


class Residual(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        self.shortcut = nn.Identity()
        if stride == 2:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)
            )

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.enter = nn.Sequential(
            nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()
        )
        blocks, inputs = [], 16
        for stage, filters in enumerate((16, 32, 64)):
            for block in range(3):
                blocks.append(Residual(inputs, filters, 2 if stage and not block else 1))
                inputs = filters
        self.blocks = nn.Sequential(*blocks)
        self.leave = nn.Linear(64, 10)

    def forward(self, x):
        return self.leave(self.blocks(self.enter(x)).mean((2, 3)))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20000, 128)
        self.lstm = nn.LSTM(128, 128, batch_first=True)
        self.leave = nn.Linear(128, 1)

    def forward(self, x):
        return self.leave(self.lstm(self.embed(x))[0][:, -1])


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(128), nn.LayerNorm(128)
        self.qkv, self.project = nn.Linear(128, 384), nn.Linear(128, 128)
        self.wide, self.narrow = nn.Linear(128, 512), nn.Linear(512, 128)

    def forward(self, x):
        batch, steps, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, steps, 3, 4, 32).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2)
        x = x + self.project(attended.reshape(batch, steps, width))
        return x + self.narrow(F.gelu(self.wide(self.norm2(x)), approximate="tanh"))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20000, 128)
        self.blocks = nn.Sequential(Block(), Block())
        self.leave = nn.Linear(128, 2)

    def forward(self, x):
        return self.leave(self.blocks(self.embed(x)).mean(1))


def build(name, scale):
    """`(model, x, y, batch size, loss)` of a workload."""
    if name in LARGE:
        return LARGE[name](scale)
    rng = np.random.default_rng(0)

    def images(n, *shape):
        return rng.random((int(n * scale), *shape), dtype="float32")

    def labels(n, classes):
        return rng.integers(0, classes, int(n * scale))

    if name == "seed_mlp":
        model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 10))
        return model, images(16000, 20), labels(16000, 10), 32, F.cross_entropy
    if name == "mnist_cnn":
        model = nn.Sequential(
            nn.Conv2d(1, 32, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(1600, 10),
        )
        return model, images(3840, 1, 28, 28), labels(3840, 10), 128, F.cross_entropy
    if name == "resnet20":
        return ResNet20(), images(640, 3, 32, 32), labels(640, 10), 64, F.cross_entropy
    if name == "lstm":
        x = rng.integers(0, 20000, (int(960 * scale), 100))
        y = labels(960, 2).astype("float32")[:, None]
        return Recurrent(), x, y, 32, F.binary_cross_entropy_with_logits
    if name == "transformer":
        x = rng.integers(0, 20000, (int(640 * scale), 128))
        return Transformer(), x, labels(640, 2), 32, F.cross_entropy
    x = images(12800, 784)
    widths = (784, 128, 32, 128, 784)
    parts = []
    for a, b in itertools.pairwise(widths):
        parts += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*parts[:-1]), x, x, 256, F.binary_cross_entropy_with_logits


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model, x, y, batch, loss_fn = build(args.name, args.scale)
    model = model.to(device)
    x, y = torch.from_numpy(x).to(device), torch.from_numpy(y).to(device)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    forward = torch.compile(model) if args.compile else model
    precision = torch.autocast(device, torch.bfloat16, enabled=args.name in LARGE)

    def epoch():
        model.train()
        order = torch.randperm(len(x), device=device)
        total = torch.zeros((), device=device)
        metric = torch.zeros((), device=device)
        for i in range(0, len(x), batch):
            rows = order[i : i + batch]
            xb, yb = x[rows], y[rows]
            optimizer.zero_grad(set_to_none=True)
            with precision:
                outputs = forward(xb)
                loss = loss_fn(outputs, yb)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                total += loss * len(xb)
                if not yb.is_floating_point():
                    metric += (outputs.argmax(-1) == yb).sum()
                else:
                    metric += (outputs - yb).abs().mean()
        return float(total) / len(x), float(metric)

    def evaluate():
        model.eval()
        total = torch.zeros((), device=device)
        with torch.inference_mode(), precision:
            for i in range(0, len(x), batch):
                total += loss_fn(forward(x[i : i + batch]), y[i : i + batch])
        return float(total)

    def predict():
        model.eval()
        with torch.inference_mode(), precision:
            return torch.cat([forward(x[i : i + batch]) for i in range(0, len(x), batch)]).cpu()

    def seconds(run, times):
        run()
        taken = []
        for _ in range(times):
            began = time.perf_counter()
            run()
            taken.append(time.perf_counter() - began)
        return statistics.median(taken)

    began = time.perf_counter()
    epoch()
    first = time.perf_counter() - began
    taken = []
    for _ in range(args.epochs):
        began = time.perf_counter()
        loss, _ = epoch()
        taken.append(time.perf_counter() - began)
    result = {
        "work": args.name,
        "module": "torch",
        "import_s": round(IMPORTED, 2),
        "first_s": round(first, 2),
        "train": round(len(x) / statistics.median(taken)),
        "evaluate": round(len(x) / seconds(evaluate, 3)),
        "predict": round(len(x) / seconds(predict, 3)),
        "loss": round(loss, 4),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
