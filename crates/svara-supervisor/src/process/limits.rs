//! Limits that the system may not grant.

use std::fmt;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};

use crate::config::Limits;

/// A limit that can't be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its key, as in `limits.nproc`.
    pub key: &'static str,
    /// What it limits.
    what: &'static str,
    wanted: u64,
    hard: u64,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number =
            |number: u64| if number == RLIM_INFINITY { "unlimited".to_owned() } else { number.to_string() };
        let Self { what, wanted, hard, .. } = self;
        let (wanted, hard) = (number(*wanted), number(*hard));
        write!(
            f,
            "runs with {hard} {what}, the container's hard limit, instead of {wanted}: the supervisor may not raise it"
        )
    }
}

/// Makes sure that a child may have these limits, by raising our own hard limits where they are lower. Where that isn't
/// allowed, `limits` gets the hard limit.
pub fn attain(limits: &mut Limits) -> Vec<Refused> {
    let all = [
        ("limits.nofile", "open files", Resource::RLIMIT_NOFILE, &mut limits.nofile),
        ("limits.nproc", "processes of its user", Resource::RLIMIT_NPROC, &mut limits.nproc),
        ("limits.core", "bytes of a core file", Resource::RLIMIT_CORE, &mut limits.core_bytes),
        ("limits.memlock", "bytes of locked memory", Resource::RLIMIT_MEMLOCK, &mut limits.memlock_bytes),
    ];
    let mut refused = Vec::new();
    for (key, what, resource, limit) in all {
        if let Some(wanted) = *limit
            && let Err(hard) = raise(resource, wanted)
        {
            *limit = Some(hard);
            refused.push(Refused { key, what, wanted, hard });
        }
    }
    refused
}

fn raise(resource: Resource, wanted: u64) -> Result<(), u64> {
    let Ok((soft, hard)) = getrlimit(resource) else { return Ok(()) };
    if wanted <= hard {
        return Ok(());
    }
    setrlimit(resource, soft, wanted).map_err(|_| hard)
}
