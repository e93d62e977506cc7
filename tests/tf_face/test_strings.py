"""`tf.strings`, `tf.io` and text tensors."""

import numpy as np
import pytest

import hornbill.tensorflow as tf

S = tf.strings

WORDS = {
    "lower": (lambda: S.lower("ABé"), "abé".encode()),
    "upper": (lambda: S.upper(["a", "b"]), [b"A", b"B"]),
    "strip": (lambda: S.strip(input=" a "), b"a"),
    "join": (lambda: S.join([["a", "b"], ["c", "d"]], "-"), [b"a-c", b"b-d"]),
    "reduce_join": (lambda: S.reduce_join([["a", "b"], ["c", "d"]], axis=-1), [b"ab", b"cd"]),
    "join all": (lambda: S.reduce_join(["a", "b"], separator=" "), b"a b"),
    "kept": (lambda: S.reduce_join([["a", "b"]], axis=1, keepdims=True), [[b"ab"]]),
    "split": (lambda: S.split("a b  c"), [b"a", b"b", b"c"]),
    "split by": (lambda: S.split("a,b,c", ",", maxsplit=1), [b"a", b"b,c"]),
    "unicode_split": (lambda: S.unicode_split("hé"), [b"h", "é".encode()]),
    "bytes_split": (lambda: S.bytes_split("ab"), [b"a", b"b"]),
    "substr": (lambda: S.substr("hello", -3, 2), b"ll"),
    "characters": (lambda: S.substr("héy", 1, 1, unit="UTF8_CHAR"), "é".encode()),
    "regex_replace": (lambda: S.regex_replace("a1b22", "[0-9]+", "#"), b"a#b#"),
    "groups": (lambda: S.regex_replace("ab", "(a)(b)", r"\2\1\0"), b"baab"),
    "first": (lambda: S.regex_replace("aa", "a", "b", replace_global=False), b"ba"),
    "as_string": (lambda: S.as_string([1.5, 2.0]), [b"1.500000", b"2.000000"]),
    "ints": (lambda: tf.as_string(7, width=3, fill="0"), b"007"),
    "precision": (lambda: S.as_string(1.25, precision=1, scientific=True), b"1.2e+00"),
    "shortest": (lambda: S.as_string(1.25, shortest=True), b"1.25"),
    "format": (lambda: S.format("x {} y {}", (tf.constant([1, 2]), 3)), b"x [1 2] y 3"),
    "unicode_encode": (lambda: S.unicode_encode([104, 233]), "hé".encode()),
}


@pytest.mark.parametrize("name", WORDS)
def test_words(name):
    make, expected = WORDS[name]
    found = make().numpy()
    assert (found.tolist() if isinstance(found, np.ndarray) else found) == expected


NUMBERS = {
    "length": (lambda: S.length("héy"), 4),
    "characters": (lambda: S.length(["héy", ""], unit="UTF8_CHAR"), [3, 0]),
    "to_number": (lambda: S.to_number(["1.5", "2"]), [1.5, 2.0]),
    "ints": (lambda: S.to_number("12", "int32"), 12),
    "match": (lambda: S.regex_full_match(["ab", "b"], "a.*"), [True, False]),
    "unicode_decode": (lambda: S.unicode_decode("hé"), [104, 233]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name):
    make, expected = NUMBERS[name]
    assert make().numpy().tolist() == expected


def test_text_tensors():
    words = tf.constant(["one", "two"])
    assert words.shape == (2,)
    assert [str(w) for w in words] == ["one", "two"]
    assert (words == "one").tolist() == [True, False]
    assert "dtype=string" in repr(words)
    assert [w.numpy() for w in S.split(["a b", "c"])[0]] == [b"a", b"b"]
    assert tf.expand_dims(words, -1).shape == (2, 1)
    assert tf.reshape(words, (1, 2)).numpy().tolist() == [[b"one", b"two"]]
    assert tf.concat([words, ["x"]], 0).numpy().tolist() == [b"one", b"two", b"x"]
    assert tf.stack([words, words]).shape == (2, 2)
    assert tf.equal(words, "two").numpy().tolist() == [False, True]
    with pytest.raises(TypeError, match="takes strings"):
        S.lower([1])
    with pytest.raises(ValueError, match="2 places"):
        S.format("{} {}", 1)
    with pytest.raises(ValueError, match="UTF8_CHAR"):
        S.length("a", unit="WORD")


def test_files(tmp_path):
    path = str(tmp_path / "inside" / "file.bin")
    tf.io.write_file(path, b"\x01\x00\x02\x00\x00")
    assert tf.io.read_file(path).numpy() == b"\x01\x00\x02\x00\x00"
    assert tf.io.decode_raw(tf.io.read_file(path)[:4], tf.int16).numpy().tolist() == [1, 2]
    big = tf.io.decode_raw(b"\x01\x00", "int16", little_endian=False)
    assert big.numpy().tolist() == [256]
    assert tf.io.decode_base64(tf.io.encode_base64(b"\xff\xfe")) == b"\xff\xfe"
    assert tf.io.encode_base64(b"a", pad=True) == b"YQ=="
    assert tf.io.matching_files(str(tmp_path / "inside" / "*")).numpy().tolist() == [path.encode()]
    packed = tf.io.serialize_tensor(tf.constant([1.5]))
    assert tf.io.parse_tensor(packed, tf.float32).numpy().tolist() == [1.5]
    with pytest.raises(ValueError, match="hold float32"):
        tf.io.parse_tensor(packed, tf.int32)
    np.testing.assert_array_equal(
        tf.io.decode_png(tf.io.encode_png(np.zeros((2, 2, 3), "uint8"))), np.zeros((2, 2, 3))
    )


def test_gfile(tmp_path):
    gfile = tf.io.gfile
    folder = gfile.join(str(tmp_path), "a", "b")
    gfile.makedirs(folder)
    gfile.makedirs(folder)
    with gfile.GFile(gfile.join(folder, "x.txt"), "w") as file:
        file.write("é")
    gfile.copy(gfile.join(folder, "x.txt"), gfile.join(folder, "y.txt"))
    with pytest.raises(FileExistsError, match="overwrite=True"):
        gfile.copy(gfile.join(folder, "x.txt"), gfile.join(folder, "y.txt"))
    gfile.rename(gfile.join(folder, "y.txt"), gfile.join(folder, "z.txt"))
    assert sorted(gfile.listdir(folder)) == ["x.txt", "z.txt"]
    assert gfile.glob([gfile.join(folder, "z*")]) == [gfile.join(folder, "z.txt")]
    gfile.remove(gfile.join(folder, "z.txt"))
    gfile.mkdir(gfile.join(folder, "c"))
    assert gfile.isdir(folder)
    assert [f for _, _, files in gfile.walk(folder) for f in files] == ["x.txt"]
    gfile.rmtree(folder)
    assert not gfile.exists(folder)
