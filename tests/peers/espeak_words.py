"""espeak-ng's library, which says when it begins each word; the program, which the demo voice runs, doesn't."""

from __future__ import annotations

import ctypes
import functools
from typing import NamedTuple

# From espeak-ng's speak_lib.h.
SYNCHRONOUS = 2
EVENT_END, EVENT_WORD = 0, 1
PARAMETER_RATE = 1
BY_CHARACTER = 1
UTF8, PHONEMES, END_PAUSE = 1, 0x100, 0x1000

# As the demo voice runs it.
WORDS_PER_MINUTE = 150


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Spoken(NamedTuple):
    rate_hz: int
    samples: list[int]
    # When each word begins, in seconds, by the place of its first character in the text.
    words: dict[int, float]


@functools.cache
def _library() -> tuple[ctypes.CDLL, int]:
    library = ctypes.CDLL("libespeak-ng.so.1")
    rate_hz = library.espeak_Initialize(SYNCHRONOUS, 0, None, 0)
    assert rate_hz > 0, "espeak-ng doesn't start"
    return library, rate_hz


def speak(text: str, voice: str) -> Spoken:
    library, rate_hz = _library()
    samples: list[int] = []
    words: dict[int, float] = {}

    def heard(wave: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]) -> int:
        if count > 0:
            samples.extend(wave[:count])
        at = 0
        while (event := events[at]).type != EVENT_END:
            # At the end of some sentences, it tells of a word without letters.
            if event.type == EVENT_WORD and event.length > 0:
                words.setdefault(event.text_position - 1, event.sample / rate_hz)
            at += 1
        return 0

    callback = _Callback(heard)
    library.espeak_SetSynthCallback(callback)
    assert library.espeak_SetVoiceByName(voice.encode()) == 0, voice
    library.espeak_SetParameter(PARAMETER_RATE, WORDS_PER_MINUTE, 0)
    # Its noise comes from rand(), which others in this process may have called.
    ctypes.CDLL(None).srand(1)
    data = text.encode() + b"\0"
    assert library.espeak_Synth(data, len(data), 0, BY_CHARACTER, 0, UTF8 | PHONEMES | END_PAUSE, None, None) == 0
    library.espeak_Synchronize()
    return Spoken(rate_hz, samples, words)
