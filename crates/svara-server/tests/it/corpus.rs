//! Replays what fuzzers found, through the functions that they call.

use std::{fs, time::Instant};

use svara_server::fuzzing::TARGETS;
use svara_testkit::models;

/// There to end a hang: all takes a few seconds.
const LONGEST_SECONDS: u64 = 10;

#[test]
fn the_corpus_of_the_fuzzers_does_no_harm() {
    let corpus = models::workspace().join("fuzz/corpus");
    for (name, target) in TARGETS {
        let mut files: Vec<_> =
            fs::read_dir(corpus.join(name)).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 5, "{name} has {} inputs", files.len());
        for file in files {
            let start = Instant::now();
            target(&fs::read(&file).unwrap());
            assert!(start.elapsed().as_secs() < LONGEST_SECONDS, "{}: {:?}", file.display(), start.elapsed());
        }
    }
    let folders =
        fs::read_dir(&corpus).unwrap().map(|folder| folder.unwrap().file_name().into_string().unwrap());
    for folder in folders {
        assert!(TARGETS.iter().any(|(name, _)| *name == folder), "no target reads {folder}");
        let target = corpus.with_file_name("fuzz_targets").join(format!("{folder}.rs"));
        assert!(target.is_file(), "{} is missing", target.display());
    }
}
