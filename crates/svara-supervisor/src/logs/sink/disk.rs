//! The part of a spool that is on disk: files of whole lines, read in the order in which they were written.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// A file that would grow beyond this is followed by another; those that were read are removed.
const SEGMENT_BYTES: u64 = 256 << 10;

/// The number of the first file, so that there is room before it.
const FIRST: u64 = 1 << 32;

/// Files `NUMBER.spool` in a directory of their own.
#[derive(Debug)]
pub(super) struct Disk {
    directory: PathBuf,
    segments: VecDeque<Segment>,
    /// The newest one, while it is open.
    newest: Option<File>,
    /// How much of the oldest one was read.
    read_bytes: u64,
}

#[derive(Debug)]
struct Segment {
    number: u64,
    bytes: u64,
}

impl Disk {
    /// Nothing yet.
    pub(super) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), segments: VecDeque::new(), newest: None, read_bytes: 0 }
    }

    /// Takes over what an earlier supervisor has left; what isn't a whole line at the end of a file was never written.
    ///
    /// # Errors
    /// When the directory is there and can't be read.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        let mut segments = Vec::new();
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::new(directory)),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let path = entry?.path();
            let is_ours = path.extension().is_some_and(|extension| extension == "spool");
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            if let (true, Some(number)) = (is_ours, number) {
                let bytes = fs::metadata(&path)?.len();
                segments.push(Segment { number, bytes });
            }
        }
        segments.sort_by_key(|segment| segment.number);
        Ok(Self { segments: segments.into(), ..Self::new(directory) })
    }

    fn path(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{number:020}.spool"))
    }

    /// Whether everything was read.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes() == 0
    }

    /// Bytes that weren't read yet.
    pub(super) fn bytes(&self) -> u64 {
        let all: u64 = self.segments.iter().map(|segment| segment.bytes).sum();
        all.saturating_sub(self.read_bytes)
    }

    /// Writes whole lines at the end.
    ///
    /// # Errors
    /// When the disk doesn't take all of them; then it has none of them.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let last = self.segments.back().map(|segment| (segment.number, segment.bytes));
        let mut number = match last {
            Some((number, bytes)) if bytes < SEGMENT_BYTES && self.newest.is_some() => number,
            Some((number, _)) => number + 1,
            None => FIRST,
        };
        if last.is_none_or(|(last, _)| last != number) {
            fs::create_dir_all(&self.directory)?;
            self.newest = Some(loop {
                match OpenOptions::new().append(true).create_new(true).open(self.path(number)) {
                    // Of an earlier supervisor, when it couldn't be read: the next one finds it.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                    opened => break opened?,
                }
            });
            self.segments.push_back(Segment { number, bytes: 0 });
        }
        let (Some(file), Some(segment)) = (&mut self.newest, self.segments.back_mut()) else { return Ok(()) };
        let written = file.write_all(lines);
        match written {
            Ok(()) => segment.bytes += lines.len() as u64,
            // Without the torn line, the rest stays readable.
            Err(_) => drop(file.set_len(segment.bytes)),
        }
        written
    }

    /// The next lines, about as many bytes as this. The file they come from stays until the next call.
    ///
    /// # Errors
    /// When a file can't be read; it is left out then, and the number of its bytes is told.
    pub(super) fn next(&mut self, about_bytes: usize) -> Result<Vec<Vec<u8>>, (u64, io::Error)> {
        while let Some(oldest) = self.segments.front() {
            if self.read_bytes >= oldest.bytes {
                self.drop_oldest();
                continue;
            }
            return match self.read(about_bytes) {
                Ok(lines) if lines.is_empty() => {
                    // The end of a torn line.
                    self.drop_oldest();
                    continue;
                }
                Ok(lines) => Ok(lines),
                Err(error) => {
                    let lost = self.segments.front().map_or(0, |oldest| oldest.bytes - self.read_bytes);
                    self.drop_oldest();
                    Err((lost, error))
                }
            };
        }
        Ok(Vec::new())
    }

    /// Removes what was read, once it is known to have arrived.
    pub(super) fn forget_read(&mut self) {
        while self.segments.front().is_some_and(|oldest| self.read_bytes >= oldest.bytes) {
            self.drop_oldest();
        }
    }

    fn read(&mut self, about_bytes: usize) -> io::Result<Vec<Vec<u8>>> {
        let Some(oldest) = self.segments.front() else { return Ok(Vec::new()) };
        let mut file = File::open(self.path(oldest.number))?;
        file.seek(SeekFrom::Start(self.read_bytes))?;
        let (mut reader, mut lines, mut bytes) = (BufReader::new(file), Vec::new(), 0);
        while bytes < about_bytes {
            let mut line = Vec::new();
            let read = reader.read_until(b'\n', &mut line)?;
            if line.pop() != Some(b'\n') {
                break;
            }
            bytes += read;
            lines.push(line);
        }
        self.read_bytes += bytes as u64;
        Ok(lines)
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.segments.pop_front() else { return };
        self.read_bytes = 0;
        if self.segments.is_empty() {
            self.newest = None;
        }
        // Gone already, or stays behind as a copy.
        let _ = fs::remove_file(self.path(oldest.number));
    }

    /// Puts lines before all others, for the next supervisor; and the rest of a file that was read in part with them.
    ///
    /// # Errors
    /// When the disk doesn't take them.
    pub(super) fn put_back(&mut self, mut lines: Vec<u8>) -> io::Result<()> {
        self.forget_read();
        let oldest = self.segments.front().map(|segment| segment.number);
        if let Some(number) = oldest.filter(|_| self.read_bytes > 0) {
            let mut file = File::open(self.path(number))?;
            file.seek(SeekFrom::Start(self.read_bytes))?;
            io::copy(&mut file, &mut lines)?;
        }
        if lines.is_empty() {
            return Ok(());
        }
        fs::create_dir_all(&self.directory)?;
        let mut number = oldest.unwrap_or(FIRST + 1) - 1;
        // As in `append`.
        while number > 0 && self.path(number).exists() {
            number -= 1;
        }
        fs::write(self.path(number), &lines)?;
        if self.read_bytes > 0 {
            self.drop_oldest();
        }
        self.segments.push_front(Segment { number, bytes: lines.len() as u64 });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_that_cannot_be_read_is_an_error_and_none_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Disk::open(&directory.path().join("none")).unwrap().is_empty());
        // No directory, as root may read every other one.
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(Disk::open(&file).unwrap_err().kind(), io::ErrorKind::NotADirectory);
    }

    #[test]
    fn lines_go_beside_what_could_not_be_read() {
        let directory = tempfile::tempdir().unwrap();
        let mut earlier = Disk::open(directory.path()).unwrap();
        earlier.append(b"old\n").unwrap();
        let mut unread = Disk::new(directory.path());
        unread.append(b"new\n").unwrap();
        let mut closing = Disk::new(directory.path());
        closing.put_back(b"oldest\n".to_vec()).unwrap();
        let mut next = Disk::open(directory.path()).unwrap();
        let mut lines = Vec::new();
        while let Ok(more) = next.next(100)
            && !more.is_empty()
        {
            lines.extend(more);
        }
        assert_eq!(lines, ["oldest", "old", "new"].map(|line| line.as_bytes().to_vec()));
    }
}
