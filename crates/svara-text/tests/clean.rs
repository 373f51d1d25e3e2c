//! Cleaning: properties of every text, and the time that hostile ones take.

use proptest::prelude::*;
use svara_text::{Strip, clean};

const ALL: Strip = Strip { markdown: true, emoji: true };

fn keeps(name: &str) -> bool {
    name == "happy"
}

/// Texts made of what the steps look for.
fn tricky() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        2 => "[a-zA-Zक-हा-्0-9 ]{1,12}",
        2 => "[-+,.:*_~`#>|<>!()\\[\\]{}\\\\=&; \n\t]{1,6}",
        2 => proptest::sample::select(vec![
            "<b>", "</b>", "<p>", "<think>", "</think>", "<happy>", "<break time='1s'/>", "[pause:1s]", "<say-as interpret-as='digits'>",
            "</say-as>", "<prosody rate='slow'>", "</prosody>", "<!--", "-->", "&amp;", "&lt;", "&#39;", "&amp;lt;b&gt;", "&#8203;",
            "**", "__", "```", "\n```\n", "# ", "- ", "1. ", "> ", "| a | b |\n|---|---|\n", "[x](https://a.in)", "[x]: y", "🎉", "👨‍👩‍👧",
            "5️⃣", "🇮🇳", "\u{200d}", "\u{200c}", "\u{fe0f}", "\u{301}", "\u{93c}", "\u{94d}", "\u{0}", "\u{1b}[31m", "\u{202e}", "९८",
            "\u{95b}", "ന്\u{200d}", "𝐁", "㎞", "<script>", "</script>", "<sub alias='x'>", "</sub>", "•", "【4†x】",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,4}",
        1 => any::<String>(),
    ];
    proptest::collection::vec(part, 0..16).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_clean_stays_as_it_is(text in tricky(), markdown in any::<bool>(), emoji in any::<bool>()) {
        let strip = Strip { markdown, emoji };
        let once = clean(&text, strip, keeps);
        let again = clean(&once.text, strip, keeps);
        prop_assert_eq!(&again.text, &once.text);
        prop_assert!(again.pauses().is_empty());
        prop_assert!(once.pauses().is_sorted_by_key(|pause| pause.at));
        prop_assert!(once.pauses().iter().all(|pause| once.text.is_char_boundary(pause.at)));
    }

    /// What isn't replaced is the same in both texts, in order: so the map covers every character of both.
    #[test]
    fn the_map_covers_both_texts(text in tricky()) {
        let cleaned = clean(&text, ALL, keeps);
        let (mut typed, mut said) = (0, 0);
        for edit in cleaned.edits.replacements() {
            prop_assert!(edit.typed.start >= typed && edit.said.start >= said);
            prop_assert_eq!(&text[typed..edit.typed.start], &cleaned.text[said..edit.said.start]);
            (typed, said) = (edit.typed.end, edit.said.end);
        }
        prop_assert_eq!(&text[typed..], &cleaned.text[said..]);
    }

    /// Words without marks are all said.
    #[test]
    fn no_word_is_lost(text in "([a-zA-Z]{1,8}|[क-ह][ािी]?|[0-9]{1,4}|[,.!?।]|\n| |🎉|\u{200b}){0,40}") {
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        prop_assert_eq!(letters(&clean(&text, ALL, keeps).text), letters(&text));
    }
}

/// The processor time of this thread so far, in nanoseconds. Other work on the machine doesn't count.
#[cfg(target_os = "linux")]
fn thread_time_ns() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

#[cfg(target_os = "linux")]
#[test]
fn hostile_texts_take_linear_time() {
    let patterns = [
        "<",
        "<a ",
        "<a b=\"",
        "<a b=\"c",
        "<!--",
        "<b>",
        "<prosody rate='slow'>",
        "<say-as interpret-as='digits'>1",
        "<script>",
        "<think>",
        "</think>",
        "&amp;",
        "amp;&",
        "&",
        "&lt;",
        "&lt;&amp;",
        "&eacute;",
        "[pause:",
        "[pause:1s]",
        "*",
        "**a",
        "_",
        "`",
        "``` \n",
        "[",
        "](",
        "[a](",
        "![",
        "> ",
        "- ",
        "#",
        "| a | b |\n|---|---|\n",
        "\\",
        "\u{1b}]",
        "\u{1b}[",
        "\u{200d}",
        "\u{200c}",
        "\u{301}",
        "क\u{94d}\u{200d}",
        "🎉",
        "👨\u{200d}",
        "\u{fe0f}",
        "【†",
        "•",
        "<sub alias='x'>",
        "a\u{301}",
        "क़",
        "𝐁",
        "~~",
        "<![CDATA[",
        "<?",
        "[a]: b\n",
        "1. ",
        "\u{93c}",
    ];
    let mut slow = Vec::new();
    for pattern in patterns {
        let bytes = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
        let text = pattern.repeat(bytes / pattern.len());
        let start = thread_time_ns().unwrap();
        assert!(clean(&text, ALL, keeps).text.len() <= 2 * text.len());
        let took_ms = (thread_time_ns().unwrap() - start) / 1_000_000;
        if took_ms > 2_000 {
            slow.push(format!("{pattern:?}: {took_ms} ms"));
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}
