"""A telephone call: a server for Twilio's media streams that says a text as soon as a call begins.

    twilio_bridge.py [PORT]

Point `<Connect><Stream url="wss://…"/></Connect>` at it. Nothing is converted here: the speech arrives in
the telephone's own format, µ-law at 8 kHz. A `dtmf` event (the caller presses a key) interrupts the speech.
"""

import asyncio
import base64
import json
import os
import sys

import httpx
from websockets.asyncio.server import ServerConnection, serve

URL = os.environ.get("SVARA_URL", "http://127.0.0.1:8080") + "/v1/text-to-speech"
KEY = os.environ.get("SVARA_API_KEY")
GREETING = "Welcome. Your balance is ₹1,250. Press any key to continue."


async def say(socket: ServerConnection, call: str, text: str) -> None:
    """Sends speech as it arrives. Cancelling the task closes the request, which ends the generation."""
    body = {"text": text, "voice": "en_female", "response_format": "ulaw"}
    headers = {"Authorization": f"Bearer {KEY}"} if KEY else {}
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream("POST", URL, json=body, headers=headers) as response,
    ):
        response.raise_for_status()
        async for sound in response.aiter_raw():
            payload = base64.b64encode(sound).decode()
            await socket.send(json.dumps({"event": "media", "streamSid": call, "media": {"payload": payload}}))
    # Twilio sends the mark back once the caller has heard everything.
    await socket.send(json.dumps({"event": "mark", "streamSid": call, "mark": {"name": "said"}}))


async def call(socket: ServerConnection) -> None:
    speech: asyncio.Task[None] | None = None
    sid = ""
    try:
        async for line in socket:
            message = json.loads(line)
            match message["event"]:
                case "start":
                    sid = message["start"]["streamSid"]
                    speech = asyncio.create_task(say(socket, sid, GREETING))
                case "dtmf" if speech:
                    speech.cancel()
                    # What Twilio has buffered isn't heard, either.
                    await socket.send(json.dumps({"event": "clear", "streamSid": sid}))
                case "stop":
                    break
    finally:
        if speech:
            speech.cancel()


async def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9001
    async with serve(call, "127.0.0.1", port) as server:
        print(f"listening on port {server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
