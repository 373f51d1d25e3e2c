//! Pronunciation dictionaries as files: the W3C's Pronunciation Lexicon Specification, as far as dictionaries go.
//!
//! A lexicon has no word for how a rule is found; what differs from a whole word in its case is in attributes of a
//! namespace of our own, which other readers pass over.

use std::fmt::Write;

use quick_xml::{
    Reader,
    escape::{escape, resolve_predefined_entity},
    events::{BytesStart, Event},
};

use crate::{
    dictionary::{Pronunciation, Rule},
    language::Language,
};

/// How deep elements may be in each other.
const MAX_DEPTH: usize = 16;
/// The longest text of an element or attribute, in bytes: more than any rule may have.
const MAX_TEXT_BYTES: usize = 4096;
/// The most graphemes, and the most pronunciations, of a lexeme.
const MAX_OF_LEXEME: usize = 64;

/// A file that isn't a lexicon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: {reason}")]
pub struct PlsError {
    /// Where the fault was found.
    pub at: u64,
    /// What is wrong.
    pub reason: String,
}

/// Reads a lexicon: a rule for each grapheme, with its preferred alias, or else phoneme. It may have `max_rules`. Nothing
/// but XML's own entities is expanded, and a document type is refused.
///
/// # Errors
/// It isn't well-formed XML, no lexicon, or has too many rules.
pub fn read_pls(text: &str, max_rules: usize) -> Result<Vec<Rule>, PlsError> {
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut reading = Reading::default();
    loop {
        let event = reader.read_event();
        let at = reader.buffer_position();
        let failed = |reason: String| PlsError { at, reason };
        let done = match event.map_err(|error| failed(error.to_string()))? {
            Event::Start(element) => reading.start(&element).map(|()| false),
            Event::Empty(element) => {
                reading.start(&element).and_then(|()| reading.end(max_rules)).map(|()| false)
            }
            Event::End(_) => reading.end(max_rules).map(|()| false),
            Event::Text(text) => match text.xml10_content() {
                Ok(text) => reading.text(&text).map(|()| false),
                Err(error) => Err(error.to_string()),
            },
            Event::CData(text) => match text.xml10_content() {
                Ok(text) => reading.text(&text).map(|()| false),
                Err(error) => Err(error.to_string()),
            },
            Event::GeneralRef(entity) => match entity.resolve_char_ref() {
                Ok(Some(c)) => reading.text(c.encode_utf8(&mut [0; 4])).map(|()| false),
                Ok(None) => {
                    let known = entity.decode().ok().and_then(|name| resolve_predefined_entity(&name));
                    let known = known.ok_or_else(|| "an entity that XML doesn't define".to_owned());
                    known.and_then(|text| reading.text(text)).map(|()| false)
                }
                Err(error) => Err(error.to_string()),
            },
            Event::DocType(_) => Err("a document type (DOCTYPE) isn't allowed".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => Ok(false),
            Event::Eof => Ok(true),
        };
        if done.map_err(failed)? {
            return reading.finish().map_err(failed);
        }
    }
}

/// What is read of a file.
#[derive(Default)]
struct Reading {
    /// The names of the open elements.
    open: Vec<String>,
    is_lexicon: bool,
    /// The alphabet of the lexicon.
    alphabet: String,
    /// The attributes of the open pronunciation.
    preferred: bool,
    own_alphabet: Option<String>,
    text: String,
    lexeme: Lexeme,
    rules: Vec<Rule>,
}

#[derive(Default)]
struct Lexeme {
    graphemes: Vec<String>,
    /// The first alias, or the preferred one, and whether it is.
    alias: Option<(String, bool)>,
    phoneme: Option<(String, String, bool)>,
    any_case: bool,
    anywhere: bool,
    only: Option<Vec<Language>>,
    except: Vec<Language>,
}

impl Reading {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        let name = String::from_utf8_lossy(element.local_name().as_ref()).into_owned();
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("elements are more than {MAX_DEPTH} deep"));
        }
        match (self.open.last().map(String::as_str), &*name) {
            (None, "lexicon") if !self.is_lexicon => {
                self.is_lexicon = true;
                let alphabet = attribute(element, b"alphabet")?;
                self.alphabet = alphabet.unwrap_or_else(|| "ipa".to_owned());
            }
            (None, _) => return Err("the file must be one <lexicon>".to_owned()),
            (Some("lexicon"), "lexeme") => self.lexeme = Lexeme::new(element)?,
            (Some("lexeme"), "grapheme" | "alias" | "phoneme") => {
                self.text.clear();
                self.preferred = attribute(element, b"prefer")?.is_some_and(|prefer| prefer == "true");
                self.own_alphabet = attribute(element, b"alphabet")?;
            }
            _ => {}
        }
        self.open.push(name);
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        if matches!(self.open.last().map(String::as_str), Some("grapheme" | "alias" | "phoneme")) {
            self.text.push_str(text);
            if self.text.len() > MAX_TEXT_BYTES {
                return Err(format!("a text is longer than {MAX_TEXT_BYTES} bytes"));
            }
        }
        Ok(())
    }

    fn end(&mut self, max_rules: usize) -> Result<(), String> {
        let Some(name) = self.open.pop() else { return Ok(()) };
        let within = self.open.last().map(String::as_str);
        let text = || self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        match (within, &*name) {
            (Some("lexeme"), "grapheme") => {
                if self.lexeme.graphemes.len() == MAX_OF_LEXEME {
                    return Err(format!("a lexeme has more than {MAX_OF_LEXEME} graphemes"));
                }
                self.lexeme.graphemes.push(text());
            }
            (Some("lexeme"), "alias") => {
                let known = self.lexeme.alias.as_ref();
                if known.is_none_or(|(_, preferred)| self.preferred && !preferred) {
                    self.lexeme.alias = Some((text(), self.preferred));
                }
            }
            (Some("lexeme"), "phoneme") => {
                let known = self.lexeme.phoneme.as_ref();
                if known.is_none_or(|(_, _, preferred)| self.preferred && !preferred) {
                    let alphabet = self.own_alphabet.take().unwrap_or_else(|| self.alphabet.clone());
                    self.lexeme.phoneme = Some((text(), alphabet, self.preferred));
                }
            }
            (Some("lexicon"), "lexeme") => {
                let lexeme = std::mem::take(&mut self.lexeme);
                if self.rules.len() + lexeme.graphemes.len() > max_rules {
                    return Err(format!("the lexicon has more than {max_rules} rules"));
                }
                self.rules.extend(lexeme.into_rules()?);
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<Rule>, String> {
        match (self.is_lexicon, self.open.is_empty()) {
            (true, true) => Ok(self.rules),
            (false, _) => Err("the file must be one <lexicon>".to_owned()),
            (true, false) => Err("the lexicon isn't closed".to_owned()),
        }
    }
}

impl Lexeme {
    fn new(element: &BytesStart<'_>) -> Result<Self, String> {
        let is =
            |name: &[u8], value: &str| attribute(element, name).map(|found| found.as_deref() == Some(value));
        Ok(Self {
            any_case: is(b"case-sensitive", "false")?,
            anywhere: is(b"word-boundaries", "false")?,
            only: attribute(element, b"only")?.map(|codes| languages(&codes)).transpose()?,
            except: attribute(element, b"except")?.map_or(Ok(Vec::new()), |codes| languages(&codes))?,
            ..Self::default()
        })
    }

    fn into_rules(self) -> Result<Vec<Rule>, String> {
        let pronunciation = match (self.alias, self.phoneme) {
            (Some((alias, _)), _) => Pronunciation::Alias(alias),
            (None, Some((phoneme, alphabet, _))) => Pronunciation::Phoneme { phoneme, alphabet },
            (None, None) => return Err("a lexeme has no alias and no phoneme".to_owned()),
        };
        if self.graphemes.is_empty() {
            return Err("a lexeme has no grapheme".to_owned());
        }
        let rule = |text| Rule {
            text,
            pronunciation: pronunciation.clone(),
            case_sensitive: !self.any_case,
            word_boundaries: !self.anywhere,
            only: self.only.clone(),
            except: self.except.clone(),
        };
        Ok(self.graphemes.into_iter().map(rule).collect())
    }
}

/// The attribute with this name, whatever its namespace.
fn attribute(element: &BytesStart<'_>, name: &[u8]) -> Result<Option<String>, String> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.local_name().as_ref() == name {
            let value = std::str::from_utf8(&attribute.value).map_err(|error| error.to_string())?;
            if value.len() > MAX_TEXT_BYTES {
                return Err(format!("an attribute is longer than {MAX_TEXT_BYTES} bytes"));
            }
            let value = quick_xml::escape::unescape(value).map_err(|error| error.to_string())?;
            return Ok(Some(value.trim().to_owned()));
        }
    }
    Ok(None)
}

fn languages(codes: &str) -> Result<Vec<Language>, String> {
    codes.split_whitespace().map(|code| code.parse::<Language>().map_err(|error| error.to_string())).collect()
}

/// Writes rules as a lexicon that [`read_pls`] reads as the same.
#[must_use]
pub fn write_pls(rules: &[Rule]) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <lexicon version=\"1.0\" xmlns=\"http://www.w3.org/2005/01/pronunciation-lexicon\" \
         xmlns:svara=\"urn:svara:lexicon\" alphabet=\"ipa\" xml:lang=\"und\">\n",
    );
    for rule in rules {
        let Rule { text: grapheme, pronunciation, case_sensitive, word_boundaries, only, except } = rule;
        let mut lexeme = String::from("  <lexeme");
        for (name, holds) in [("case-sensitive", case_sensitive), ("word-boundaries", word_boundaries)] {
            if !holds {
                lexeme.push_str(&format!(" svara:{name}=\"false\""));
            }
        }
        for (name, languages) in
            [("only", only.as_deref()), ("except", Some(&**except).filter(|except| !except.is_empty()))]
        {
            if let Some(languages) = languages {
                let codes: Vec<&str> = languages.iter().map(|language| language.code()).collect();
                lexeme.push_str(&format!(" svara:{name}=\"{}\"", codes.join(" ")));
            }
        }
        let said = match pronunciation {
            Pronunciation::Alias(alias) => format!("<alias>{}</alias>", escape(alias.as_str())),
            Pronunciation::Phoneme { phoneme, alphabet } => {
                format!(
                    "<phoneme alphabet=\"{}\">{}</phoneme>",
                    escape(alphabet.as_str()),
                    escape(phoneme.as_str())
                )
            }
        };
        let grapheme = escape(grapheme.as_str());
        // Writing to a text doesn't fail.
        let _ = writeln!(text, "{lexeme}><grapheme>{grapheme}</grapheme>{said}</lexeme>");
    }
    text.push_str("</lexicon>\n");
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn alias(text: &str, said: &str) -> Rule {
        Rule { case_sensitive: true, ..Rule::new(text, said) }
    }

    #[test]
    fn a_lexicon_is_read() {
        let text = "\u{feff}<?xml version='1.0' encoding='UTF-8'?><!-- x -->\n\
            <lexicon version='1.0' xmlns='http://www.w3.org/2005/01/pronunciation-lexicon' alphabet='x-sampa' xml:lang='en-GB'>\
            <meta name='a' content='b'/><metadata><rdf:RDF xmlns:rdf='c'><alias>no</alias></rdf:RDF></metadata>\
            <lexeme role='x'><grapheme>SQL</grapheme><alias>sequel</alias></lexeme>\
            <lexeme><grapheme>A&amp;B</grapheme><grapheme> A &#x41;ND\n B </grapheme>\
              <phoneme>x</phoneme><alias>a</alias><alias prefer='true'><![CDATA[<a> & b]]></alias></lexeme>\
            <lexeme><grapheme>tomato</grapheme><phoneme>1</phoneme><phoneme prefer='true' alphabet='ipa'>2</phoneme></lexeme>\
            </lexicon>";
        let phoneme = Pronunciation::Phoneme { phoneme: "2".to_owned(), alphabet: "ipa".to_owned() };
        let wanted = [
            alias("SQL", "sequel"),
            alias("A&B", "<a> & b"),
            alias("A AND B", "<a> & b"),
            Rule { pronunciation: phoneme, ..alias("tomato", "") },
        ];
        assert_eq!(read_pls(text, 4).unwrap(), wanted);
        assert!(read_pls(text, 3).unwrap_err().to_string().contains("more than 3 rules"));
    }

    #[test]
    fn what_is_no_lexicon_is_refused() {
        let bomb = "<!DOCTYPE lexicon [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><lexicon><lexeme><grapheme>&b;</grapheme>\
                    <alias>x</alias></lexeme></lexicon>";
        let deep = format!("<lexicon>{}", "<a>".repeat(20));
        let long = format!("<lexicon><lexeme><grapheme>{}", "x".repeat(5000));
        let many = format!("<lexicon><lexeme>{}", "<grapheme>x</grapheme>".repeat(65));
        for (text, reason) in [
            (bomb, "DOCTYPE"),
            (&*deep, "16 deep"),
            (&*long, "longer than 4096 bytes"),
            (&*many, "more than 64 graphemes"),
            ("", "one <lexicon>"),
            ("words", "one <lexicon>"),
            ("<html/>", "one <lexicon>"),
            ("<lexicon/><lexicon/>", "one <lexicon>"),
            ("<lexicon>", "isn't closed"),
            ("<lexicon></lexeme>", "expected"),
            ("<lexicon><lexeme><alias>x</alias></lexeme></lexicon>", "no grapheme"),
            ("<lexicon><lexeme><grapheme>x</grapheme></lexeme></lexicon>", "no alias and no phoneme"),
            ("<lexicon><lexeme><grapheme>&lol;</grapheme></lexeme></lexicon>", "doesn't define"),
            ("<lexicon><lexeme only='xx'/></lexicon>", "xx"),
        ] {
            let error = read_pls(text, 9).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            rules in prop::collection::vec(
                ("[a-zक&<>\"']{1,5}", "[a-z ]{0,3}[x&<\"]", any::<[bool; 2]>(), any::<[bool; 3]>()),
                0..5,
            ),
        ) {
            let rules: Vec<Rule> = rules.into_iter().map(|(text, said, [alias, case], [boundaries, only, except])| Rule {
                text,
                pronunciation: match said.trim().to_owned() {
                    said if alias => Pronunciation::Alias(said.split_whitespace().collect::<Vec<_>>().join(" ")),
                    said => Pronunciation::Phoneme {
                        phoneme: said.split_whitespace().collect::<Vec<_>>().join(" "),
                        alphabet: "a&b".to_owned(),
                    },
                },
                case_sensitive: case,
                word_boundaries: boundaries,
                only: only.then(|| vec![Language::Hindi, Language::Tamil]),
                except: if except { vec![Language::Bodo] } else { Vec::new() },
            }).collect();
            prop_assert_eq!(read_pls(&write_pls(&rules), 9).unwrap(), rules);
        }

        #[test]
        fn no_file_does_harm(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "<lexicon>", "</lexicon>", "<lexeme>", "</lexeme>", "<grapheme>", "</grapheme>", "<alias>x</alias>",
                    "<alias", " prefer='true'>", "&amp;", "&x;", "&#0;", "&#x110000;", "<![CDATA[", "]]>", "<!--", "-->",
                    "<!DOCTYPE", "<?", "?>", "'", "\"", "=", "/>", "क", " ",
                ]),
                0..30,
            ),
        ) {
            let _ = read_pls(&parts.concat(), 3);
        }
    }
}
