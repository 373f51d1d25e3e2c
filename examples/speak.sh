#!/usr/bin/env bash
# Speaks a text into a file: speak.sh [TEXT [FILE]]
# The extension of FILE chooses the format: mp3, opus, aac, flac, wav.
set -euo pipefail

text=${1:-नमस्ते दुनिया}
file=${2:-hello.wav}

# --fail-with-body: an error's JSON says what is wrong. jq and Python aren't needed: curl encodes the form.
curl --silent --show-error --fail-with-body --no-buffer \
    "${SVARA_URL:-http://127.0.0.1:8080}/v1/text-to-speech" \
    ${SVARA_API_KEY:+--header "Authorization: Bearer $SVARA_API_KEY"} \
    --data-urlencode "text=$text" \
    --data "voice=hi_female" \
    --data "response_format=${file##*.}" \
    --output "$file"
echo "$file"
