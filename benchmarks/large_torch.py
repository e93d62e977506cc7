"""The two workloads of `large.py` in plain PyTorch, for autocast to bfloat16."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class Bottleneck(nn.Module):
    def __init__(self, inputs, filters, stride, first):
        super().__init__()
        outputs = 4 * filters

        def conv(inputs, outputs, size, stride=1):
            convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
            return nn.Sequential(convolution, nn.BatchNorm2d(outputs))

        self.narrow = conv(inputs, filters, 1)
        self.middle = conv(filters, filters, 3, stride)
        self.wide = conv(filters, outputs, 1)
        self.shortcut = conv(inputs, outputs, 1, stride) if first else nn.Identity()

    def forward(self, x):
        y = F.relu(self.middle(F.relu(self.narrow(x))))
        return F.relu(self.wide(y) + self.shortcut(x))


class ResNet50(nn.Module):
    def __init__(self):
        super().__init__()
        parts = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
        parts.append(nn.MaxPool2d(3, 2, 1))
        inputs = 64
        for stage, blocks in enumerate((3, 4, 6, 3)):
            filters = 64 * 2**stage
            for block in range(blocks):
                stride = 2 if stage and not block else 1
                parts.append(Bottleneck(inputs, filters, stride, not block))
                inputs = 4 * filters
        self.parts = nn.Sequential(*parts).to(memory_format=torch.channels_last)
        self.leave = nn.Linear(inputs, 1000)

    def forward(self, x):
        x = self.parts(x.contiguous(memory_format=torch.channels_last))
        return self.leave(x.mean((2, 3)))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, steps, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(batch, steps, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
        x = x + self.project(attended.reshape(batch, steps, width))
        return x + self.narrow(F.gelu(self.wide(self.norm2(x))))


class GPT(nn.Module):
    def __init__(self, words=50304, steps=1024, width=768, heads=12, depth=12):
        super().__init__()
        self.embed, self.places = nn.Embedding(words, width), nn.Embedding(steps, width)
        nn.init.normal_(self.embed.weight, std=0.02)  # PyTorch's 1 is too much for logits
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens):
        x = self.embed(tokens) + self.places.weight[: tokens.shape[1]]
        return F.linear(self.norm(self.blocks(x)), self.embed.weight)


def of_each_token(logits, tokens):
    return F.cross_entropy(logits.flatten(0, 1), tokens.flatten())


def resnet50(scale):
    n, rng = int(1024 * scale), np.random.default_rng(0)
    x, y = rng.random((n, 3, 224, 224), dtype="float32"), rng.integers(0, 1000, n)
    return ResNet50(), x, y, 128, F.cross_entropy


def gpt(scale):
    tokens = np.random.default_rng(0).integers(0, 50304, (int(64 * scale), 1025))
    x, y = (np.ascontiguousarray(a) for a in (tokens[:, :-1], tokens[:, 1:]))
    return GPT(), x, y, 8, of_each_token


LARGE = {"resnet50": resnet50, "gpt": gpt}
