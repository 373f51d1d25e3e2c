//! Parts of URLs.

/// The part of a URL between the scheme and the path, without a user.
pub(crate) fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, place)| place)
}
