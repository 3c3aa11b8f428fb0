"""Alert channels: log, e-mail (SMTP), webhook (HTTP POST of JSON). Secrets come from files or the environment."""

from __future__ import annotations

import json
import os
import smtplib
import ssl
import urllib.request
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.utils import formatdate
from http.client import HTTPException
from pathlib import Path

import structlog

from schemas.alerts import ChannelSpec
from schemas.errors import DeliveryError

Send = Callable[[str, Sequence[str]], None]


def channels(spec: ChannelSpec) -> dict[str, Send]:
    """Configured channels: functions that take a subject and sentences.

    They raise DeliveryError if the recipient cannot be reached or refuses.
    """
    found: dict[str, Send] = {"log": _log}
    if spec.smtp_host and spec.mail_to:
        found["email"] = lambda subject, lines: _mail(spec, subject, lines)
    if spec.webhook_url_file or os.environ.get("SOHOA_WEBHOOK_URL"):
        found["webhook"] = lambda subject, lines: _post(spec, subject, lines)
    return found


def _log(subject: str, lines: Sequence[str]) -> None:
    del subject
    for line in lines:
        structlog.get_logger().warning("alert", message=line)


def _mail(spec: ChannelSpec, subject: str, lines: Sequence[str]) -> None:
    message = EmailMessage()
    message["Subject"], message["Date"] = subject, formatdate(localtime=True)
    message["From"], message["To"] = spec.mail_from or spec.mail_to[0], ", ".join(spec.mail_to)
    message.set_content("\n".join(f"• {line}" for line in lines) + "\n")
    password = _secret(spec.smtp_password_file, "SOHOA_SMTP_PASSWORD")
    host, context = str(spec.smtp_host), ssl.create_default_context()
    try:
        server = (
            smtplib.SMTP_SSL(host, spec.smtp_port, timeout=spec.seconds, context=context)
            if spec.smtp_security == "tls"
            else smtplib.SMTP(host, spec.smtp_port, timeout=spec.seconds)
        )
        with server:
            if spec.smtp_security == "starttls":
                server.starttls(context=context)
            if spec.smtp_user and password:
                server.login(spec.smtp_user, password)
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(f"{host}:{spec.smtp_port}: {_why(error)}", remedy="verbatim") from error


def _post(spec: ChannelSpec, subject: str, lines: Sequence[str]) -> None:
    url = _secret(spec.webhook_url_file, "SOHOA_WEBHOOK_URL") or ""
    if not url.startswith(("http://", "https://")):
        raise DeliveryError("webhook: no http(s) address", remedy="verbatim")
    body = json.dumps({"text": "\n".join([subject, *lines]), "alerts": list(lines)}, ensure_ascii=False)
    request = urllib.request.Request(
        url, body.encode(), {"Content-Type": "application/json; charset=utf-8"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=spec.seconds):
            return
    except (OSError, HTTPException, ValueError) as error:
        # Do not log the address: it may contain a token.
        raise DeliveryError(f"webhook: {_why(error)}", remedy="verbatim") from error


def _why(error: Exception) -> str:
    return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error)


def _secret(file: Path | None, variable: str) -> str | None:
    if file is None:
        return os.environ.get(variable)
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise DeliveryError(f"{file}: {error.strerror}", remedy="verbatim") from error
