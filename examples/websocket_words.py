"""A language model's words in, audio out: websocket_words.py [FILE]

Uses ElevenLabs' protocol. Speech begins with the first complete sentence, long before the last word is there.
"""

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator

from websockets.asyncio.client import ClientConnection, connect

FILE = sys.argv[1] if len(sys.argv) > 1 else "answer.pcm"
URL = os.environ.get("SVARA_URL", "http://127.0.0.1:8080").replace("http", "ws", 1)
PATH = "/v1/text-to-speech/en_female/stream-input?output_format=pcm_24000"


async def language_model() -> AsyncIterator[str]:
    """Stands for the stream of tokens of a language model."""
    for word in "Of course. Your order was sent on Monday, and it arrives tomorrow before noon.".split():
        yield word + " "
        await asyncio.sleep(0.02)


async def send(socket: ClientConnection) -> None:
    async for words in language_model():
        await socket.send(json.dumps({"text": words}))
    await socket.send(json.dumps({"text": ""}))  # the end


async def main() -> None:
    headers = {"xi-api-key": os.environ["SVARA_API_KEY"]} if "SVARA_API_KEY" in os.environ else {}
    async with connect(URL + PATH, additional_headers=headers) as socket:
        await socket.send(json.dumps({"text": " "}))
        sender = asyncio.create_task(send(socket))
        with open(FILE, "wb") as out:
            async for line in socket:
                message = json.loads(line)
                if message.get("error"):
                    sys.exit(f"{message['error']}: {message['message']}")
                if message.get("audio"):
                    out.write(base64.b64decode(message["audio"]))
        await sender
    print(f"{FILE}: {os.path.getsize(FILE) / 48000:.2f} s of audio")


asyncio.run(main())
