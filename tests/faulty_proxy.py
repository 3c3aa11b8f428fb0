"""A proxy in front of a real HTTP server (S3, Prefect) that passes requests on, or refuses, hangs, slows and cuts them."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, NamedTuple

from tests.servers import serving

_HOP: Final = {"connection", "transfer-encoding", "keep-alive", "content-length"}


class Fault(NamedTuple):
    """What happens to a request.

    Attributes:
        status: answered instead of the server; 0 asks the server.
        code: the S3 error code of the answer; "" answers a page of HTML, as a gateway would.
        hours: by how much the clock of the server that answers so differs from ours.
        hang: seconds without any answer, before the connection is closed.
        drop: the answer breaks off in the middle.
        close: the connection is closed before an answer; `late` does so after the server did what was asked.
        bytes_a_second: how quickly the answer comes.
    """

    status: int = 0
    code: str = ""
    hours: float = 0
    hang: float = 0
    drop: bool = False
    close: bool = False
    late: bool = False
    bytes_a_second: int = 0


Rule = Callable[[str, str], Fault | None]
"""Method and path of a request → what happens to it; None passes it on."""


def every(fault: Fault, *methods: str, but_first: int = 0) -> Rule:
    """A fault of every request of some methods (all of them without any), once some have passed."""
    passed = iter(range(but_first))

    def rule(method: str, path: str) -> Fault | None:
        del path
        if methods and method not in methods:
            return None
        return fault if next(passed, None) is None else None

    return rule


class Proxy(ThreadingHTTPServer):
    """The proxy; `rule` may be set at any time, and `met` counts the requests that met a fault."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.rule: Rule | None = None
        self.met = 0
        self.passed = 0
        self._guard = threading.Lock()

    @property
    def endpoint(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.server_address[1]}"

    def fault(self, method: str, path: str) -> Fault | None:
        """What happens to a request."""
        with self._guard:
            found = self.rule(method, path) if self.rule else None
            self.met += found is not None
            self.passed += found is None
            return found

    def until_met(self, count: int = 1, seconds: float = 120) -> None:
        """Wait until requests met a fault."""
        deadline = time.monotonic() + seconds
        while self.met < count:
            assert time.monotonic() < deadline, "no request met the fault"
            time.sleep(0.05)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up is no error of the proxy."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def _pass(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        fault = self.server.fault(self.command, self.path) or Fault()
        if fault.hang:
            time.sleep(fault.hang)
        if fault.hang or fault.close:
            self.close_connection = True
            return
        if fault.status:
            self._refuse(fault)
            return
        upstream = http.client.HTTPConnection(self.server.target, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            data = answer.read()
        except OSError:
            self.close_connection = True
            return
        finally:
            upstream.close()
        if fault.late:
            self.close_connection = True
            return
        self._answer(answer, data, fault)

    def _refuse(self, fault: Fault) -> None:
        if fault.code:
            kind, said = (
                "application/xml",
                f"<Error><Code>{fault.code}</Code><Message>{fault.code}</Message></Error>",
            )
        else:
            kind, said = "text/html", f"<html><body>{fault.status}</body></html>"
        data = said.encode()
        self.send_response_only(fault.status)
        self.send_header("Date", formatdate(time.time() + fault.hours * 3600, usegmt=True))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", "0" if self.command == "HEAD" else str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _answer(self, answer: http.client.HTTPResponse, data: bytes, fault: Fault) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        if answer.status not in {204, 304}:
            told = answer.getheader("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", told or str(len(data)))
        self.end_headers()
        if fault.drop:
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return
        step = fault.bytes_a_second or len(data) or 1
        for start in range(0, len(data), step):
            self.wfile.write(data[start : start + step])
            if fault.bytes_a_second:
                time.sleep(1)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass

    def log_message(self, *arguments: object) -> None:
        """Nothing on the terminal."""


@contextlib.contextmanager
def faulty_proxy(target: str) -> Iterator[Proxy]:
    """Run a proxy in front of host:port."""
    with serving(Proxy(target)) as proxy:
        yield proxy
