"""A chart laid out: boxes within boxes, and the edges' ways, all in one plane."""

from typing import NamedTuple

from .chart import Card, Chart
from .layout import Box, Route, layout

PADDING = 12.0  # around what lies in a frame, in points


class Picture(NamedTuple):
    """Boxes and routes by path: `("call 3", "input 0")` lies in the frame `("call 3",)`."""

    width: float
    height: float
    cards: dict[tuple, Card]
    boxes: dict[tuple, Box]
    routes: list[Route]


def arrange(chart: Chart, measure, direction: str = "TB") -> Picture:
    """Lays a chart out, with the charts inside it.

    Args:
        chart: what to lay out.
        measure: `measure(card)` gives the width and the height that its text takes, in points.
        direction: `"TB"`, `"BT"`, `"LR"` or `"RL"`.
    """
    inner, sizes = {}, {}
    for key, card in chart.cards.items():
        width, height = sizes[key] = measure(card)
        if card.inside is not None:
            inner[key] = inside = arrange(card.inside, measure, direction)
            sizes[key] = (
                max(width, inside.width + 2 * PADDING),
                height + inside.height + PADDING,
            )
    laid = layout(sizes, chart.edges, direction=direction)
    cards, boxes = {}, {}
    routes = [r._replace(source=(r.source,), target=(r.target,)) for r in laid.routes]
    for key, card in chart.cards.items():
        cards[(key,)], boxes[(key,)] = card, laid.boxes[key]
        if key not in inner:
            continue
        frame, inside = laid.boxes[key], inner[key]
        x = frame.center - inside.width / 2
        y = frame.y + frame.height - PADDING - inside.height
        for path, box in inside.boxes.items():
            cards[(key, *path)], boxes[(key, *path)] = inside.cards[path], box.moved(x, y)
        for route in inside.routes:
            points = [(px + x, py + y) for px, py in route.points]
            routes.append(Route((key, *route.source), (key, *route.target), points))
    return Picture(laid.width, laid.height, cards, boxes, routes)
