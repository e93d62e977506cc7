"""A picture drawn with matplotlib, on a figure of its own: no window, no global state."""

import io
import warnings

from .chart import Card
from .picture import Picture

TITLE, TEXT = 10.0, 8.0  # sizes of type, in points
MARGIN = 8.0
LEADING = 1.45
PAD_X, PAD_Y = 10.0, 6.0
FILLS = {
    "input": "#e3f1e4",
    "op": "#f1f1f1",
    "layer": "#dfeaf7",
    "shared": "#fdebd3",
    "model": "#ece6f6",
}
FRAMES = {"model": "#faf8fd", "shared": "#fefaf3"}
LINE = "#4a5560"
# Letters as wide as they were measured, and the same names inside the same SVG.
RC = {"text.hinting": "no_hinting", "svg.hashsalt": "hornbill"}
STRAIGHT = ("line", "polyline", "false")
SPLINES = ("ortho", "curved", "spline", "true", *STRAIGHT)


def matplotlib_is_there() -> bool:
    """Whether pictures can be drawn here."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def measure(card: Card) -> tuple[float, float]:
    """The width and height that a card's text takes, in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    def width(text, size, weight):
        font = FontProperties(size=size, weight=weight)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a sign that the font lacks is drawn as a box
            return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]

    widths = [width(card.title, TITLE, "bold")] + [width(t, TEXT, "normal") for t in card.lines]
    height = LEADING * (TITLE + TEXT * len(card.lines))
    return max(widths) + 2 * PAD_X, height + 2 * PAD_Y


def draw(picture: Picture, file, format: str, dpi: int = 200, splines: str = "ortho") -> None:
    """Writes a picture to `file`, a path or a binary file, in a format of matplotlib's.

    Raises:
        ValueError: where the picture has more pixels on a side than matplotlib can draw.
    """
    import matplotlib as mpl

    pixels = (max(picture.width, picture.height) + 2 * MARGIN) / 72 * dpi
    if pixels >= 2**16 and format not in ("svg", "pdf", "eps", "ps"):
        raise ValueError(
            f"plot_model: at dpi={dpi} the picture would be {pixels:.0f} pixels long, and "
            f"'{format}' is drawn up to {2**16 - 1}. Use a smaller dpi, or .svg or .pdf."
        )
    # Two pictures of one model are the same file.
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(format)
    with warnings.catch_warnings(), mpl.rc_context(RC):
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure(picture, splines).savefig(file, format=format, dpi=dpi, metadata=metadata)


def figure(picture: Picture, splines: str = "ortho"):
    """A picture as a matplotlib figure, one point of the picture being one point of it."""
    from matplotlib.figure import Figure

    width, height = picture.width + 2 * MARGIN, picture.height + 2 * MARGIN
    made = Figure(figsize=(width / 72, height / 72))
    axes = made.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-MARGIN, width - MARGIN), ylim=(height - MARGIN, -MARGIN))
    axes.axis("off")
    for path in sorted(picture.boxes, key=len):  # frames before what lies in them
        _box(axes, picture.cards[path], picture.boxes[path])
    for route in picture.routes:
        _edge(axes, route.points, splines)
    return made


def svg(picture: Picture) -> str:
    """A picture as SVG."""
    file = io.BytesIO()
    draw(picture, file, "svg")
    return file.getvalue().decode()


def _box(axes, card: Card, box) -> None:
    from matplotlib.patches import FancyBboxPatch

    radius = 4.0
    axes.add_artist(
        FancyBboxPatch(
            (box.x + radius, box.y + radius),
            box.width - 2 * radius,
            box.height - 2 * radius,
            boxstyle=f"round,pad={radius},rounding_size={radius}",
            facecolor=(FILLS if card.inside is None else FRAMES)[card.kind],
            edgecolor=LINE,
            linewidth=0.8,
            linestyle="-" if card.inside is None else (0, (4, 2)),
        )
    )
    y = box.y + PAD_Y
    for i, text in enumerate((card.title, *card.lines)):
        size = TEXT if i else TITLE
        axes.text(
            box.center,
            y + LEADING * size / 2,
            text,
            size=size,
            weight="normal" if i else "bold",
            color="#1c2430",
            ha="center",
            va="center_baseline",
            parse_math=False,
        )
        y += LEADING * size


def _edge(axes, points, splines: str) -> None:
    from matplotlib.patches import FancyArrowPatch, PathPatch
    from matplotlib.path import Path

    vertices, codes = [points[0]], [Path.MOVETO]
    corners = points[1:-1]
    # Corners come in pairs: a way leaves its line and takes another one, between two rows.
    for i in range(0, len(corners), 2):
        before, first, second, after = points[i], *corners[i : i + 2], points[i + 3]
        leave, arrive = _toward(first, before), _toward(second, after)
        if splines == "ortho":
            vertices += [first, second]
            codes += [Path.LINETO] * 2
        elif splines in STRAIGHT:
            vertices += [leave, arrive]
            codes += [Path.LINETO] * 2
        else:
            vertices += [leave, first, second, arrive]
            codes += [Path.LINETO] + [Path.CURVE4] * 3
    vertices.append(points[-1])
    codes.append(Path.LINETO)
    style = {"edgecolor": LINE, "linewidth": 0.9}
    axes.add_artist(PathPatch(Path(vertices, codes), facecolor="none", capstyle="butt", **style))
    arrow = {"arrowstyle": "-|>", "mutation_scale": 7, "shrinkA": 0, "shrinkB": 0}
    axes.add_artist(FancyArrowPatch(*vertices[-2:], facecolor=LINE, **arrow, **style))


def _toward(point, other, by: float = 8.0):
    """The point moved toward another one that lies straight above, below or beside it."""
    return tuple(a + max(-by, min(by, b - a)) for a, b in zip(point, other, strict=True))
