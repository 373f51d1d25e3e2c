"""OpenAI's client: openai_client.py [TEXT [FILE]]"""

import os
import sys

from openai import OpenAI

text = sys.argv[1] if len(sys.argv) > 1 else "आज मौसम बहुत अच्छा है।"
file = sys.argv[2] if len(sys.argv) > 2 else "hello.mp3"

client = OpenAI(
    # base_url ends in /v1.
    base_url=os.environ.get("SVARA_URL", "http://127.0.0.1:8080") + "/v1",
    api_key=os.environ.get("SVARA_API_KEY", "none"),
)

# OpenAI's names (alloy, nova, …) work, too. GET /v1/voices lists all voices.
with client.audio.speech.with_streaming_response.create(
    model="svara-tts-v1", voice="hi_female", input=text, response_format="mp3"
) as response:
    response.stream_to_file(file)
print(file)
