"""Values between a grader and a function it does not trust, over a socket.

To the function go pickles, which the grader made. Back come numbers, texts, arrays and containers
of them, in a form that can hold nothing else: JSON, with the bytes of an array in base64. What is
none of these arrives as Opaque, by the name of its type alone.
"""

import base64
import json
import socket
import time
from dataclasses import dataclass

import numpy as np

LARGEST = 32 << 20  # bytes of one message from the function
DEEPEST = 8  # containers within containers
NUMBERS = "biufc"


class Broken(Exception):
    """The other side is gone, late, or does not speak this language."""


class Late(Broken):
    """The other side took too long."""


@dataclass(frozen=True)
class Opaque:
    """Something that is no value: only the name of its type has travelled."""

    kind: str


def pack(value: object, depth: int = 0) -> list:
    """A value as lists that JSON can hold."""
    if depth > DEEPEST:
        return ["o", "deeply nested thing"]
    if value is None or isinstance(value, bool | str) or type(value) in (int, float):
        return ["v", value]
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in NUMBERS:
        array = np.ascontiguousarray(value)
        data = base64.b64encode(array.tobytes()).decode()
        return ["a", array.dtype.str, list(np.shape(value)), data]
    if isinstance(value, tuple | list):
        kind = "t" if isinstance(value, tuple) else "l"
        return [kind, [pack(part, depth + 1) for part in value]]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return ["d", [[key, pack(part, depth + 1)] for key, part in value.items()]]
    return ["o", type(value).__name__[:40]]


def unpack(tree: object, depth: int = 0) -> object:
    """The value of what pack made; Broken for anything that pack cannot have made."""
    try:
        kind, *rest = tree
        if depth > DEEPEST + 1:
            raise Broken
        if kind == "v":
            (value,) = rest
            if value is not None and not isinstance(value, bool | str | int | float):
                raise Broken
            return value
        if kind == "a":
            code, shape, data = rest
            dtype = np.dtype(str(code))
            if dtype.kind not in NUMBERS or dtype.itemsize > 32:
                raise Broken
            flat = np.frombuffer(base64.b64decode(data, validate=True), dtype)
            return flat.reshape([int(n) for n in shape]).copy()
        if kind in ("t", "l"):
            parts = [unpack(part, depth + 1) for part in rest[0]]
            return tuple(parts) if kind == "t" else parts
        if kind == "d":
            return {str(key): unpack(part, depth + 1) for key, part in rest[0]}
        if kind == "o":
            return Opaque(str(rest[0])[:40])
    except Exception:
        raise Broken("not a value") from None
    raise Broken("not a value")


def send(sock: socket.socket, message: bytes) -> None:
    """Send one message: its length in 8 bytes, then itself."""
    try:
        sock.sendall(len(message).to_bytes(8, "big") + message)
    except TimeoutError:
        raise Late from None
    except OSError:
        raise Broken from None


def receive(sock: socket.socket, deadline: float | None = None, largest: int = LARGEST) -> bytes:
    """One message; Late after the deadline (of time.monotonic), Broken if it never will come."""
    length = int.from_bytes(_exactly(sock, 8, deadline), "big")
    if length > largest:
        raise Broken(f"an answer of {length >> 20} MB, and at most {largest >> 20} MB are read")
    return _exactly(sock, length, deadline)


def _exactly(sock: socket.socket, n: int, deadline: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < n:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise Late
        try:
            sock.settimeout(left)
            part = sock.recv(min(n - len(parts), 1 << 20))
        except TimeoutError:
            raise Late from None
        except OSError:
            raise Broken from None
        if not part:
            raise Broken
        parts += part
    return bytes(parts)


def to_json(value: object) -> bytes:
    """JSON as bytes."""
    return json.dumps(value).encode()


def from_json(data: bytes) -> object:
    """What JSON says; Broken if it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Broken("not JSON") from None
