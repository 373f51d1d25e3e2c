//! What fuzzers call: bytes as an engine may send them.

use svara_snac::TokenLayout;

use crate::source::vllm;

/// The token that ends the speech in the shipped profiles.
const STOP_ID: u32 = 128_258;

/// Reads the body of an engine's answer, cut into two parts: the first byte says where.
pub fn engine_events(bytes: &[u8]) {
    let Some((cut, body)) = bytes.split_first() else { return };
    let at = body.len() * usize::from(*cut) / 256;
    let (first, second) = body.split_at(at);
    vllm::read_all(&[first, second], TokenLayout::default(), vec![STOP_ID]);
}
