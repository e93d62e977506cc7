"""A chart in Graphviz's language, by the package pydot."""

from itertools import count

from .chart import Chart
from .draw import FILLS, LINE


def to_dot(chart: Chart, rankdir: str, dpi: int, splines: str, subgraph: str | None = None):
    """A chart as `pydot.Dot`, or, with the name of a `subgraph`, as `pydot.Cluster`.

    Raises:
        ImportError: where pydot is not installed.
    """
    try:
        import pydot
    except ImportError:
        raise ImportError(
            "model_to_dot needs the package pydot: pip install hornbill[plot]. plot_model draws "
            "without it."
        ) from None
    if subgraph is None:
        dot = pydot.Dot("model", graph_type="digraph")
        # Edges that end at a frame are clipped there.
        dot.set_graph_defaults(rankdir=rankdir, dpi=str(dpi), splines=splines, compound="true")
        dot.set_node_defaults(shape="box", style="rounded,filled", color=LINE, fontname="Helvetica")
        dot.set_edge_defaults(color=LINE)
    else:
        dot = pydot.Cluster(subgraph, label=subgraph)
    _fill(pydot, dot, chart, count())
    return dot


def _fill(pydot, graph, chart: Chart, numbers) -> None:
    """Adds the cards and edges of a chart. `numbers` gives every node and frame its own name."""
    first, last, frames = {}, {}, {}
    for key, card in chart.cards.items():
        label = "\n".join((card.title, *card.lines))
        name = f"n{next(numbers)}"
        if card.inside is None:
            graph.add_node(pydot.Node(name, label=label, fillcolor=FILLS[card.kind]))
            first[key] = last[key] = name
            continue
        frame = pydot.Cluster(name, label=label, style="dashed")
        _fill(pydot, frame, card.inside, numbers)
        graph.add_subgraph(frame)
        frames[key] = frame.get_name()
        inner = list(_nodes(frame))
        first[key], last[key] = inner[0], inner[-1]
    for source, target in chart.edges:
        clip = {"ltail": frames.get(source), "lhead": frames.get(target)}
        clip = {side: frame for side, frame in clip.items() if frame}
        graph.add_edge(pydot.Edge(last[source], first[target], **clip))


def _nodes(graph):
    for frame in graph.get_subgraphs():
        yield from _nodes(frame)
    yield from (node.get_name() for node in graph.get_nodes())
