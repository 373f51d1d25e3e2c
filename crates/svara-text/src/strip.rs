//! Removes what isn't meant to be spoken: Markdown marks and emoji.

use std::borrow::Cow;

use icu_properties::props::{BinaryProperty, EmojiPresentation, ExtendedPictographic, RegionalIndicator};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation;

/// Converts Markdown to plain text: without marks, link targets and comments, one line per block.
///
/// The numbers of ordered lists stay, and so do `<tag>`s.
#[must_use]
pub fn strip_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // The next number of each open list; `None` for bullets.
    let mut lists: Vec<Option<u64>> = Vec::new();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(words) | Event::Code(words) => out.push_str(&words),
            Event::Html(html) | Event::InlineHtml(html) if !html.starts_with("<!--") => out.push_str(&html),
            Event::SoftBreak => out.push(' '),
            Event::HardBreak | Event::Rule => end_line(&mut out),
            Event::Start(Tag::List(first)) => {
                end_line(&mut out);
                lists.push(first);
            }
            Event::End(TagEnd::List(_)) => drop(lists.pop()),
            Event::Start(Tag::Item) => {
                if let Some(Some(number)) = lists.last_mut() {
                    out.push_str(&format!("{number}. "));
                    *number = number.saturating_add(1);
                }
            }
            Event::End(TagEnd::TableCell) => out.push_str(", "),
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => {
                out.truncate(out.trim_end_matches(", ").len());
                end_line(&mut out);
            }
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::CodeBlock) => {
                end_line(&mut out);
            }
            _ => {}
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// Removes emoji. One between two spaces leaves one space.
///
/// Characters that are shown as text by default (`©`, `™`, arrows) stay, unless the variation selector U+FE0F asks for
/// a picture.
#[must_use]
pub fn strip_emoji(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.graphemes(true).any(is_emoji) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut taken = false;
    for cluster in text.graphemes(true) {
        if is_emoji(cluster) {
            taken = true;
            continue;
        }
        let double_space = cluster == " " && (out.is_empty() || out.ends_with(char::is_whitespace));
        if !(taken && double_space) {
            out.push_str(cluster);
            taken = false;
        }
    }
    Cow::Owned(out)
}

fn is_emoji(cluster: &str) -> bool {
    let Some(first) = cluster.chars().next() else { return false };
    if first.is_ascii() {
        // A keycap: digit, U+FE0F, U+20E3.
        return cluster.ends_with('\u{20E3}');
    }
    EmojiPresentation::for_char(first)
        || RegionalIndicator::for_char(first)
        || (ExtendedPictographic::for_char(first) && (first >= '\u{2600}' || cluster.contains('\u{FE0F}')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_plain_lines() {
        let text = "# शीर्षक\n\nयह **मोटा** और _तिरछा_ है, [कड़ी](https://a.in/x) और `code`।\nआगे <happy>\n\n- एक\n- दो\n\n\
                    3. तीन\n4. चार\n\n> कथन\n\n| क | ख |\n|---|---|\n| १ | २ |\n\n<!-- चुप -->\n";
        assert_eq!(
            strip_markdown(text),
            "शीर्षक\nयह मोटा और तिरछा है, कड़ी और code। आगे <happy>\nएक\nदो\n3. तीन\n4. चार\nकथन\nक, ख\n१, २"
        );
    }

    #[test]
    fn plain_text_passes_unmarked() {
        for text in ["नमस्ते दुनिया।", "5 * 3 = 15", "#india", "+91 98765 43210", "1947. आज", "a_b_c @x"]
        {
            assert_eq!(strip_markdown(text), text);
        }
    }

    #[test]
    fn emoji_go_and_signs_stay() {
        for (text, bare) in [
            ("नमस्ते 🙏 दुनिया", "नमस्ते दुनिया"),
            ("👨‍👩‍👧‍👦 परिवार 🇮🇳", "परिवार "),
            ("ठीक👍🏽है", "ठीकहै"),
            ("5️⃣ बजे ❤️ ❤", "बजे "),
            ("© ™ 5°C → ₹", "© ™ 5°C → ₹"),
        ] {
            assert_eq!(strip_emoji(text), bare, "{text}");
        }
        assert!(matches!(strip_emoji("सादा  पाठ"), Cow::Borrowed(_)));
    }
}
