"""RemoteMonitor: sends the logs of each epoch to a server."""

import json
import urllib.error
import urllib.parse
import urllib.request
import warnings

import numpy as np

from .callback import Callback

TIMEOUT_SECONDS = 10


class RemoteMonitor(Callback):
    """Sends the logs of each epoch to a server, as an HTTP POST of `{"epoch": ..., name: value}`.

    A server that cannot be reached within 10 seconds, or refuses, is a warning: training goes on.

    Args:
        root: the server's address.
        path: where on the server to send to.
        field: the name of the form's field that holds the JSON.
        headers: a dict of further HTTP headers.
        send_as_json: whether the JSON is the body itself, instead of a form's field.

    Raises:
        ValueError: if `root` is no http or https address.

    >>> import hornbill as hb
    >>> remote = hb.callbacks.RemoteMonitor("http://localhost:9000", send_as_json=True)
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict | None = None,
        send_as_json: bool = False,
    ):
        super().__init__()
        if not str(root).startswith(("http://", "https://")):
            raise ValueError(
                "RemoteMonitor's root is an address that starts with http:// or https://. "
                f"Received: root={root!r}"
            )
        self.root, self.path, self.field = root, path, field
        self.headers, self.send_as_json = headers, send_as_json

    def on_epoch_end(self, epoch, logs=None):
        text = json.dumps({"epoch": epoch, **(logs or {})}, default=_plain)
        if self.send_as_json:
            body, kind = text, "application/json"
        else:
            body = urllib.parse.urlencode({self.field: text})
            kind = "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, **(self.headers or {})}
        request = urllib.request.Request(self.root + self.path, body.encode(), headers)
        try:
            urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()
        except OSError as error:  # URLError and timeouts are such
            warnings.warn(
                f"RemoteMonitor could not send epoch {epoch} to {self.root}: {error}", stacklevel=2
            )


def _plain(value):
    return np.asarray(value).tolist()
