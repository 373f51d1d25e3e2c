//! URL-encoded names and values: of forms, and of the queries of addresses.

use std::borrow::Cow;

use http::Uri;
use percent_encoding::percent_decode;

use crate::error::ApiError;

/// The names and values, in order, as they are decoded.
///
/// # Errors
/// For each name or value that isn't UTF-8.
pub fn pairs(encoded: &[u8]) -> impl Iterator<Item = Result<(String, String), ApiError>> {
    encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mut sides = pair.splitn(2, |byte| *byte == b'=');
        let (name, value) = (sides.next().unwrap_or_default(), sides.next().unwrap_or_default());
        let name = decoded(name).ok_or_else(|| ApiError::bad_request("the name of a field isn't UTF-8"))?;
        let value = decoded(value).ok_or_else(|| {
            let shown: String = name.chars().take(64).collect();
            ApiError::bad_request(format!("{shown} must be UTF-8, percent-encoded"))
        })?;
        Ok((name, value))
    })
}

/// The names and values of an address, in order.
///
/// # Errors
/// As of [`pairs`].
pub fn query(uri: &Uri) -> impl Iterator<Item = Result<(String, String), ApiError>> {
    pairs(uri.query().unwrap_or_default().as_bytes())
}

/// The parameters of an address that are among `names`, in order. Empty ones count as absent. The lists may be there
/// several times, and have [brackets](bare).
///
/// # Errors
/// Another one is there twice, or anything in the address isn't UTF-8.
pub fn parameters(
    uri: &Uri,
    names: &[&'static str],
    lists: &[&'static str],
) -> Result<Vec<(&'static str, String)>, ApiError> {
    let (mut found, mut single) = (Vec::new(), Vec::new());
    for pair in query(uri) {
        let (given, value) = pair?;
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        let list = lists.iter().find(|list| **list == given || given.strip_suffix("[]") == Some(**list));
        let name = names.iter().find(|name| **name == given);
        if let Some(name) = name {
            if single.contains(name) {
                return Err(ApiError::invalid(name, "must be given once").in_query());
            }
            single.push(*name);
        }
        found.extend(name.or(list).map(|name| (*name, value.to_owned())));
    }
    Ok(found)
}

/// The name of a parameter without the brackets that axios, jQuery and PHP write behind those of lists.
pub fn bare(mut name: String) -> String {
    if name.ends_with("[]") {
        name.truncate(name.len() - 2);
    }
    name
}

/// A parameter of an address. An empty one counts as absent.
///
/// # Errors
/// It is there twice, or anything in the address isn't UTF-8.
pub fn parameter(uri: &Uri, name: &'static str) -> Result<Option<String>, ApiError> {
    Ok(parameters(uri, &[name], &[])?.pop().map(|(_, value)| value))
}

fn decoded(text: &[u8]) -> Option<String> {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect::<Vec<u8>>().into()
    } else {
        text.into()
    };
    percent_decode(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_a_form_says_is_read(fields in prop::collection::vec((".{0,8}", ".{0,20}"), 1..5)) {
            let mut form = form_urlencoded::Serializer::new(String::new());
            let encoded = form.extend_pairs(&fields).finish();
            let read: Result<Vec<(String, String)>, _> = pairs(encoded.as_bytes()).collect();
            prop_assert_eq!(read.unwrap(), fields);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            for (name, value) in pairs(&bytes).flatten() {
                prop_assert!(name.len() + value.len() <= bytes.len());
            }
        }
    }

    #[test]
    fn what_is_no_text_is_named() {
        let message =
            |encoded: &str| pairs(encoded.as_bytes()).find_map(Result::err).map(|error| error.message);
        assert_eq!(message("text=%ff").unwrap(), "text must be UTF-8, percent-encoded");
        assert_eq!(message("a=b&%ff=x").unwrap(), "the name of a field isn't UTF-8");
        assert_eq!(message("text=100%25&b=%zz&c"), None);
    }

    #[test]
    fn a_parameter_is_given_once() {
        let ask = |query: &str| parameter(&format!("/?{query}").parse().unwrap(), "rate");
        assert_eq!(ask("a=1&rate=a+b%2B").unwrap().as_deref(), Some("a b+"));
        assert_eq!((ask("a=1").unwrap(), ask("rate=").unwrap()), (None, None));
        assert_eq!(ask("rate=1&rate=2").unwrap_err().field, Some("rate"));
        for query in ["rate=&rate=1", "rate=1&rate=", "rate=%20&rate=1+"] {
            assert_eq!(ask(query).unwrap().as_deref(), Some("1"), "{query}");
        }
        assert!(ask("a=%ff").is_err());
    }
}
