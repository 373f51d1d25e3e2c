//! Which route a path without one stands for: the base URL of a client often has too little or too much in it.

use std::cmp::Reverse;

use svara_service::Dialect;

use super::dialect::Spelling;

/// The longest path that an error repeats, in characters.
const SHOWN: usize = 96;

/// A route that a path was to name.
#[derive(Debug, PartialEq, Eq)]
pub struct Meant {
    /// The path that would have named it.
    path: String,
    /// Whether the path has no names in it, and only known words.
    is_fixed: bool,
    /// How it spells refusals.
    pub spelling: Spelling,
}

impl Meant {
    /// The path itself, if only slashes of `given` are too much: at its end, or where clients join its parts. A slash that a
    /// base URL has at its end leads only if nothing else is wrong: what begins like `//host/` isn't one of ours.
    pub fn without_slash(&self, given: &str) -> Option<&str> {
        let joined = || self.is_fixed && segments(given).eq(segments(&self.path));
        let same = match given.strip_prefix('/') {
            Some(rest) if rest.starts_with('/') => rest == self.path,
            _ => given.trim_end_matches('/') == self.path || joined(),
        };
        same.then_some(&self.path)
    }

    /// What to tell a client that asked for `given`.
    pub fn message(&self, given: &str) -> String {
        let short = |path: &str| path.chars().take(SHOWN).collect::<String>();
        let (given, meant) = (short(given), short(&self.path));
        let hint = match &self.spelling {
            Spelling::Hosted | Spelling::Fixed(Dialect::OpenAi) | Spelling::ByKey(Dialect::OpenAi) => {
                " A client's base_url ends in /v1, once"
            }
            _ => "",
        };
        format!("path: no such route: {given}; did you mean {meant}?{hint}")
    }
}

impl Spelling {
    /// The route whose path ends this one, with or without its version; that with the most segments, and of those the one
    /// with the fewest parameters; v1 before v2.
    pub fn meant(&self, path: &str) -> Option<Meant> {
        let Self::Nearest(routes) = self else { return None };
        let given: Vec<&str> = segments(path).collect();
        let found = routes.iter().filter_map(|(pattern, spelling)| {
            let known: Vec<&str> = segments(pattern).collect();
            let matched = tail(&known, &given).or_else(|| {
                let (version, rest) = known.split_first()?;
                matches!(*version, "v1" | "v2").then(|| tail(rest, &given)).flatten().map(|mut path| {
                    path.insert(0, version);
                    path
                })
            })?;
            let parameters = known.iter().filter(|segment| segment.starts_with('{')).count();
            let path = format!("/{}", matched.join("/"));
            let rank = (matched.len(), Reverse(parameters), path.starts_with("/v1/"));
            let is_fixed = parameters == 0;
            Some((rank, Meant { path, is_fixed, spelling: spelling.clone() }))
        });
        found.max_by_key(|(rank, _)| *rank).map(|(_, meant)| meant).filter(|meant| meant.path != path)
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// The last segments of a path that a pattern matches in any letter case, as the pattern spells them. It begins with a word.
fn tail<'a>(known: &[&'a str], given: &[&'a str]) -> Option<Vec<&'a str>> {
    known.first().filter(|first| !first.starts_with('{'))?;
    let given = given.get(given.len().checked_sub(known.len())?..)?;
    let segment = |(known, given): (&&'a str, &&'a str)| match *known {
        name if name.starts_with('{') => Some(*given),
        word => word.eq_ignore_ascii_case(given).then_some(word),
    };
    known.iter().zip(given).map(segment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_of_a_path_tells_its_route() {
        let patterns = [
            "/",
            "/v2/voices",
            "/health",
            "/v1/voices/{id}",
            "/v1/voices",
            "/v1/audio/speech",
            "/v1/audio/voices",
        ];
        let routes: Vec<_> = patterns.iter().map(|path| ((*path).to_owned(), Spelling::SVARA)).collect();
        let spelling = Spelling::Nearest(routes.into());
        for (path, meant) in [
            ("/audio/speech", Some("/v1/audio/speech")),
            ("/v1/v1/audio/speech", Some("/v1/audio/speech")),
            ("/v1/audio/speech/", Some("/v1/audio/speech")),
            ("/audio/voices", Some("/v1/audio/voices")),
            ("/voices", Some("/v1/voices")),
            ("/api/v1/voices", Some("/v1/voices")),
            ("/voices/x", Some("/v1/voices/x")),
            ("/v1/health", Some("/health")),
            ("/V1/Audio/Speech", Some("/v1/audio/speech")),
            ("/v1//audio/speech", Some("/v1/audio/speech")),
            ("/nothing", None),
            ("/v1/audio", None),
            ("/", None),
            ("//", None),
        ] {
            assert_eq!(spelling.meant(path).map(|meant| meant.path).as_deref(), meant, "{path}");
        }
    }
}
