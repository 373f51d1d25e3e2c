"""Peer: the official elevenlabs package makes pronunciation dictionaries, and speaks with them."""

from __future__ import annotations

import contextlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from elevenlabs import (
    BodyAddAPronunciationDictionaryV1PronunciationDictionariesAddFromRulesPostRulesItem_Alias as Alias,
)
from elevenlabs import (
    BodyAddAPronunciationDictionaryV1PronunciationDictionariesAddFromRulesPostRulesItem_Phoneme as Phoneme,
)
from elevenlabs import PronunciationDictionaryVersionLocator as Locator
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors import UnprocessableEntityError
from elevenlabs.pronunciation_dictionaries.rules import (
    BodySetRulesOnThePronunciationDictionaryV1PronunciationDictionariesPronunciationDictionaryIdSetRulesPostRulesItem_Alias as SetAlias,
)
from elevenlabs.pronunciation_dictionaries.rules import PronunciationDictionaryRule_Alias as AddedAlias

from conftest import StartServer
from server_peer import DEMO, changed

VOICE = "en_male"
TEXT = "SQL and tomato at 5."
PLS = "{http://www.w3.org/2005/01/pronunciation-lexicon}"


@pytest.fixture(scope="module")
def client(start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ElevenLabs]:
    store = str(tmp_path_factory.mktemp("store"))
    server = start_server(changed(DEMO.settings, voices={"store": store}), *DEMO.arguments)
    with httpx.Client(timeout=60) as http:
        yield ElevenLabs(base_url=server.root, api_key="none", httpx_client=http)


def said(client: ElevenLabs, locators: list[Locator], text: str = TEXT) -> str:
    """The words that are said, and the check that the other alignment has the text as it was typed."""
    answer = client.text_to_speech.convert_with_timestamps(
        VOICE, text=text, output_format="pcm_24000", pronunciation_dictionary_locators=locators
    )
    assert answer.alignment is not None and answer.normalized_alignment is not None
    assert "".join(answer.alignment.characters) == text
    return "".join(answer.normalized_alignment.characters)


def test_a_dictionary_from_rules(client: ElevenLabs) -> None:
    kept = client.pronunciation_dictionaries.create_from_rules(
        name="words",
        description="of ours",
        rules=[
            Alias(string_to_replace="SQL", alias="sequel"),
            Phoneme(string_to_replace="tomato", phoneme="təˈmɑːtəʊ", alphabet="ipa"),
        ],
    )
    assert (kept.name, kept.description, kept.version_rules_num) == ("words", "of ours", 2)
    assert kept.permission_on_resource == "admin"
    first = Locator(pronunciation_dictionary_id=kept.id, version_id=kept.version_id)
    latest = Locator(pronunciation_dictionary_id=kept.id)
    assert said(client, [first]) == "sequel and tomato at five."

    rules = client.pronunciation_dictionaries.rules
    added = rules.add(kept.id, rules=[AddedAlias(string_to_replace="tomato", alias="tomahto")])
    assert added.version_id != kept.version_id and added.version_rules_num == 2
    assert said(client, [latest]) == "sequel and tomahto at five."
    assert said(client, [first]) == "sequel and tomato at five."
    removed = rules.remove(kept.id, rule_strings=["SQL"])
    assert removed.version_rules_num == 1
    replaced = rules.set(kept.id, rules=[SetAlias(string_to_replace="sql", alias="S Q L", case_sensitive=False)])
    assert replaced.version_rules_num == 1

    whole = client.pronunciation_dictionaries.get(kept.id)
    assert whole.latest_version_id == replaced.version_id
    assert [(rule.type, rule.string_to_replace, rule.case_sensitive) for rule in whole.rules] == [
        ("alias", "sql", False)
    ]

    file = b"".join(client.pronunciation_dictionaries.download(kept.id, kept.version_id))
    lexemes = ElementTree.fromstring(file).findall(f"{PLS}lexeme")
    assert [lexeme.findtext(f"{PLS}grapheme") for lexeme in lexemes] == ["SQL", "tomato"]
    assert lexemes[1].findtext(f"{PLS}phoneme") == "təˈmɑːtəʊ"

    updated = client.pronunciation_dictionaries.update(kept.id, name="acronyms", archived=True)
    assert updated.name == "acronyms" and updated.archived_time_unix
    assert kept.id not in [entry.id for entry in client.pronunciation_dictionaries.list().pronunciation_dictionaries]
    listed = client.pronunciation_dictionaries.list(include_archived=True, sort="name", page_size=100)
    assert kept.id in [entry.id for entry in listed.pronunciation_dictionaries]


def test_a_dictionary_from_a_file(client: ElevenLabs, tmp_path: Path) -> None:
    file = tmp_path / "words.pls"
    file.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><lexicon version="1.0" alphabet="ipa" xml:lang="en-US"'
        ' xmlns="http://www.w3.org/2005/01/pronunciation-lexicon">'
        "<lexeme><grapheme>SQL</grapheme><alias>my sequel</alias></lexeme></lexicon>"
    )
    with file.open("rb") as opened:
        kept = client.pronunciation_dictionaries.create_from_file(name="file", file=opened, workspace_access="viewer")
    assert kept.version_rules_num == 1
    locator = Locator(pronunciation_dictionary_id=kept.id, version_id=kept.version_id)
    assert said(client, [locator]) == "my sequel and tomato at five."
    sound = b"".join(
        client.text_to_speech.convert(
            VOICE, text="SQL", output_format="pcm_24000", pronunciation_dictionary_locators=[locator]
        )
    )
    plain = b"".join(client.text_to_speech.convert(VOICE, text="SQL", output_format="pcm_24000"))
    assert len(sound) > 2000 and sound != plain


def test_lists_have_pages(client: ElevenLabs) -> None:
    made = {
        client.pronunciation_dictionaries.create_from_rules(name=f"page {number}", rules=[]).id for number in range(3)
    }
    seen, cursor = [], None
    while True:
        page = client.pronunciation_dictionaries.list(page_size=2, cursor=cursor, sort="name", sort_direction="descending")
        assert len(page.pronunciation_dictionaries) <= 2
        seen += [entry.id for entry in page.pronunciation_dictionaries]
        if not page.has_more:
            break
        cursor = page.next_cursor
    assert len(seen) == len(set(seen)) and made <= set(seen)


def test_what_is_wrong_is_said(client: ElevenLabs) -> None:
    with pytest.raises(UnprocessableEntityError) as wrong:
        client.pronunciation_dictionaries.create_from_rules(
            name="x", rules=[Alias(string_to_replace=" ", alias="x")]
        )
    assert wrong.value.body["detail"][0]["loc"] == ["body", "rules"]
    for call in (
        lambda: client.pronunciation_dictionaries.get("none"),
        lambda: said(client, [Locator(pronunciation_dictionary_id="none")]),
        lambda: client.pronunciation_dictionaries.rules.remove("none", rule_strings=["x"]),
    ):
        with pytest.raises(ApiError) as unknown:
            call()
        assert unknown.value.status_code == 404
    with pytest.raises(ApiError), contextlib.closing(client.pronunciation_dictionaries.download("none", "x")) as file:
        b"".join(file)
