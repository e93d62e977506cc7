"""One image turned, moved, stretched or lit differently: by numbers that are given, or drawn.

Images are NumPy arrays of three axes, which each function is told; the draws come from NumPy's
global generator, in Keras's order, so that a seeded script gets the same images.
"""

from functools import reduce

import numpy as np

from ...utils.images import array_to_img, img_to_array


def _rotation(degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def _shift(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])


def _shear(degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[1, -sin, 0], [0, cos, 0], [0, 0, 1]])


def apply_affine_transform(
    x: np.ndarray,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """An image rotated, shifted, sheared and zoomed about its middle.

    The value at a place is that of the image at the place's transform. As in Keras, the
    transform's first coordinate is the column where columns stand behind rows, so that `tx` moves
    along them; and the middle is found with height and width the other way round, which shows in
    images that are not square.

    Args:
        x: an image of three axes.
        theta: the angle in degrees.
        tx, ty: the shift in pixels.
        shear: the angle of the shear in degrees.
        zx, zy: the zoom: 2 shows twice as much, half as large.
        row_axis, col_axis, channel_axis: what the axes are; the channels are the first or last.
        fill_mode: what lies outside: `"nearest"`, `"constant"`, `"reflect"` or `"wrap"`.
        cval: the value outside for `"constant"`.
        order: of the spline between pixels, 0 (the nearest one) to 5.

    Raises:
        ValueError: if the axes are not those of one image.

    >>> import hornbill.tensorflow as tf, numpy as np
    >>> image = np.arange(9.0).reshape(1, 3, 3)
    >>> tf.keras.preprocessing.image.apply_affine_transform(image, tx=1)[0].tolist()
    [[1.0, 2.0, 2.0], [4.0, 5.0, 5.0], [7.0, 8.0, 8.0]]
    """
    axes = (row_axis, col_axis, channel_axis)
    if x.ndim != 3 or sorted(axes) != [0, 1, 2] or channel_axis == 1:
        raise ValueError(
            "apply_affine_transform takes one image of three axes, the channels first or last. "
            f"Received: shape {x.shape}, row_axis={row_axis}, col_axis={col_axis}, "
            f"channel_axis={channel_axis}"
        )
    steps = []
    if theta != 0:
        steps.append(_rotation(theta))
    if tx != 0 or ty != 0:
        steps.append(_shift(tx, ty))
    if shear != 0:
        steps.append(_shear(shear))
    if zx != 1 or zy != 1:
        steps.append(np.diag([zx, zy, 1]))
    if not steps:
        return x
    middle = (x.shape[row_axis] - 1) / 2, (x.shape[col_axis] - 1) / 2
    about = reduce(np.dot, steps)
    matrix = reduce(np.dot, [_shift(*middle), about, _shift(-middle[0], -middle[1])])
    if col_axis > row_axis:
        matrix = matrix[[1, 0, 2]][:, [1, 0, 2]]
    from scipy.ndimage import affine_transform

    warped = [
        affine_transform(
            channel, matrix[:2, :2], matrix[:2, 2], order=order, mode=fill_mode, cval=cval
        )
        for channel in np.moveaxis(x, channel_axis, 0)
    ]
    return np.stack(warped, axis=channel_axis)


def apply_channel_shift(x: np.ndarray, intensity: float, channel_axis: int = 0) -> np.ndarray:
    """An image with a number added to all its values, which stay in the range that they had.

    Args:
        x: an image of three axes.
        intensity: the number.
        channel_axis: where the channels are; the result does not depend on it.

    >>> import hornbill.tensorflow as tf, numpy as np
    >>> image = np.array([[[1.0, 2.0, 5.0]]])
    >>> tf.keras.preprocessing.image.apply_channel_shift(image, 2).tolist()
    [[[3.0, 4.0, 5.0]]]
    """
    if not -x.ndim <= channel_axis < x.ndim:
        raise ValueError(
            f"apply_channel_shift's image has no axis {channel_axis}. Received: shape {x.shape}"
        )
    return np.clip(x + intensity, x.min(), x.max())


def apply_brightness_shift(x: np.ndarray, brightness: float, scale: bool = True) -> np.ndarray:
    """An image made brighter or darker by Pillow, which computes with 8 bits.

    Args:
        x: an image of three axes, in the configured data format.
        brightness: what its values are multiplied by.
        scale: whether its values are stretched to 0 ... 255 before. Values outside that range are
            stretched anyway, and put back into their range without `scale`.

    >>> import hornbill.tensorflow as tf, numpy as np
    >>> image = np.full((1, 1, 3), 100.0)
    >>> tf.keras.preprocessing.image.apply_brightness_shift(image, 1.5, scale=False).tolist()
    [[[150.0, 150.0, 150.0]]]
    """
    low, high = np.min(x), np.max(x)
    outside = low < 0 or high > 255
    image = array_to_img(x, scale=scale or outside)
    from PIL import ImageEnhance

    lit = img_to_array(ImageEnhance.Brightness(image).enhance(brightness))
    return lit if scale or not outside else lit / 255 * (high - low) + low


def _drawn(half_range: float) -> float:
    return np.random.uniform(-half_range, half_range)


def drawn_zoom(zoom_range) -> tuple[float, float]:
    """A zoom along both axes; without a draw where there is nothing to choose."""
    low, high = zoom_range
    return (1, 1) if low == high == 1 else tuple(np.random.uniform(low, high, 2))


def random_rotation(
    x: np.ndarray,
    rg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """`apply_affine_transform` by an angle between `-rg` and `rg` degrees.

    >>> import hornbill.tensorflow as tf, numpy as np
    >>> tf.keras.preprocessing.image.random_rotation(np.ones((3, 4, 4)), 20).shape
    (3, 4, 4)
    """
    axes = (row_axis, col_axis, channel_axis)
    return _warp(x, axes, fill_mode, cval, interpolation_order, theta=_drawn(rg))


def random_shift(
    x: np.ndarray,
    wrg: float,
    hrg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """`apply_affine_transform` by shifts of up to `hrg` of the height and `wrg` of the width.

    >>> import hornbill.tensorflow as tf, numpy as np
    >>> tf.keras.preprocessing.image.random_shift(np.ones((3, 4, 4)), 0.2, 0.2).shape
    (3, 4, 4)
    """
    axes = (row_axis, col_axis, channel_axis)
    tx = _drawn(hrg) * x.shape[row_axis]
    ty = _drawn(wrg) * x.shape[col_axis]
    return _warp(x, axes, fill_mode, cval, interpolation_order, tx=tx, ty=ty)


def random_shear(
    x: np.ndarray,
    intensity: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """`apply_affine_transform` by a shear of up to `intensity` degrees.

    >>> import hornbill.tensorflow as tf, numpy as np
    >>> tf.keras.preprocessing.image.random_shear(np.ones((3, 4, 4)), 20).shape
    (3, 4, 4)
    """
    axes = (row_axis, col_axis, channel_axis)
    return _warp(x, axes, fill_mode, cval, interpolation_order, shear=_drawn(intensity))


def random_zoom(
    x: np.ndarray,
    zoom_range,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """`apply_affine_transform` by zooms between the two numbers of `zoom_range`.

    >>> import hornbill.tensorflow as tf, numpy as np
    >>> tf.keras.preprocessing.image.random_zoom(np.ones((3, 4, 4)), (0.8, 1.2)).shape
    (3, 4, 4)
    """
    _check_pair("random_zoom's zoom_range", zoom_range)
    zx, zy = drawn_zoom(zoom_range)
    axes = (row_axis, col_axis, channel_axis)
    return _warp(x, axes, fill_mode, cval, interpolation_order, zx=zx, zy=zy)


def _warp(x, axes, fill_mode, cval, order, **by):
    row_axis, col_axis, channel_axis = axes
    return apply_affine_transform(
        x,
        **by,
        row_axis=row_axis,
        col_axis=col_axis,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=order,
    )


def random_channel_shift(
    x: np.ndarray, intensity_range: float, channel_axis: int = 0
) -> np.ndarray:
    """`apply_channel_shift` by a number between `-intensity_range` and `intensity_range`.

    >>> import hornbill.tensorflow as tf, numpy as np
    >>> tf.keras.preprocessing.image.random_channel_shift(np.ones((3, 4, 4)), 0.1).shape
    (3, 4, 4)
    """
    return apply_channel_shift(x, _drawn(intensity_range), channel_axis)


def random_brightness(x: np.ndarray, brightness_range, scale: bool = True) -> np.ndarray:
    """`apply_brightness_shift` by a number between the two of `brightness_range`.

    >>> import hornbill.tensorflow as tf, numpy as np
    >>> tf.keras.preprocessing.image.random_brightness(np.ones((4, 4, 3)), (0.5, 1.5)).shape
    (4, 4, 3)
    """
    _check_pair("random_brightness's brightness_range", brightness_range)
    return apply_brightness_shift(x, np.random.uniform(*brightness_range), scale)


def _check_pair(who: str, pair) -> None:
    if len(pair) != 2:
        raise ValueError(f"{who} is two numbers, the least and the greatest. Received: {pair!r}")
