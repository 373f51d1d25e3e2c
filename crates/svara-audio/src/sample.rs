/// 1.5·2²³: an `f32` this large has no fraction bits, so adding it rounds to the nearest integer (ties to even) and
/// leaves that integer, in two's complement, in the low bits.
const ROUND: f32 = 12_582_912.0;

/// Converts a sample of full scale ±1.0 to signed 16 bits: rounded to nearest, saturated; NaN becomes silence.
///
/// The scale is 2¹⁵, which decoders divide by, so 16-bit audio comes through unchanged.
#[inline]
#[must_use]
pub fn f32_to_s16(sample: f32) -> i16 {
    // Baseline x86-64 has an instruction neither for `f32::round` nor for a saturating float-to-integer cast; with them
    // the loop below isn't vectorized and takes three times as long.
    let scaled = if sample.is_nan() { 0.0 } else { sample * 32_768.0 };
    (scaled.clamp(-32_768.0, 32_767.0) + ROUND).to_bits() as i16
}

/// [`f32_to_s16`] for slices, up to the shorter one's length. The compiler vectorizes this loop.
pub fn f32_to_s16_slice(samples: &[f32], out: &mut [i16]) {
    for (sample, out) in samples.iter().zip(out) {
        *out = f32_to_s16(*sample);
    }
}

/// Appends `samples` as signed 16-bit little-endian PCM.
pub(crate) fn extend_s16_le(samples: &[i16], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + samples.len() * 2, 0);
    let (_, appended) = out.split_at_mut(start);
    let (pairs, _) = appended.as_chunks_mut::<2>();
    for (sample, pair) in samples.iter().zip(pairs) {
        *pair = sample.to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ends_saturate_and_nan_is_silence() {
        assert_eq!(f32_to_s16(0.0), 0);
        assert_eq!(f32_to_s16(-1.0), i16::MIN);
        assert_eq!(f32_to_s16(1.0), i16::MAX);
        assert_eq!(f32_to_s16(32_767.4 / 32_768.0), 32_767);
        assert_eq!(f32_to_s16(f32::MAX), i16::MAX);
        assert_eq!(f32_to_s16(f32::INFINITY), i16::MAX);
        assert_eq!(f32_to_s16(f32::NEG_INFINITY), i16::MIN);
        assert_eq!(f32_to_s16(f32::NAN), 0);
        assert_eq!(f32_to_s16(-f32::NAN), 0);
        assert_eq!(f32_to_s16(f32::MIN_POSITIVE), 0);
    }

    #[test]
    fn every_16_bit_value_comes_through_unchanged() {
        for value in i16::MIN..=i16::MAX {
            assert_eq!(f32_to_s16(f32::from(value) / 32_768.0), value);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_definition(bits: u32) {
            let sample = f32::from_bits(bits);
            let plain = (sample * 32_768.0).round_ties_even().clamp(-32_768.0, 32_767.0);
            prop_assert_eq!(f32_to_s16(sample), if sample.is_nan() { 0 } else { plain as i16 });
        }

        #[test]
        fn slices_and_bytes_agree_with_single_samples(samples in proptest::collection::vec(-1.5f32..1.5, 0..300)) {
            let single: Vec<i16> = samples.iter().map(|s| f32_to_s16(*s)).collect();
            let mut slice = vec![0; samples.len()];
            f32_to_s16_slice(&samples, &mut slice);
            prop_assert_eq!(&slice, &single);

            let mut bytes = vec![7, 7, 7];
            extend_s16_le(&single, &mut bytes);
            let expected: Vec<u8> = single.iter().flat_map(|s| s.to_le_bytes()).collect();
            prop_assert_eq!(&bytes[..3], &[7, 7, 7]);
            prop_assert_eq!(&bytes[3..], &expected[..]);
        }
    }
}
