"""Peer: a real vLLM. Cloned voices: the prompt, the audio, and vLLM's prefix cache."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors import UnprocessableEntityError

from conftest import StartServer
from recordings import in_base64, recording
from reference import (
    AUDIO,
    BEGIN_OF_TEXT,
    END_OF_HUMAN,
    END_OF_SPEECH,
    END_OF_TURN,
    MODELS,
    START_OF_AI,
    START_OF_HUMAN,
    START_OF_SPEECH,
    assert_same_audio,
    decode,
    tokenizer,
)
from server_peer import Server, settings_for_vllm
from speech import GREEDY
from vllm_peer import Vllm

END_OF_AI = 128262
TRANSCRIPT = "this is what I said in the recording"
RECORDING_S = 6.0
VLLM_BLOCK_TOKENS = 128  # on a CPU; on a GPU it is 16


@pytest.fixture(scope="module")
def cloning_server(one_vllm: Vllm, start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Server:
    one_vllm.ensure_started()
    settings = settings_for_vllm(one_vllm.base_url)
    settings["cloning"] = {"encoder": str(MODELS / "snac-small/encoder.onnx")}
    settings["voices"] = {"store": str(tmp_path_factory.mktemp("voices"))}
    return start_server(settings)


def words(text: str) -> list[int]:
    return tokenizer()(text, add_special_tokens=False)["input_ids"]


def prompt_before_text(tokens: list[int], transcript: str | None) -> list[int]:
    """The beginning of the Python stack's cloning prompt, the same for all texts."""
    turn = [START_OF_HUMAN, AUDIO, *words(transcript), END_OF_HUMAN, END_OF_TURN] if transcript else []
    speech = [START_OF_AI, START_OF_SPEECH, *tokens, END_OF_SPEECH, END_OF_AI, END_OF_TURN]
    return [BEGIN_OF_TEXT, *turn, *speech, START_OF_HUMAN, AUDIO]


def prompt(tokens: list[int], transcript: str | None, text: str) -> list[int]:
    end = [END_OF_HUMAN, END_OF_TURN, START_OF_AI, START_OF_SPEECH]
    return prompt_before_text(tokens, transcript) + words(text) + end


def clone(server: Server, **fields: Any) -> dict[str, Any]:
    body = {"reference_audio": in_base64(recording(RECORDING_S)), "return_tokens": True} | fields
    response = httpx.post(f"{server.root}/v1/voice-clone", json=body, timeout=60)
    assert response.status_code == 200, response.text
    return response.json()


def speak(server: Server, text: str, **fields: Any) -> bytes:
    body = {"text": text, "response_format": "pcm", "text_normalization": "off"} | GREEDY | fields
    response = httpx.post(f"{server.root}/v1/text-to-speech", json=body, timeout=120)
    assert response.status_code == 200, response.text
    return response.content


@pytest.mark.parametrize("transcript", [TRANSCRIPT, None])
def test_a_clone_is_asked_for_as_the_python_stack_did_and_heard(
    cloning_server: Server, vllm: Vllm, transcript: str | None
) -> None:
    given = {"reference_transcript": transcript} if transcript else {}
    made = clone(cloning_server, **given)
    tokens = made["voice_clone_tokens"]
    expected = decode(vllm.generate(prompt(tokens, transcript, "hello world"), **GREEDY))
    audio = {"reference_audio": in_base64(recording(RECORDING_S))}
    for voice in ({"voice_clone_id": made["voice_id"]}, {"voice": made["voice_id"]}, audio | given):
        assert_same_audio(speak(cloning_server, "hello world", **voice), expected, str(list(voice)))


def test_a_kept_voice_hits_vllms_prefix_cache(cloning_server: Server, vllm: Vllm) -> None:
    made = clone(cloning_server, reference_transcript=TRANSCRIPT)
    shared = len(prompt_before_text(made["voice_clone_tokens"], TRANSCRIPT))
    assert shared > 3 * VLLM_BLOCK_TOKENS
    speak(cloning_server, "one text in this voice", voice=made["voice_id"])
    hits = vllm.idle()["vllm:prefix_cache_hits_total"]
    for number, text in enumerate(("quite another text", "a third one"), start=1):
        speak(cloning_server, text, voice=made["voice_id"])
        # The whole shared beginning, rounded down to blocks.
        expected = number * (shared // VLLM_BLOCK_TOKENS * VLLM_BLOCK_TOKENS)
        cached = vllm.metric_once("vllm:prefix_cache_hits_total", lambda now, sum=expected: now - hits >= sum) - hits
        assert cached == expected, f"{cached} of {shared} tokens"


def test_the_usage_that_vllm_reports_shows_the_cached_voice(cloning_server: Server, vllm: Vllm) -> None:
    transcripts = ("words that no other test has", "nor has any test these ones")
    made = [clone(cloning_server, reference_transcript=transcript) for transcript in transcripts]
    spoken, unspoken = (
        prompt(voice["voice_clone_tokens"], transcript, "what nobody has said yet")
        for voice, transcript in zip(made, transcripts, strict=True)
    )
    speak(cloning_server, "a first text", voice=made[0]["voice_id"])
    shared = len(prompt_before_text(made[0]["voice_clone_tokens"], transcripts[0]))
    whole_blocks = shared // VLLM_BLOCK_TOKENS * VLLM_BLOCK_TOKENS
    assert whole_blocks > 0
    assert vllm.cached_tokens(spoken) == whole_blocks, f"of {shared} tokens that the server's request began with"
    assert vllm.cached_tokens(unspoken) == 0, "a voice that has not spoken"


def test_a_cloned_voice_says_a_long_text_in_pieces(cloning_server: Server, vllm: Vllm) -> None:
    made = clone(cloning_server, reference_transcript=TRANSCRIPT)
    text = "This is a sentence of a long text, and it goes on for a while. " * 8
    answers = vllm.idle()["vllm:request_success_total"]
    pcm = speak(cloning_server, text, voice=made["voice_id"], max_tokens=None)
    vllm.metric_once("vllm:request_success_total", lambda now: now - answers >= 3)
    assert len(pcm) > 0
    first = text[: text.index(". ", 180) + 1]
    expected = decode(vllm.generate(prompt(made["voice_clone_tokens"], TRANSCRIPT, first), **GREEDY))
    assert_same_audio(pcm[: 2 * len(expected)], expected)


def test_recordings_that_cannot_be_used_are_refused_before_vllm_is_asked(cloning_server: Server, vllm: Vllm) -> None:
    answers = vllm.idle()["vllm:request_success_total"]
    unusable = ((recording(0.4), "at least 1 s"), (recording(31), "longer than 30 s"), (b"no audio", "audio file"))
    for audio, word in unusable:
        body = {"text": "hello", "reference_audio": in_base64(audio)}
        response = httpx.post(f"{cloning_server.root}/v1/text-to-speech", json=body, timeout=60)
        assert response.status_code == 422 and word in response.json()["detail"], response.text
    assert vllm.idle()["vllm:request_success_total"] == answers


def test_the_elevenlabs_package_clones_a_voice(cloning_server: Server) -> None:
    client = ElevenLabs(base_url=cloning_server.root, api_key="none")
    with pytest.raises(UnprocessableEntityError) as refused:
        client.voices.ivc.create(name="Asha", files=[recording()])
    assert refused.value.body["detail"][0]["loc"] == ["body", "consent"]
    consent = {"additional_body_parameters": {"consent": "true"}}
    labels = {"language": "en", "gender": "female"}
    made = client.voices.ivc.create(name="Asha", files=[recording()], labels=labels, request_options=consent)
    assert made.requires_verification is False
    voice = client.voices.get(made.voice_id)
    assert (voice.name, voice.category) == ("Asha", "cloned") and (voice.labels or {}).items() >= labels.items()
    pcm = b"".join(client.text_to_speech.convert(made.voice_id, text="hello", output_format="pcm_24000"))
    assert pcm
    client.voices.delete(made.voice_id)
    with pytest.raises(ApiError) as gone:
        client.voices.get(made.voice_id)
    assert gone.value.status_code == 404
