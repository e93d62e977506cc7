"""The server of `hornbill ui`: hands out the page, and what lies in a folder of runs.

It is bound to this machine's loopback address, answers GET alone, and only requests that call it
by that address: a page of somebody else's whose name is made to lead here (DNS rebinding) is turned
away. It reads two kinds of files, the record and the picture of each run that lies in the folder.
"""

import contextlib
import socket
import webbrowser
from pathlib import Path

from .events import FILE, PICTURE

HERE = Path(__file__).parent
HOSTS = ["127.0.0.1", "localhost"]
CHUNK = 1 << 20  # bytes of a record in one answer; more where a line is longer

# Nothing but our own files is loaded or run, whatever text stands in a record.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A picture is drawn, its scripts are not run; plots carry their style inside.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def serve(rundir: str, port: int = 0, open_browser: bool = True) -> None:
    """Serves the page until Ctrl-C.

    Args:
        rundir: the folder that `RunLogger` writes to. It may come later.
        port: the port; 0 takes a free one.
        open_browser: whether the page is opened in the browser.

    Raises:
        ImportError: where the packages of `hornbill[ui]` are missing.
        ValueError: where `rundir` is no folder of runs, or the port is not to be had.
    """
    app = make_app(Path(rundir))
    if not 0 <= port <= 65535:
        raise ValueError(f"A port is a number from 0 to 65535. Received: --port {port}")
    try:
        listener = socket.create_server((HOSTS[0], port))
    except OSError as error:
        raise ValueError(
            f"hornbill ui cannot listen on port {port} ({error}). Choose another one, or leave "
            "--port out."
        ) from None
    import uvicorn

    address = f"http://{HOSTS[0]}:{listener.getsockname()[1]}/"
    waiting = "" if Path(rundir).is_dir() else " (no run is there yet)"
    print(f"Runs in {rundir}{waiting}: {address}\nCtrl-C ends it.", flush=True)
    if open_browser:
        webbrowser.open(address)
    config = uvicorn.Config(
        app,
        log_config=None,  # the logging of the process stays as it is
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
        lifespan="off",
    )
    # uvicorn shuts down at Ctrl-C and raises it again.
    with listener, contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def make_app(rundir: Path):
    """The web application (ASGI) for a folder of runs."""
    try:
        from starlette.applications import Starlette
        from starlette.middleware import Middleware
        from starlette.middleware.trustedhost import TrustedHostMiddleware
        from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
        from starlette.routing import Mount, Route
        from starlette.staticfiles import StaticFiles
    except ImportError as error:
        raise ImportError(
            "The page needs the packages starlette and uvicorn. Install them with "
            f"`pip install hornbill[ui]`. Received: {error}"
        ) from None
    if rundir.exists() and not rundir.is_dir():
        raise ValueError(f"hornbill ui takes a folder of runs. '{rundir}' is a file.")
    if (rundir / FILE).exists():
        raise ValueError(
            f"hornbill ui takes the folder that holds the runs; '{rundir}' is a run itself. "
            f"Give '{rundir.resolve().parent}'."
        )

    def page(request):
        return FileResponse(HERE / "page" / "index.html")

    def runs(request):
        sizes = {name: (folder / FILE).stat().st_size for name, folder in runs_in(rundir).items()}
        listed = [{"name": name, "bytes": size} for name, size in sorted(sizes.items())]
        return JSONResponse({"rundir": str(rundir), "runs": listed})

    def events(request):
        folder = runs_in(rundir).get(request.path_params["name"])
        after = request.query_params.get("after", "0")
        if folder is None:
            return PlainTextResponse("There is no such run.", 404)
        if not (after.isascii() and after.isdigit()):
            return PlainTextResponse("after is a number of bytes.", 400)
        lines = whole_lines(folder / FILE, int(after))
        if lines is None:
            return PlainTextResponse("The record is shorter than that: read it anew.", 416)
        return Response(lines, media_type="application/x-ndjson")

    def picture(request):
        folder = runs_in(rundir).get(request.path_params["name"])
        if folder is None or not is_inside(folder / PICTURE, folder):
            return PlainTextResponse("There is no such picture.", 404)
        policy = {"Content-Security-Policy": PICTURE_POLICY}
        return FileResponse(folder / PICTURE, media_type="image/svg+xml", headers=policy)

    routes = [
        Route("/", page, methods=["GET"]),
        Route("/runs", runs, methods=["GET"]),
        Route("/runs/{name}/events", events, methods=["GET"]),
        Route("/runs/{name}/picture", picture, methods=["GET"]),
        Mount("/page", StaticFiles(directory=HERE / "page")),
    ]
    guards = [Middleware(SafeHeaders), Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)]
    return Starlette(routes=routes, middleware=guards)


class SafeHeaders:
    """Adds to each answer the headers that tell a browser what the page may do (ASGI)."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        from starlette.datastructures import MutableHeaders

        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", PAGE_POLICY)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, send_with_headers)


def runs_in(rundir: Path) -> dict[str, Path]:
    """`{name: folder}` of the runs that lie in a folder, links that lead out of it left aside.

    A run is asked for by its name in this list, so no name that a request makes up is ever a path.
    """
    if not rundir.is_dir():
        return {}
    return {f.name: f for f in rundir.iterdir() if is_inside(f / FILE, rundir)}


def is_inside(file: Path, folder: Path) -> bool:
    """Whether a file is there, and lies in the folder when links are followed."""
    return file.is_file() and file.resolve().is_relative_to(folder.resolve())


def whole_lines(path: Path, after: int) -> bytes | None:
    """The lines of a file from a place on that are complete, about 1 MiB of them at most.

    Returns:
        None where the file ends before that place.
    """
    with open(path, "rb") as file:
        if after > file.seek(0, 2):
            return None
        file.seek(after)
        data = file.read(CHUNK)
        while b"\n" not in data and (more := file.read(CHUNK)):
            data += more
    return data[: data.rfind(b"\n") + 1]
