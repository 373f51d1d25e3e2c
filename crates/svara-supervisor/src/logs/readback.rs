//! The last lines of a log, from its file and the rotated ones before it.

use std::{
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    thread,
    time::Duration,
};

use tokio::sync::oneshot;

use super::writer::{Logs, Snapshot};

/// How much is read at once.
const BLOCK_BYTES: u64 = 64 << 10;

/// Longest answer, so that no question fills the memory.
const MAX_BYTES: usize = 16 << 20;

/// How long to wait for a busy disk.
const PATIENCE: Duration = Duration::from_secs(3);

/// The last `count` lines of a log that `keep` keeps, with what was queued before; `None` if the disk doesn't answer in
/// time.
pub async fn last_lines<T: Send + 'static>(
    logs: &Logs,
    path: &Path,
    count: usize,
    keep: impl Fn(&str) -> Option<T> + Send + 'static,
) -> Option<Vec<T>> {
    let files = logs.look(path, PATIENCE).await?;
    let (tell, read) = oneshot::channel();
    let work = move || {
        let _ = tell.send(read_back(files, count, keep));
    };
    thread::Builder::new().name("log-reader".into()).spawn(work).ok()?;
    tokio::time::timeout(PATIENCE, read).await.ok()?.ok()?.ok()
}

/// Reads blocks from the end, newest file first, until there are enough lines.
fn read_back<T>(files: Snapshot, count: usize, keep: impl Fn(&str) -> Option<T>) -> io::Result<Vec<T>> {
    let mut kept = Vec::new();
    let mut bytes = 0;
    'files: for (mut file, length) in files {
        let mut end = length;
        // The end of a line that begins in the block before.
        let mut cut: Vec<u8> = Vec::new();
        while end > 0 {
            if kept.len() >= count || bytes >= MAX_BYTES {
                break 'files;
            }
            let start = end.saturating_sub(BLOCK_BYTES);
            let mut block = vec![0; usize::try_from(end - start).map_err(io::Error::other)?];
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut block)?;
            bytes += block.len();
            block.append(&mut cut);
            // At the start of the file, nothing is cut.
            let first = match block.iter().position(|byte| *byte == b'\n') {
                _ if start == 0 => 0,
                Some(newline) => newline + 1,
                None => block.len(),
            };
            let whole = block.split_off(first);
            cut = block;
            end = start;
            let whole = String::from_utf8_lossy(&whole);
            let missing = count - kept.len();
            kept.extend(whole.lines().rev().filter_map(&keep).take(missing));
        }
    }
    kept.reverse();
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn lines_come_from_as_many_files_as_it_takes() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, lines: std::ops::Range<u32>| {
            let path = directory.path().join(name);
            std::fs::write(&path, lines.map(|n| format!("line {n}\n")).collect::<String>()).unwrap();
            let length = std::fs::metadata(&path).unwrap().len();
            (File::open(path).unwrap(), length)
        };
        let files = || vec![file("a", 20_000..20_003), file("a.1", 10_000..20_000), file("a.2", 0..10_000)];
        for count in [0, 1, 3, 4, 10_003, 10_004, 20_003, 50_000] {
            let lines = read_back(files(), count, |line| Some(line.to_owned())).unwrap();
            let first = 20_003_usize.saturating_sub(count);
            let expected: Vec<String> = (first..20_003).map(|n| format!("line {n}")).collect();
            assert_eq!(lines, expected, "{count}");
        }
    }

    #[test]
    fn lines_longer_than_a_block_and_lines_that_are_not_wanted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let long = "न".repeat(60_000);
        std::fs::write(&path, format!("first\n{long}\nskip\n{long}\nlast\n")).unwrap();
        let length = std::fs::metadata(&path).unwrap().len();
        let files = || vec![(File::open(&path).unwrap(), length)];
        let keep = |line: &str| Some(line.to_owned()).filter(|line| line != "skip");
        assert_eq!(read_back(files(), 3, keep).unwrap(), [long.clone(), long.clone(), "last".into()]);
        assert_eq!(read_back(files(), 9, keep).unwrap(), ["first".into(), long.clone(), long, "last".into()]);
    }
}
