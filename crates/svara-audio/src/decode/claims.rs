//! What an MP4 file claims about itself, against its size.

/// The head of a box: its size and its name.
const HEAD_BYTES: usize = 8;
/// A size of 1 says that 8 more bytes hold it.
const LARGE: u32 = 1;
/// A size of 0 says that the box reaches to the end of the file.
const TO_THE_END: u32 = 0;
/// The smallest run of samples: its head, its flags, and how many samples it has.
const SMALLEST_RUN_BYTES: u32 = 16;

/// Whether the fragments of an MP4 file claim more samples than the file has bytes. The demuxer walks through all that is
/// claimed before it reads any, and 16 bytes can claim four billion.
///
/// Every place that can be read as a run counts, whatever box it is in, so that nothing rests on both readers agreeing
/// where boxes begin.
pub(super) fn too_many_samples(bytes: &[u8]) -> bool {
    if !bytes.windows(4).any(|name| name == b"moof") {
        return false;
    }
    let runs = bytes.windows(4).enumerate().filter(|(_, name)| name == b"trun");
    let claimed: u64 = runs.filter_map(|(at, _)| samples_of_run(bytes, at)).map(u64::from).sum();
    claimed > bytes.len() as u64
}

/// The samples that the run claims whose name is at `at`; none if no run can be there.
fn samples_of_run(bytes: &[u8], at: usize) -> Option<u32> {
    let number = |at: usize| {
        let bytes: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    };
    let start = at.checked_sub(HEAD_BYTES / 2)?;
    let size = number(start)?;
    // Behind the name stand the larger size, if there is one, and the flags.
    let count_at = at + 4 + if size == LARGE { 8 } else { 0 } + 4;
    let possible = matches!(size, LARGE | TO_THE_END)
        || (size >= SMALLEST_RUN_BYTES && size as usize <= bytes.len().saturating_sub(start));
    if possible { number(count_at) } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(size: u32, samples: u32) -> Vec<u8> {
        let mut run = size.to_be_bytes().to_vec();
        run.extend(b"trun");
        if size == LARGE {
            run.extend(24u64.to_be_bytes());
        }
        run.extend([0; 4]);
        run.extend(samples.to_be_bytes());
        run
    }

    fn file(runs: &[Vec<u8>]) -> Vec<u8> {
        [b"\0\0\0\x08ftyp\0\0\0\x10moof\0\0\0\x08traf".to_vec(), runs.concat()].concat()
    }

    #[test]
    fn a_run_of_more_samples_than_bytes_is_seen() {
        for size in [SMALLEST_RUN_BYTES, TO_THE_END, LARGE] {
            assert!(too_many_samples(&file(&[run(size, u32::MAX)])), "{size}");
            assert!(!too_many_samples(&file(&[run(size, 20)])), "{size}");
        }
        // Many small claims are a large one.
        assert!(too_many_samples(&file(&vec![run(16, 40); 100])));
        assert!(!too_many_samples(&file(&vec![run(16, 10); 100])));
        // The name by chance, in sound or in another container.
        assert!(!too_many_samples(&file(&[run(u32::MAX, u32::MAX)])));
        assert!(!too_many_samples(&run(16, u32::MAX)));
        assert!(!too_many_samples(b"moof trun"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(pieces in prop::collection::vec(prop_oneof![
            Just(b"trun".to_vec()), Just(b"moof".to_vec()), prop::collection::vec(any::<u8>(), 0..12),
        ], 0..20)) {
            let _ = too_many_samples(&pieces.concat());
        }
    }
}
