"""ElevenLabs' client: elevenlabs_client.py [TEXT [FILE]]"""

import os
import sys

from elevenlabs.client import ElevenLabs

text = sys.argv[1] if len(sys.argv) > 1 else "வணக்கம், எப்படி இருக்கிறீர்கள்?"
file = sys.argv[2] if len(sys.argv) > 2 else "hello.mp3"

client = ElevenLabs(
    base_url=os.environ.get("SVARA_URL", "http://127.0.0.1:8080"),
    api_key=os.environ.get("SVARA_API_KEY", "none"),
)

tamil = client.voices.search(search="tamil").voices
with open(file, "wb") as out:
    for chunk in client.text_to_speech.stream(tamil[0].voice_id, text=text, output_format="mp3_44100_128"):
        out.write(chunk)
print(f"{file}: {tamil[0].name}")
