"""Every code block of the documentation runs, in order, in one namespace for each page.

`python` blocks are executed; `pycon` blocks are doctests, whose outputs must be as shown.
"""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md"])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LANGUAGES = {"python", "pycon", "sh"}
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blocks(page: Path) -> list[tuple[int, str, str]]:
    """`(lines before, language, code)` of the page's blocks."""
    text = page.read_text()
    assert text.count("```") == 2 * len(BLOCK.findall(text)), "a fence is not closed"
    return [(text.count("\n", 0, m.start(2)), m[1], m[2]) for m in BLOCK.finditer(text)]


def run(page: Path) -> None:
    """Runs the page. Line numbers in tracebacks are those of the page."""
    namespace = {"__name__": page.stem}
    for before, language, code in blocks(page):
        if language == "python":
            exec(compile("\n" * before + code, str(page), "exec"), namespace)
        elif language == "pycon":
            test = doctest.DocTestParser().get_doctest(code, {}, page.name, str(page), before)
            test.globs = namespace
            said = []
            runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
            failed, _ = runner.run(test, out=said.append, clear_globs=False)
            assert not failed, "".join(said)


def test_pages_are_found_and_blocks_name_their_language():
    assert {"getting-started.md", "getting-started.zh.md", "README.md"} <= {p.name for p in PAGES}
    assert {language for page in PAGES for _, language, _ in blocks(page)} <= LANGUAGES


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: p.stem)
def test_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(page)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("```python\n1 / 0\n```\n", ZeroDivisionError),
        ("```python\nx = 1\n```\n\n```pycon\n>>> x\n2\n```\n", AssertionError),
    ],
)
def test_a_wrong_block_would_be_seen(text, error, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(error):
        run(page)
