//! What a path leads to.

use std::{fs, path::Path};

/// More links than the kernel follows.
const MAX_LINKS: usize = 40;

/// Whether the path leads to something that must never be renamed, may block, or has no size: a device, a pipe, a socket,
/// or anything of ours in `/proc`, such as `/dev/stdout`, even if that is a regular file.
pub(crate) fn is_special(path: &Path) -> bool {
    let leads_out =
        |path: &Path| path.starts_with("/dev") && !path.starts_with("/dev/shm") || path.starts_with("/proc");
    // Not canonicalize, which can't name what a link in /proc leads to.
    let mut place = path.to_owned();
    for _ in 0..MAX_LINKS {
        let directory = place.parent().and_then(|parent| fs::canonicalize(parent).ok());
        if leads_out(&place) || directory.as_ref().is_some_and(|directory| leads_out(directory)) {
            return true;
        }
        let Ok(next) = fs::read_link(&place) else { break };
        place = directory.map_or(next.clone(), |directory| directory.join(next));
    }
    fs::metadata(path).is_ok_and(|data| !data.is_file() && !data.is_dir())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn devices_and_pipes_are_special_and_links_are_followed() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let fifo = nix::unistd::mkfifo(&path("fifo"), nix::sys::stat::Mode::S_IRWXU);
        fifo.unwrap();
        std::os::unix::fs::symlink(path("fifo"), path("link")).unwrap();
        fs::write(path("file"), "").unwrap();
        std::os::unix::fs::symlink(path("file"), path("file-link")).unwrap();
        std::os::unix::fs::symlink("/dev/stdout", path("out")).unwrap();
        std::os::unix::fs::symlink("out", path("out-link")).unwrap();
        std::os::unix::fs::symlink("/dev", path("devices")).unwrap();
        let odd = ["fifo", "link", "out", "out-link", "devices/stdout", "devices/new"].map(path);
        let odd = odd.iter().map(PathBuf::as_path);
        for special in odd.chain([Path::new("/dev/null"), Path::new("/dev/stdout")]) {
            assert!(is_special(special), "{}", special.display());
        }
        for plain in [path("file"), path("file-link"), path("absent"), directory.path().to_owned()] {
            assert!(!is_special(&plain), "{}", plain.display());
        }
    }
}
