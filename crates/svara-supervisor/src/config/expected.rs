//! What should be there in place of a value, in the form that it should have.

use toml::de::DeValue;

use super::{
    shape::Shape,
    source::{scalar, text_of},
};

/// What should be there instead, in the form that it should have.
pub(super) fn expected(path: &str, shape: Shape, value: &DeValue<'_>) -> String {
    let key = path.rsplit('.').next().unwrap_or(path);
    let written = scalar(value).map(|value| text_of(&value)).unwrap_or_default();
    match shape {
        Shape::Text => {
            format!("expected text in quotes: {key} = {:?}", if written.is_empty() { "…" } else { &written })
        }
        Shape::Duration if written.is_empty() => format!("expected a time in quotes: {key} = \"30s\""),
        Shape::Duration => {
            format!("`{written}`: expected a time in quotes, with its unit: {key} = \"{written}s\"")
        }
        Shape::Size => format!("expected a size: {key} = \"50MiB\""),
        Shape::Scalar if matches!(value, DeValue::Integer(_)) => "this number is too large".to_owned(),
        Shape::Scalar => "expected a number, true or false".to_owned(),
        Shape::Words | Shape::Texts if is_scalars(value) => {
            format!("expected a list of texts, each in quotes: {key} = {:?}", texts(value))
        }
        Shape::Words if !written.is_empty() => {
            format!("expected a list of words: {key} = {}", words(&written))
        }
        Shape::Words => format!("expected a list of words, each in quotes: {key} = [\"sleep\", \"100\"]"),
        Shape::Texts if !written.is_empty() => format!("expected a list: {key} = [{written:?}]"),
        Shape::Texts => format!("expected a list of texts in quotes: {key} = [\"…\", \"…\"]"),
        Shape::Integers if written.is_empty() => format!("expected a list of whole numbers: {key} = [0, 2]"),
        Shape::Integers => format!("expected a list of whole numbers: {key} = [{written}]"),
        Shape::Variables => format!("expected a table of texts: {key} = {{ NAME = \"value\" }}"),
        Shape::NamedTexts => format!("expected a table of lists: [{key}] with NAME = [\"…\"]"),
        Shape::Table(_) => format!("expected a table: {key} = {{ … }}"),
        Shape::Named(_) => format!("expected tables: [{key}.NAME]"),
        Shape::Tables(_) => format!("expected tables: [[{key}]]"),
    }
}

/// Whether it is a list of texts, numbers and booleans.
fn is_scalars(value: &DeValue<'_>) -> bool {
    matches!(value, DeValue::Array(list) if !list.is_empty() && texts(value).len() == list.len())
}

pub(super) fn texts(value: &DeValue<'_>) -> Vec<String> {
    let DeValue::Array(list) = value else { return Vec::new() };
    list.iter().filter_map(|item| scalar(item.get_ref())).map(|item| text_of(&item)).collect()
}

/// A command line as the list that it should be.
pub(super) fn words(line: &str) -> String {
    let needs_shell =
        line.contains(['|', '&', ';', '<', '>', '*', '`', '(']) || line.replace("${", "").contains('$');
    match shlex::split(line).filter(|words| !needs_shell && !words.is_empty()) {
        Some(words) => format!("{words:?}"),
        None => format!("{:?}", ["/bin/sh", "-c", &line.replace('$', "$$").replace("$${", "${")]),
    }
}
