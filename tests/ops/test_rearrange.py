import keras
import numpy as np
import pytest

import hornbill as hb

X = np.arange(2 * 4 * 6 * 3).reshape(2, 4, 6, 3)
CASES = [
    ("b h w c -> b c h w", {}),
    ("b h w c -> (b h) w c", {}),
    ("b h w c -> h (b w) c", {}),
    ("b (h1 h) (w1 w) c -> (b h1 w1) h w c", {"h1": 2, "w1": 2}),
    ("b (h h1) (w w1) c -> b h w (c h1 w1)", {"h1": 2, "w1": 3}),
    ("b h w (c d)->(d b)h w c", {"d": 3}),
]


@pytest.mark.parametrize(("pattern", "sizes"), CASES)
def test_rearrange_equals_keras(pattern, sizes):
    want = keras.ops.rearrange(X, pattern, **sizes)
    np.testing.assert_array_equal(hb.ops.rearrange(X, pattern, **sizes), want)
    symbolic = hb.ops.rearrange(hb.KerasTensor((None, 4, 6, 3)), pattern, **sizes)
    assert all(n in (None, m) for n, m in zip(symbolic.shape, want.shape, strict=True))
    assert None in symbolic.shape


@pytest.mark.parametrize(
    ("pattern", "sizes", "match"),
    [
        ("b h w -> w h b", {}, "for 3 axes"),
        ("b h w c -> b h w", {}, "once before and once after"),
        ("b h w w -> b h w w", {}, "once before and once after"),
        ("b h w c", {}, "names and parentheses"),
        ("b h ((w) c) -> b h w c", {}, "names and parentheses"),
        ("b ... c -> c ... b", {}, "names and parentheses"),
        (3, {}, "pattern=3"),
        ("b (h p) w c -> b h p w c", {}, "cannot split an axis of size 4"),
        ("b (h p) w c -> b h p w c", {"p": 3}, "cannot split an axis of size 4"),
        ("b h w c -> b h w c", {"h": 5}, "cannot split an axis of size 4"),
        ("b h w c -> b h w c", {"q": 5}, r"has no axis \['q'\]"),
    ],
)
def test_wrong_patterns(pattern, sizes, match):
    with pytest.raises(ValueError, match=match):
        hb.ops.rearrange(X, pattern, **sizes)


def test_vectorize_is_there_twice():
    assert hb.ops.numpy.vectorize is hb.ops.vectorize
