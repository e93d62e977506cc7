"""The server of `hornbill ui`, asked over HTTP."""

import http.client
import json
import os
import re
import signal
import socket
import sys
import urllib.parse
from pathlib import Path

import pytest

from hornbill.cli import main
from hornbill.ui import server


def ask(process, path, method="GET", **headers):
    """`(status, headers, body)` of a request."""
    host = urllib.parse.urlsplit(process.address).netloc
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


def write(folder, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "events.jsonl", "a") as file:
        file.write(text)


def test_what_it_hands_out(served, tmp_path):
    runs = tmp_path / "runs"
    status, headers, body = ask(served, "/runs")
    listed = json.loads(body)
    assert (status, listed) == (200, {"rundir": str(runs), "runs": []})  # not there yet
    write(runs / "b & <c>", '{"a": 1}\n{"b')
    write(runs / "a", "{}\n")
    (runs / "no run").mkdir()
    (runs / "b & <c>" / "model.svg").write_text("<svg/>")
    listed = json.loads(ask(served, "/runs")[2])["runs"]
    assert listed == [{"name": "a", "bytes": 3}, {"name": "b & <c>", "bytes": 12}]
    place = "/runs/" + urllib.parse.quote("b & <c>")
    assert ask(served, f"{place}/events")[2] == b'{"a": 1}\n'  # whole lines alone
    write(runs / "b & <c>", '": 2}\n')
    assert ask(served, f"{place}/events?after=9")[2] == b'{"b": 2}\n'
    assert ask(served, f"{place}/events?after=18")[2] == b""
    assert ask(served, f"{place}/events?after=19")[0] == 416
    assert ask(served, f"{place}/events?after=-1")[0] == 400
    status, headers, body = ask(served, f"{place}/picture")
    assert (status, body, headers["content-type"]) == (200, b"<svg/>", "image/svg+xml")
    assert "sandbox" in headers["content-security-policy"]
    assert ask(served, "/runs/a/picture")[0] == 404
    page = ask(served, "/")[2].decode()
    files = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(files) >= 5
    for file in files:
        assert file.startswith("/page/")  # nothing from elsewhere
        assert ask(served, file)[0] == 200

    served.send_signal(signal.SIGINT)  # Ctrl-C
    assert served.wait(timeout=60) == 0
    assert "Traceback" not in served.stdout.read()


def test_what_it_refuses(served, tmp_path):
    runs, secret = tmp_path / "runs", tmp_path / "secret"
    write(runs / "a", "{}\n")
    write(secret, "secret\n")
    (runs / "link").symlink_to(secret)
    (runs / "a" / "model.svg").symlink_to(secret / "events.jsonl")
    for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:80", ""):
        assert ask(served, "/runs", Host=host)[0] == 400
    for host in ("localhost", "localhost:1234", "127.0.0.1:1"):
        assert ask(served, "/runs", Host=host)[0] == 200
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        for path in ("/", "/runs", "/runs/a/events", "/page/main.js"):
            assert ask(served, path, method)[0] == 405
    for path in (
        "/runs/link/events",
        "/runs/a/picture",
        "/runs/../secret/events",
        "/runs/..%2fsecret/events",
        "/runs/%2e%2e%2fsecret/events",
        f"/runs/{urllib.parse.quote(str(secret), safe='')}/events",
        "/runs/./events",
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/page/..%2fserver.py",
        "/page//etc/passwd",
        "/server.py",
    ):
        status, _, body = ask(served, path)
        assert status == 404, path
        assert b"secret\n" not in body
    for path in ("/", "/runs", "/runs/a/events", "/page/main.js", "/nothing"):
        headers = ask(served, path)[1]
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["access-control-allow-origin"] is None


def test_long_records_come_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(server, "CHUNK", 10)
    path = tmp_path / "events.jsonl"
    lines = [b"short\n", b"a line of more than ten\n", b"x\n", b"y\n", b"cut off"]
    path.write_bytes(b"".join(lines))
    found, after = [], 0
    while piece := server.whole_lines(path, after):
        found.append(piece)
        after += len(piece)
    assert b"".join(found) == b"".join(lines[:-1])
    assert len(found) > 1
    assert server.whole_lines(path, path.stat().st_size + 1) is None


def command_error(capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(["ui", *arguments])
    assert stopped.value.code == 1
    return capsys.readouterr().err


def test_mistakes_at_the_command_line(tmp_path, capsys, monkeypatch):
    pytest.importorskip("starlette")
    write(tmp_path / "runs" / "a", "{}\n")
    file = tmp_path / "runs" / "a" / "events.jsonl"
    assert f"Give '{tmp_path / 'runs'}'" in command_error(capsys, str(file.parent))
    assert "is a file" in command_error(capsys, str(file))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        text = command_error(capsys, str(tmp_path / "runs"), "--port", port, "--no-open")
    assert f"cannot listen on port {port}" in text
    assert "from 0 to 65535" in command_error(capsys, str(tmp_path), "--port", "99999")
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    assert "pip install hornbill[ui]" in command_error(capsys, str(tmp_path))


def test_it_opens_the_browser(tmp_path, monkeypatch, capsys):
    uvicorn = pytest.importorskip("uvicorn")
    opened = []
    monkeypatch.setattr(server.webbrowser, "open", opened.append)
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: None)
    main(["ui", str(tmp_path)])
    main(["ui", str(tmp_path), "--no-open"])
    (address,) = opened
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
    assert address in capsys.readouterr().out


def test_the_vendored_library_has_its_licence():
    vendor = Path(server.HERE) / "page" / "vendor"
    assert "MIT License" in (vendor / "uPlot.LICENSE").read_text()
    assert sorted(os.listdir(vendor)) == ["uPlot.LICENSE", "uPlot.iife.min.js", "uPlot.min.css"]
