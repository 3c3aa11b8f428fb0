"""The province's own sign-in: an OpenID provider, asked by authorization code with PKCE, and believed by its signature.

The way there and back hangs on one secret that the browser holds: state, nonce and verifier are made of it. It is good
once, for ten minutes, in this process. What the provider signs is read by joserfc; nothing is believed unsigned.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import threading
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import ClaimsOption

from portal.secret import derived
from schemas.errors import SetupError
from schemas.people import OidcSpec

PATIENCE: Final = 600  # seconds in which a person must be back
_MOST_AWAY: Final = 10_000
_LEEWAY: Final = 60  # seconds that two clocks may differ
_FRESH: Final = 3600  # seconds for which the provider's description and keys are kept
_STALE: Final = 30  # younger keys are not asked for again because a signature does not fit them
_TIMEOUT: Final = 10.0
_MOST_BYTES: Final = 256 * 1024
# Signatures by a key of the provider alone: never `none`, never one made with our own secret.
_ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)


class Refused(Exception):
    """Nobody signs in this time. `reason` is the key of the words for people, `detail` goes to the log alone."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def loopback(host: str) -> bool:
    """True if a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_provider(spec: OidcSpec) -> None:
    """Refuse a set-up by which nobody could sign in, or in which secrets would cross a network in clear.

    Raises:
        SetupError: a setting is missing or wrong.
    """
    if spec.issuer is None:
        return
    if not _private(spec.issuer):
        raise _unset("ISSUER", "https://…")
    if not spec.client_id:
        raise _unset("CLIENT_ID", "–")
    if not spec.local_passwords and not spec.break_glass:
        raise _unset("BREAK_GLASS", "LOCAL_PASSWORDS=false")
    _secret(spec)


def _unset(setting: str, reason: str) -> SetupError:
    return SetupError(f"OIDC {setting}: {reason}", remedy="portal_oidc", setting=setting, reason=reason)


def _private(address: object) -> bool:
    """True if what is sent there cannot be read on the way."""
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and loopback(parts.hostname or ""))


def _secret(spec: OidcSpec) -> str | None:
    """The client's secret, read at the moment it is needed."""
    if spec.client_secret_file is None:
        return None
    try:
        secret = spec.client_secret_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unset("CLIENT_SECRET_FILE", str(spec.client_secret_file)) from error
    if not secret:
        raise _unset("CLIENT_SECRET_FILE", str(spec.client_secret_file))
    return secret


def _made(secret: str, purpose: str) -> str:
    """State, nonce or verifier of one way there and back."""
    made = derived(secret.encode("ascii"), f"provider {purpose}")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode("ascii")


class Provider:
    """The provider as this process knows it. Safe for several threads."""

    def __init__(self, spec: OidcSpec) -> None:
        self._spec = spec
        self._lock = threading.Lock()
        self._away: dict[str, float] = {}
        self._described: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    @property
    def is_there(self) -> bool:
        """True if one is set up."""
        return self._spec.issuer is not None

    def begin(self, secret: str, back: str) -> str:
        """Where to send the browser that holds `secret`, so that it comes back to `back`.

        Raises:
            Refused: the provider cannot be reached, or describes itself wrongly.
        """
        target = self._endpoint("authorization_endpoint")
        verifier = _made(secret, "verifier").encode("ascii")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": self._spec.client_id,
            "redirect_uri": back,
            "scope": "openid profile email" if self._spec.claim == "email" else "openid profile",
            "state": _made(secret, "state"),
            "nonce": _made(secret, "nonce"),
            "code_challenge": challenge.decode("ascii"),
            "code_challenge_method": "S256",
        }
        with self._lock:
            now = time.monotonic()
            self._away = {key: at for key, at in self._away.items() if at > now - PATIENCE}
            while len(self._away) >= _MOST_AWAY:
                del self._away[next(iter(self._away))]
            self._away[secret] = now
        return f"{target}{'&' if urlsplit(target).query else '?'}{urlencode(asked)}"

    def end(self, secret: str | None, answer: Mapping[str, str], back: str) -> str:
        """The name by which the provider knows who came back.

        Raises:
            Refused: this way did not begin here, or was gone before; or the provider's answer does not hold.
        """
        held = secret or ""
        with self._lock:
            begun = self._away.get(held)
            fits = hmac.compare_digest(_made(held, "state").encode(), answer.get("state", "").encode())
            if begun is not None and fits:  # the first one who comes back with it uses it up
                del self._away[held]
        if begun is None or not fits or time.monotonic() - begun > PATIENCE:
            raise Refused("state", "unknown, used or too old")
        if answer.get("iss", self._spec.issuer) != self._spec.issuer:
            raise Refused("token", "the answer of another issuer")
        if "error" in answer or not answer.get("code"):
            raise Refused("denied", answer.get("error", "no code")[:40])
        tokens = self._redeem(answer["code"], _made(held, "verifier"), back)
        claims = self._believed(tokens.get("id_token"), _made(held, "nonce"))
        return self._name(claims, tokens.get("access_token"))

    def _redeem(self, code: str, verifier: str, back: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        headers, client, secret = {}, self._spec.client_id or "", _secret(self._spec)
        ways = self._description().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if secret is not None and "client_secret_basic" in ways:
            pair = f"{quote(client, safe='')}:{quote(secret, safe='')}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode('ascii')}"
        else:
            form |= {"client_id": client} | ({"client_secret": secret} if secret is not None else {})
        return _asked("POST", self._endpoint("token_endpoint"), headers, form)

    def _believed(self, token: object, nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token whose signature and claims hold."""
        if not isinstance(token, str):
            raise Refused("token", "no ID token")
        claims = self._signed(token)
        needed = ClaimsOption(essential=True)
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY,
            iss=ClaimsOption(essential=True, value=self._spec.issuer or ""),
            aud=ClaimsOption(essential=True, value=self._spec.client_id or ""),
            sub=needed,
            exp=needed,
            iat=needed,
        )
        try:
            registry.validate(claims)
        except JoseError as error:
            raise Refused("token", f"{type(error).__name__} {error}"[:120]) from error
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise Refused("token", "wrong nonce")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._spec.client_id) != self._spec.client_id:
            raise Refused("token", "made for another party")
        return claims

    def _signed(self, token: str) -> dict[str, Any]:
        """What is signed with a key of the provider; keys are asked for again once, as a provider changes them."""
        for at_most in (_FRESH, _STALE):
            try:
                return jwt.decode(token, self._keyring(at_most), algorithms=_ALGORITHMS).claims
            except (JoseError, ValueError) as error:
                unfit = type(error).__name__
        raise Refused("token", f"signature: {unfit}")

    def _name(self, claims: Mapping[str, Any], access: object) -> str:
        """The claim that names the account: of the ID token, else of what the provider tells about the same person."""
        told = claims
        if self._spec.claim not in told and isinstance(access, str):
            told = _asked(
                "GET", self._endpoint("userinfo_endpoint"), {"Authorization": f"Bearer {access}"}, None
            )
            if told.get("sub") != claims["sub"]:
                raise Refused("token", "told about somebody else")
        name = told.get(self._spec.claim)
        if not isinstance(name, str) or not name.strip():
            raise Refused("token", f"no claim {self._spec.claim}")
        if self._spec.claim == "email" and told.get("email_verified") is not True:
            raise Refused("token", "the address was never verified")
        return name

    def _endpoint(self, name: str) -> str:
        address = self._description().get(name)
        if not isinstance(address, str) or not _private(address):
            raise Refused("unreachable", f"no {name}")
        return address

    def _description(self) -> Mapping[str, Any]:
        with self._lock:
            held = self._described
        if held is not None and time.monotonic() - held[0] < _FRESH:
            return held[1]
        issuer = self._spec.issuer or ""
        found = _asked("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration", {}, None)
        if found.get("issuer") != issuer:
            raise Refused("unreachable", "it names itself otherwise")
        with self._lock:
            self._described = (time.monotonic(), found)
        return found

    def _keyring(self, at_most: float) -> KeySet:
        """The provider's keys, not older than so many seconds."""
        with self._lock:
            held = self._keys
        if held is not None and time.monotonic() - held[0] < at_most:
            return held[1]
        found = _asked("GET", self._endpoint("jwks_uri"), {}, None).get("keys")
        usable = [
            key
            for key in (found if isinstance(found, list) else [])
            if isinstance(key, dict) and key.get("kty") in {"RSA", "EC", "OKP"} and key.get("use") != "enc"
        ]
        try:
            keys = KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError) as error:
            raise Refused("unreachable", "keys that cannot be used") from error
        with self._lock:
            self._keys = (time.monotonic(), keys)
        return keys


def _asked(
    method: str, address: str, headers: Mapping[str, str], form: Mapping[str, str] | None
) -> Mapping[str, Any]:
    """The JSON object that the provider answers with; no redirect is followed, and no more read than is sane."""
    try:
        with (
            httpx.Client(timeout=_TIMEOUT) as client,
            client.stream(method, address, headers=headers, data=form) as response,
        ):
            body = b""
            for piece in response.iter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise Refused("unreachable", "too long an answer")
            status = response.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Refused("unreachable", type(error).__name__) from error
    if status >= 500:
        raise Refused("unreachable", f"status {status}")
    if status != 200:
        raise Refused("token", f"status {status}")
    try:
        found = json.loads(body)
    except ValueError as error:
        raise Refused("unreachable", "no JSON") from error
    if not isinstance(found, dict):
        raise Refused("unreachable", "no JSON object")
    return found
