"""Length-prefixed messages over a socket, with a deadline."""

from __future__ import annotations

import socket
import struct
import time

_LENGTH = struct.Struct("!Q")
MAX_MESSAGE = 1_000_000_000


def send(sock: socket.socket, message: bytes, deadline: float | None = None) -> None:
    """Send one message.

    Raises:
        TimeoutError: the deadline (`time.monotonic`) passed.
        OSError: the other side is gone.
    """
    _allow(sock, deadline)
    sock.sendall(_LENGTH.pack(len(message)))
    _allow(sock, deadline)
    sock.sendall(message)


def receive(sock: socket.socket, deadline: float | None = None) -> bytes:
    """Receive one message.

    Raises:
        TimeoutError: the deadline passed.
        EOFError: the other side is gone.
        OSError: the same, or a message longer than `MAX_MESSAGE`.
    """
    (length,) = _LENGTH.unpack(_exactly(sock, _LENGTH.size, deadline))
    if length > MAX_MESSAGE:
        raise OSError(f"a message of {length} bytes")
    return bytes(_exactly(sock, length, deadline))


def _exactly(sock: socket.socket, length: int, deadline: float | None) -> bytearray:
    held = bytearray()
    while len(held) < length:
        _allow(sock, deadline)
        part = sock.recv(min(length - len(held), 1 << 20))
        if not part:
            raise EOFError
        held += part
    return held


def _allow(sock: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    sock.settimeout(left)
