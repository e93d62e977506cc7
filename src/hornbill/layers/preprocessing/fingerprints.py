"""Hashes of strings that are the same everywhere: those of Keras's hashing layers.

- `farmhash64`: FarmHash's `Fingerprint64` (https://github.com/google/farmhash, `farmhashna`).
- `siphash64`: SipHash-2-4 (https://www.aumasson.jp/siphash/siphash.pdf), a hash with a key.
- `cross64`: how TensorFlow's `sparse.cross_hashed` joins the hashes of several features.

All arithmetic is modulo 2**64.
"""

import struct

import numpy as np

MASK = (1 << 64) - 1
K0, K1, K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
CROSS_KEY, CROSS_MULTIPLIER = 0xDECAFCAFFE, 0xC6A4A7935BD1E995


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _right(x: int, bits: int) -> int:
    x &= MASK
    return (x >> bits | x << (64 - bits)) & MASK


def _left(x: int, bits: int) -> int:
    return _right(x, 64 - bits)


def _mix(x: int) -> int:
    x &= MASK
    return x ^ x >> 47


def _pair(u: int, v: int, multiplier: int) -> int:
    a = _mix((u ^ v) * multiplier)
    return _mix((v ^ a) * multiplier) * multiplier & MASK


def farmhash64(data: bytes) -> int:
    """FarmHash's 64-bit fingerprint of some bytes."""
    n = len(data)
    if n > 64:
        return _farmhash_long(data)
    if n > 16:
        return _farmhash_middle(data)
    multiplier = K2 + 2 * n
    if n >= 8:
        a, b = _word(data, 0) + K2, _word(data, n - 8)
        return _pair(_right(b, 37) * multiplier + a, (_right(a, 25) + b) * multiplier, multiplier)
    if n >= 4:
        first, last = struct.unpack("<I", data[:4])[0], struct.unpack("<I", data[-4:])[0]
        return _pair(n + (first << 3), last, multiplier)
    if n:
        y, z = data[0] + (data[n >> 1] << 8), n + (data[-1] << 2)
        return _mix(y * K2 ^ z * K0) * K2 & MASK
    return K2


def _farmhash_middle(data: bytes) -> int:
    n = len(data)
    multiplier = K2 + 2 * n
    long = n > 32
    a, b = _word(data, 0) * (K2 if long else K1), _word(data, 8)
    c, d = _word(data, n - 8) * multiplier, _word(data, n - 16) * K2
    y, z = _right(a + b, 43) + _right(c, 30) + d, a + _right(b + K2, 18) + c
    if not long:
        return _pair(y, z, multiplier)
    z = _pair(y, z, multiplier)
    e, f = _word(data, 16) * multiplier, _word(data, 24)
    g = (y + _word(data, n - 32)) * multiplier
    h = (z + _word(data, n - 24)) * multiplier
    return _pair(_right(e + f, 43) + _right(g, 30) + h, e + _right(f + a, 18) + g, multiplier)


def _weak(data: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    w, x, y, z = struct.unpack_from("<4Q", data, at)
    a += w
    b = _right(b + a + z, 21)
    c = a
    a += x + y
    b += _right(a, 44)
    return (a + z) & MASK, (b + c) & MASK


def _farmhash_long(data: bytes) -> int:
    n = len(data)
    y = 81 * K1 + 113
    z = _mix(y * K2 + 113) * K2
    x = 81 * K2 + _word(data, 0)
    v, w = (0, 0), (0, 0)

    def block(at, multiplier, factor):
        nonlocal x, y, z, v, w
        x = _right(x + y + v[0] + _word(data, at + 8), 37) * multiplier
        y = _right(y + v[1] + _word(data, at + 48), 42) * multiplier
        x ^= w[1] * factor
        y += v[0] * factor + _word(data, at + 40)
        z = _right(z + w[0], 33) * multiplier
        v = _weak(data, at, v[1] * multiplier, x + w[0])
        w = _weak(data, at + 32, z + w[1], y + _word(data, at + 16))
        x, y, z = z & MASK, y & MASK, x & MASK

    for at in range(0, (n - 1) // 64 * 64, 64):
        block(at, K1, 1)
    multiplier = K1 + ((z & 0xFF) << 1)
    # The last 64 bytes, which may overlap the block before.
    w = (w[0] + (n - 1) % 64, w[1])
    v = (v[0] + w[0], v[1])
    w = (w[0] + v[0], w[1])
    block(n - 64, multiplier, 9)
    return _pair(
        _pair(v[0], w[0], multiplier) + _mix(y) * K0 + z,
        _pair(v[1], w[1], multiplier) + x,
        multiplier,
    )


def siphash64(data: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 of some bytes under a key of two 64-bit numbers."""
    k0, k1 = (int(k) & MASK for k in key)
    v0, v1 = k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D
    v2, v3 = k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573

    def rounds(count):
        nonlocal v0, v1, v2, v3
        for _ in range(count):
            v0, v2 = (v0 + v1) & MASK, (v2 + v3) & MASK
            v1, v3 = _left(v1, 13) ^ v0, _left(v3, 16) ^ v2
            v0 = _left(v0, 32)
            v2, v0 = (v2 + v1) & MASK, (v0 + v3) & MASK
            v1, v3 = _left(v1, 17) ^ v2, _left(v3, 21) ^ v0
            v2 = _left(v2, 32)

    tail = len(data) % 8
    padded = data + bytes(7 - tail) + bytes([len(data) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        v3 ^= word
        rounds(2)
        v0 ^= word
    v2 ^= 0xFF
    rounds(4)
    return v0 ^ v1 ^ v2 ^ v3


def cross64(hashes) -> int:
    """One hash of several features' hashes, in order."""
    result = CROSS_KEY
    for one in hashes:
        result ^= CROSS_MULTIPLIER ^ _mix(one * CROSS_MULTIPLIER) * CROSS_MULTIPLIER
        result = _mix(_mix(result * CROSS_MULTIPLIER) * CROSS_MULTIPLIER)
    return result


def hash_strings(strings: np.ndarray, bins: int, key=None) -> np.ndarray:
    """The bin of each string: FarmHash modulo `bins`, or SipHash where there is a key."""
    # Categories repeat: each is hashed once.
    distinct, places = np.unique(strings.ravel(), return_inverse=True)
    encoded = [text.encode() for text in distinct.tolist()]
    hashes = [farmhash64(x) if key is None else siphash64(x, key) for x in encoded]
    bins = np.array([h % bins for h in hashes], np.int64)
    return bins[places].reshape(strings.shape)
