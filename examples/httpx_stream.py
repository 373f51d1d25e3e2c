"""Plain HTTP: httpx_stream.py [TEXT [FILE]]

Writes 16-bit mono samples at 24 kHz as they arrive; play them with: ffplay -f s16le -ar 24000 -ch_layout mono FILE
"""

import os
import sys
import time

import httpx

text = sys.argv[1] if len(sys.argv) > 1 else "The train leaves at 5:30 pm from platform 4."
file = sys.argv[2] if len(sys.argv) > 2 else "hello.pcm"

url = os.environ.get("SVARA_URL", "http://127.0.0.1:8080") + "/v1/text-to-speech"
key = os.environ.get("SVARA_API_KEY")
headers = {"Authorization": f"Bearer {key}"} if key else {}
body = {"text": text, "voice": "en_female", "response_format": "pcm"}

started = time.monotonic()
# Reading waits: the server sends the first bytes once it has audio.
with httpx.stream("POST", url, json=body, headers=headers, timeout=60) as response, open(file, "wb") as out:
    if response.is_error:
        error = response.read().decode()
        sys.exit(f"{response.status_code}: {error}")
    first_audio = None
    for samples in response.iter_raw():
        first_audio = first_audio or time.monotonic() - started
        out.write(samples)
# A failure in the middle breaks the connection, and iter_raw raises: what ends normally is complete.
seconds = os.path.getsize(file) / 2 / 24000
print(f"{file}: {seconds:.2f} s of audio, the first after {first_audio * 1000:.0f} ms")
