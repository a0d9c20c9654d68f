"""Inside the cage of a test: does what the letter asks and says how far it came."""

from __future__ import annotations

import os
import socket
import time

from pagoefectivo.ocr import cage


def _main() -> None:
    wish = cage.enter()
    if wish == b"hang":
        time.sleep(60)
    if wish == b"spin":
        while True:
            pass
    if wish == b"eat":
        cage.answer(str(len(bytearray(2 * 1024**3))).encode())
    if wish == b"write":
        cage.answer(b"x" * 10_000_000)
    if wish == b"connect":
        socket.create_connection(("127.0.0.1", 9))
    if wish == b"child":
        os.fork()
        time.sleep(60)
    cage.answer(b"environment " + ",".join(sorted(os.environ)).encode())


if __name__ == "__main__":
    _main()
