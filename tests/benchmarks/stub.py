"""A provider that answers every question about a payment after a fixed time, cheaply: `python -m … PORT SECONDS STATUS`."""

from __future__ import annotations

import asyncio
import json
import sys

ANSWER = {
    "amount": 89.90, "currency": "PEN", "payment_method_id": "EF", "payment_method_type": "TICKET",
    "payment_method_flow": "DIRECT", "country": "PE", "approved_date": "2026-11-23T12:00:00.000+0000",
    "ticket": {"number": "0123456789", "barcode": "0123456789", "expiration_date": "2030-01-01T00:00:00.000+0000"},
}  # fmt: skip


async def serve(port: int, seconds: float, status: str) -> None:
    """Answer until the process is ended."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                await reader.readexactly(int(head.lower().partition("content-length: ")[2].partition("\r\n")[0] or 0))
                reference = head.split(" ", 2)[1].rpartition("/")[2]
                await asyncio.sleep(seconds)
                body = json.dumps({"id": reference, "status": status, **ANSWER}).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                    % (len(body), body)
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
