"""A layered layout of a directed acyclic graph: sizes and edges in, boxes and routes out.

The four steps of Sugiyama, Tagawa and Toda (1981): rows by the longest way from a source; places
in the rows that long edges pass through; an order in each row with few crossings; coordinates.
The last step is exact: the positions in a row that are nearest to where the neighbours pull, at
the least distances that keep boxes apart, are an isotonic regression.
"""

from collections import defaultdict
from collections.abc import Hashable
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

SWEEPS = 8
Point = tuple[float, float]


class Box(NamedTuple):
    """A rectangle; `x` and `y` are its left and top, and `y` grows downward."""

    x: float
    y: float
    width: float
    height: float

    @property
    def center(self) -> float:
        return self.x + self.width / 2

    def moved(self, x: float, y: float) -> "Box":
        return self._replace(x=self.x + x, y=self.y + y)


class Route(NamedTuple):
    """An edge's way: `points` begin on the source's border and end on the target's."""

    source: Hashable
    target: Hashable
    points: list[Point]


class Layout(NamedTuple):
    """Where everything lies, in the units of the sizes that were given."""

    width: float
    height: float
    boxes: dict[Hashable, Box]
    routes: list[Route]


class Passage(NamedTuple):
    """The place in a row through which the long edges of `source` pass."""

    source: Hashable
    row: int


def layout(sizes: dict, edges: list[tuple], gap: float = 16.0, direction: str = "TB") -> Layout:
    """Places boxes in rows so that no two overlap and edges run from row to row.

    Args:
        sizes: `{node: (width, height)}`.
        edges: `(source, target)` pairs of an acyclic graph; a pair may be there several times.
        gap: the least distance between two boxes.
        direction: where edges lead: `"TB"` (down), `"BT"`, `"LR"` or `"RL"`.

    Raises:
        ValueError: where the edges form a cycle.
    """
    across = direction in ("LR", "RL")
    if across:
        sizes = {node: (height, width) for node, (width, height) in sizes.items()}
    laid = _downward(sizes, edges, gap)
    width, height, boxes, routes = laid
    if direction in ("BT", "RL"):
        boxes = {k: b._replace(y=height - b.y - b.height) for k, b in boxes.items()}
        routes = [r._replace(points=[(x, height - y) for x, y in r.points]) for r in routes]
    if across:
        width, height = height, width
        boxes = {k: Box(b.y, b.x, b.height, b.width) for k, b in boxes.items()}
        routes = [r._replace(points=[(y, x) for x, y in r.points]) for r in routes]
    return Layout(width, height, boxes, routes)


def _downward(sizes, edges, gap) -> Layout:
    if not sizes:
        return Layout(0.0, 0.0, {}, [])
    row_of = _rows(sizes, edges)
    rows, links, ways = _with_passages(row_of, edges)
    _order(rows, links)
    widths = defaultdict(lambda: gap / 2, {node: size[0] for node, size in sizes.items()})
    middle = _positions(rows, links, widths, gap)
    left = min(middle[n] - widths[n] / 2 for row in rows for n in row)
    middle = {node: x - left for node, x in middle.items()}
    ports = _ports(ways, sizes, middle)

    boxes, tops, bottoms, y = {}, [], [], 0.0
    for above, row in enumerate(rows):
        height = max((sizes[n][1] for n in row if n in sizes), default=0.0)
        tops.append(y)
        bottoms.append(y + height)
        for node in row:
            if node in sizes:
                w, h = sizes[node]
                boxes[node] = Box(middle[node] - w / 2, y + (height - h) / 2, w, h)
        tracks = _tracks(above, ways, middle, ports)
        y += height + gap * (1 + 0.5 * (1 + max(tracks.values(), default=0)))
        for way in ways:
            way.add(above, tracks, bottoms[-1], y, gap)

    routes = []
    for i, way in enumerate(ways):
        source, target = boxes[way.source], boxes[way.target]
        points = [(source.center, source.y + source.height)]
        for row, turn in enumerate(way.turns, start=row_of[way.source]):
            begin = way.place(row, middle, None)
            end = way.place(row + 1, middle, ports[i])
            points += [(begin, turn), (end, turn)]
        points.append((ports[i], target.y))
        routes.append(Route(way.source, way.target, _simple(points)))
    width = max(middle[n] + widths[n] / 2 for row in rows for n in row)
    return Layout(width, bottoms[-1], boxes, routes)


class _Way:
    """An edge with the rows that it passes, and the heights at which it turns."""

    def __init__(self, source, target, first: int, last: int):
        self.source, self.target, self.first, self.last = source, target, first, last
        self.turns: list[float] = []

    def node(self, row: int):
        if row == self.first:
            return self.source
        return self.target if row == self.last else Passage(self.source, row)

    def place(self, row, middle, port) -> float:
        return port if row == self.last else middle[self.node(row)]

    def add(self, above, tracks, top, bottom, gap) -> None:
        if self.first <= above < self.last:
            self.turns.append(top + gap * (0.75 + 0.5 * tracks[self.node(above)]))


def _rows(nodes, edges) -> dict:
    """The row of each node; one that nothing leads to stands just above what it leads to."""
    targets, sources = defaultdict(list), defaultdict(list)
    for source, target in edges:
        targets[source].append(target)
        sources[target].append(source)
    open_inputs = {node: len(sources[node]) for node in nodes}
    ready = [node for node in nodes if not open_inputs[node]]
    row = dict.fromkeys(ready, 0)
    for node in ready:  # grows while it is read
        for target in targets[node]:
            row[target] = max(row.get(target, 0), row[node] + 1)
            open_inputs[target] -= 1
            if not open_inputs[target]:
                ready.append(target)
    if len(ready) < len(open_inputs):
        raise ValueError(f"The graph has a cycle through {set(open_inputs) - set(ready)}.")
    for node in nodes:
        if targets[node] and not sources[node]:
            row[node] = min(row[t] for t in targets[node]) - 1
    return row


def _with_passages(row_of, edges):
    """The rows with the passages of long edges, links between neighbouring rows, and the ways."""
    rows = [[] for _ in range(1 + max(row_of.values()))]
    for node, row in row_of.items():
        rows[row].append(node)
    ways = [_Way(s, t, row_of[s], row_of[t]) for s, t in edges]
    links = [[] for _ in rows[1:]]
    for way in ways:
        for row in range(way.first, way.last):
            link = way.node(row), way.node(row + 1)
            if link not in links[row]:
                links[row].append(link)
            if isinstance(link[1], Passage) and link[1] not in rows[row + 1]:
                rows[row + 1].append(link[1])
    return rows, links, ways


def _order(rows, links) -> None:
    """Sorts each row by the mean place of its neighbours, down and up; keeps the best seen."""
    best, fewest = [list(row) for row in rows], _crossings(rows, links)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        for i in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            fixed, between = (rows[i - 1], links[i - 1]) if down else (rows[i + 1], links[i])
            place = {node: p for p, node in enumerate(fixed)}
            pulls = defaultdict(list)
            for upper, lower in between:
                mine, other = (lower, upper) if down else (upper, lower)
                pulls[mine].append(place[other])
            old = {node: p for p, node in enumerate(rows[i])}
            rows[i].sort(key=lambda n: np.mean(pulls[n]) if pulls[n] else old[n])
        crossings = _crossings(rows, links)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    rows[:] = best


def _crossings(rows, links) -> int:
    total = 0
    for i, between in enumerate(links):
        upper = {node: p for p, node in enumerate(rows[i])}
        lower = {node: p for p, node in enumerate(rows[i + 1])}
        a = np.array([upper[u] for u, _ in between])
        b = np.array([lower[v] for _, v in between])
        total += int(((a[:, None] < a) & (b[:, None] > b)).sum())
    return total


def _positions(rows, links, widths, gap) -> dict:
    """The middle of each node along its row."""
    from scipy.optimize import isotonic_regression

    above, below = defaultdict(list), defaultdict(list)
    for between in links:
        for upper, lower in between:
            below[upper].append(lower)
            above[lower].append(upper)
    least = []
    for row in rows:
        half = np.array([widths[n] / 2 for n in row])
        steps = half[1:] + half[:-1] + gap
        least.append(np.concatenate([[0.0], np.cumsum(steps)]))
    middle = {}
    for row, distances in zip(rows, least, strict=True):
        middle |= zip(row, distances - distances[-1] / 2, strict=True)

    def wish(node, pulling, line) -> float:
        passing = isinstance(node, Passage)
        if passing and node.source in line:
            return line[node.source]
        near = [n for pulls in pulling for n in pulls[node]]
        # Boxes keep in line with boxes, whatever passes by, and passages with passages.
        near = [n for n in near if isinstance(n, Passage) == passing] or near
        return np.mean([middle[n] for n in near]) if near else middle[node]

    def settle(i, *pulling, line=MappingProxyType({})):
        wishes = np.array([wish(node, pulling, line) for node in rows[i]])
        weights = np.array([1e-3 if isinstance(node, Passage) else 1.0 for node in rows[i]])
        x = isotonic_regression(wishes - least[i], weights=weights).x
        middle.update(zip(rows[i], x + least[i], strict=True))

    last = len(rows) - 1
    for _ in range(SWEEPS):
        for i in range(1, last + 1):
            settle(i, above)
        for i in range(last - 1, -1, -1):
            settle(i, below)
    for pulling in ((above, below), (above, below), (above,)):
        line = _lines(rows, middle)
        for i in range(last + 1):
            settle(i, *pulling, line=line)
    return {node: float(round(x)) for node, x in middle.items()}


def _lines(rows, middle) -> dict:
    """For each source of long edges, the place that all its passages can take.

    Where they pass on the right of everything, that of the rightmost; on the left, the leftmost.
    """
    passages = defaultdict(list)
    for row in rows:
        for i, node in enumerate(row):
            if isinstance(node, Passage):
                side = (i == len(row) - 1) - (i == 0)
                passages[node.source].append((side, middle[node]))
    line = {}
    for source, seen in passages.items():
        side, xs = sum(side for side, _ in seen), [x for _, x in seen]
        line[source] = max(xs) if side > 0 else min(xs) if side < 0 else float(np.median(xs))
    return line


def _ports(ways, sizes, middle) -> list[float]:
    """Where on its target's upper side each way ends: below where it comes from if it can."""
    from scipy.optimize import isotonic_regression

    arriving = defaultdict(list)
    for i, way in enumerate(ways):
        arriving[way.target].append((middle[way.node(way.last - 1)], i))
    ports = [0.0] * len(ways)
    for target, ends in arriving.items():
        xs, order = zip(*sorted(ends), strict=True)
        room = 0.4 * sizes[target][0]
        steps = np.arange(len(xs)) * min(16.0, 2 * room / len(xs))
        low, high = middle[target] - room, middle[target] + room
        x = isotonic_regression(np.clip(xs, low, high) - steps).x
        x = np.clip(x, low, high - steps[-1]) + steps
        for i, port in zip(order, x, strict=True):
            ports[i] = float(port)
    return ports


def _tracks(above, ways, middle, ports) -> dict:
    """For what comes from the row `above`: on which of the parallel lines below it turns.

    What comes from one node turns on one line. Two nodes share a line where they do not meet on
    it, and one that ends below another's start turns below it, so that their uprights stay apart.
    """
    ends = defaultdict(list)
    for i, way in enumerate(ways):
        if way.first <= above < way.last:
            ends[way.node(above)].append(way.place(above + 1, middle, ports[i]))
    nets = sorted(ends, key=lambda n: min(middle[n], *ends[n]))
    first = {
        n: {m for m in nets if m != n and any(abs(middle[m] - x) < 4 for x in ends[n])}
        for n in nets
    }
    tracks = dict.fromkeys((n for n in nets if all(x == middle[n] for x in ends[n])), 0)
    straight = set(tracks)
    while len(tracks) < len(nets):
        free = [n for n in nets if n not in tracks and first[n] <= tracks.keys()]
        node = free[0] if free else next(n for n in nets if n not in tracks)
        low, high = min(middle[node], *ends[node]), max(middle[node], *ends[node])
        track = max((tracks[m] + 1 for m in first[node] if m in tracks), default=0)
        while any(
            tracks[m] == track
            and min(middle[m], *ends[m]) <= high + 4
            and max(middle[m], *ends[m]) >= low - 4
            for m in tracks.keys() - straight
        ):
            track += 1
        tracks[node] = track
    return tracks


def _simple(points: list[Point]) -> list[Point]:
    """The corners of a way: points on a straight line left out."""
    kept = [points[0]]
    for i, point in enumerate(points[1:-1], start=1):
        before, after = kept[-1], points[i + 1]
        upright = abs(before[0] - point[0]) < 1e-6 and abs(point[0] - after[0]) < 1e-6
        flat = abs(before[1] - point[1]) < 1e-6 and abs(point[1] - after[1]) < 1e-6
        if not (upright or flat):
            kept.append(point)
    return [*kept, points[-1]]
