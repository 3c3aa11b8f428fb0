"""Providers to sign in with: a small one that can be made to lie, and the certified oidc-provider. No test here."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.servers import ROOT, free_port, missing, serving

CLIENT, SECRET = "sohoa", "secret: 100% of + our own"


class Provider(ThreadingHTTPServer):
    """Signs with a real RSA key. `lies` are claims that it sets otherwise than it should (None: leaves out)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}/tỉnh".replace("ỉ", "i")
        self.own, self.foreign = (_key() for _ in range(2))
        self.codes: dict[str, dict[str, str]] = {}
        self.calm()

    def calm(self) -> None:
        """Be honest again."""
        self.name, self.lies, self.key = "vân", dict[str, Any](), self.own
        self.userinfo: dict[str, Any] | None = None
        self.unsigned = self.down = False

    def id_token(self, nonce: str) -> str:
        """The ID token of who signed in, with its lies."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "7", "iat": now, "exp": now + 300, "nonce": nonce}
        if self.userinfo is None:
            claims["preferred_username"] = self.name
        claims = {key: value for key, value in (claims | self.lies).items() if value is not None}
        if self.unsigned:
            parts = (json.dumps(each).encode() for each in ({"alg": "none"}, claims))
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        return jwt.encode({"alg": "RS256", "kid": self.own.kid}, claims, self.key)


def _key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        provider, asked = self.server, urlsplit(self.path)
        path = asked.path.removeprefix("/tinh")
        if provider.down:
            self._answer({}, 503)
        elif path == "/.well-known/openid-configuration":
            ends = {"authorization": "auth", "token": "token", "userinfo": "me"}
            described = {f"{end}_endpoint": f"{provider.issuer}/{where}" for end, where in ends.items()}
            self._answer({"issuer": provider.issuer, "jwks_uri": f"{provider.issuer}/keys", **described})
        elif path == "/keys":
            self._answer({"keys": [provider.own.as_dict(private=False)]})
        elif path == "/auth":
            query = {key: values[0] for key, values in parse_qs(asked.query).items()}
            code = secrets.token_hex(8)
            provider.codes[code] = query
            self.send_response(302)
            self.send_header(
                "Location", f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"
            )
            self.end_headers()
        elif path == "/me" and self.headers["Authorization"] == "Bearer key":
            self._answer(provider.userinfo or {})
        else:
            self._answer({}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {key: values[0] for key, values in parse_qs(body).items()}
        asked = self.server.codes.pop(form["code"], None)
        challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
        client, _, secret = base64.b64decode(self.headers["Authorization"].split()[1]).decode().partition(":")
        good = (
            asked is not None
            and asked["code_challenge"] == base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
            and asked["code_challenge_method"] == "S256"
            and asked["redirect_uri"] == form["redirect_uri"]
            and parse_qs(f"c={client}&s={secret}") == {"c": [CLIENT], "s": [SECRET]}
        )
        if not good or asked is None:
            self._answer({"error": "invalid_grant"}, 400)
            return
        token = self.server.id_token(asked["nonce"])
        self._answer({"access_token": "key", "token_type": "Bearer", "id_token": token})

    def _answer(self, told: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def small_provider() -> Iterator[Provider]:
    """The provider that can lie."""
    with serving(Provider()) as provider:
        yield provider


@contextmanager
def certified_provider(folder: Path, back: str) -> Iterator[str]:
    """The certified oidc-provider with our client and its own sign-in pages. Gives its issuer."""
    program, node = ROOT / ".tools" / "oidc-provider", shutil.which("node")
    if node is None or not program.exists():
        missing("oidc-provider", "scripts/test_tools.sh fetches it (Node 20 or newer)")
    issuer = f"http://127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        "ISSUER": issuer,
        "CLIENT": CLIENT,
        "SECRET": SECRET,
        "BACK": back,
        "NODE_ENV": "test",
    }
    with (folder / "provider.log").open("wb") as log:
        process = subprocess.Popen(
            [str(node), str(program / "provider.mjs")], env=environment, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert process.poll() is None, (folder / "provider.log").read_text(encoding="utf-8")
            try:
                httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=5).raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield issuer
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
