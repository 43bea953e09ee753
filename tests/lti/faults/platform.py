"""A platform whose answers fail by chance, in the ways in which networks and servers do."""

import json
import random
import socket
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.lti.platform import Answer, Platform


class Fault(StrEnum):
    SLOW = "slow"  # done, and answered when nobody waits any more
    RESET = "connection reset"  # before anything was done
    ERROR = "500"
    BUSY = "429"
    TRUNCATED = "truncated"  # done, and the answer breaks off
    LOST = "answer lost"  # done, and the connection is cut before the answer
    EXPIRED = "expired token"  # 401 to whatever was granted before


RETRY_AFTER = 120  # seconds


@dataclass
class FaultyPlatform(Platform):
    """Each call meets one of ``kinds``, by ``chance``. ``raw`` answers instead, by the start of the path."""

    kinds: tuple[Fault, ...] = ()
    chance: float = 0.0
    dice: random.Random = field(default_factory=random.Random)
    dealt: list[bool] = field(default_factory=list)
    pause: float = 0.3  # seconds that a slow answer takes
    raw: dict[str, Callable[[socket.socket], None]] = field(default_factory=dict)
    met: dict[Fault, int] = field(default_factory=lambda: defaultdict(int))
    graded: dict[tuple[int, str], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    tried: dict[tuple[int, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def draw(self, path: str) -> Fault | None:
        with self.lock:
            if path == "/certs" or not self.kinds or not self.chance or not self._fails():
                return None
            fault = self.dice.choice(self.kinds)
            self.met[fault] += 1
            if fault == Fault.EXPIRED:
                self.tokens.clear()
            return fault

    def _fails(self) -> bool:
        """Of each twenty calls as many fail as ``chance`` says: which of them is left to chance, how many is not."""
        if not self.dealt:
            self.dealt = [number < 20 * self.chance for number in range(20)]
            self.dice.shuffle(self.dealt)
        return self.dealt.pop()

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        with self.lock:
            return super().answer(method, path, headers, body)

    def _score(self, number: int, body: Any) -> Answer:
        """``graded`` are the scores that were taken, ``tried`` the timestamps of all, in the order they came in."""
        self.tried[number, body["userId"]].append(body["timestamp"])
        answer = super()._score(number, body)
        if answer[0] == 200:
            self.graded[number, body["userId"]].append(body)
        return answer


@contextmanager
def serving(platform: FaultyPlatform, port: int = 0) -> Iterator[FaultyPlatform]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            for start, raw in platform.raw.items():
                if self.path.startswith(start):
                    platform.calls.append((self.command, self.path))
                    raw(self.connection)
                    return self._reset()
            fault = platform.draw(self.path) if platform.up else Fault.RESET
            if fault == Fault.RESET:
                return self._reset()
            if fault == Fault.ERROR:
                return self._send(500, {}, b"{}")
            if fault == Fault.BUSY:
                return self._send(429, {"Retry-After": str(RETRY_AFTER)}, b"{}")
            status, headers, answer = platform.answer(self.command, self.path, self.headers, body)
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            if fault == Fault.LOST:
                return self._reset()
            if fault == Fault.SLOW:
                time.sleep(platform.pause)
            self._send(status, headers, data, cut=fault == Fault.TRUNCATED)

        def _send(self, status: int, headers: dict[str, str], data: bytes, *, cut: bool = False) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if cut else data)

        def _reset(self) -> None:
            """Cut it: whoever reads is told so, and no end of an answer."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        do_GET = do_POST = _serve

        def log_message(self, *_: Any) -> None:
            pass

        def handle(self) -> None:
            with suppress(ValueError, OSError):  # cut, by us or by whoever asked
                super().handle()

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 50

    server = Server(("127.0.0.1", port), Handler)
    platform.url = platform.url or f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
