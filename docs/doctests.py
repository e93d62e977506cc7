"""An extension of Griffe: the doctests in docstrings become blocks of code."""

import griffe


def fenced(text: str) -> str:
    """The text with a fence around each doctest; one ends at an empty line."""
    lines, inside = [], False
    for line in [*text.splitlines(), ""]:
        if not inside and line.lstrip().startswith(">>>"):
            indent, inside = line[: len(line) - len(line.lstrip())], True
            lines += ["", f"{indent}```pycon"]
        elif inside and not line.strip():
            lines.append(f"{indent}```")
            inside = False
        lines.append(line)
    return "\n".join(lines)


class Doctests(griffe.Extension):
    """Acts on all that Griffe reads."""

    def on_instance(self, *, obj, **kwargs) -> None:
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)
