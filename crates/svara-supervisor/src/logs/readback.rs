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

/// The last `count` lines of a log, with what was queued before; `None` if the disk doesn't answer in time.
pub async fn last_lines(logs: &Logs, path: &Path, count: usize) -> Option<Vec<String>> {
    let files = logs.look(path, PATIENCE).await?;
    let (tell, read) = oneshot::channel();
    let work = move || {
        let _ = tell.send(read_back(files, count));
    };
    thread::Builder::new().name("log-reader".into()).spawn(work).ok()?;
    tokio::time::timeout(PATIENCE, read).await.ok()?.ok()?.ok()
}

/// Reads blocks from the end, newest file first, until there are enough lines.
fn read_back(files: Snapshot, count: usize) -> io::Result<Vec<String>> {
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    let (mut newlines, mut bytes) = (0, 0);
    'files: for (mut file, length) in files {
        let mut end = length;
        while end > 0 {
            let start = end.saturating_sub(BLOCK_BYTES);
            let mut block = vec![0; usize::try_from(end - start).map_err(io::Error::other)?];
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut block)?;
            newlines += block.iter().filter(|byte| **byte == b'\n').count();
            bytes += block.len();
            blocks.push(block);
            end = start;
            // One more than wanted, since the first line may be cut.
            if newlines > count || bytes >= MAX_BYTES {
                break 'files;
            }
        }
    }
    blocks.reverse();
    let text = blocks.concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(count);
    Ok(lines.into_iter().skip(first).map(str::to_owned).collect())
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
            let lines = read_back(files(), count).unwrap();
            let first = 20_003_usize.saturating_sub(count);
            let expected: Vec<String> = (first..20_003).map(|n| format!("line {n}")).collect();
            assert_eq!(lines, expected, "{count}");
        }
    }
}
