//! Assembles token ids into frames, and realigns when the model misplaces a token.

use crate::{FRAME_CODES, Frame, TokenLayout};

/// Gathers audio tokens into [`Frame`]s.
///
/// An audio token's id says which slot it belongs to, so a misplaced token is always detected: the partial frame is
/// dropped and the next frame starts at the next slot 0. Tokens that aren't audio are skipped and leave the frame
/// untouched. [`FrameAssembler::stats`] counts what was dropped.
///
/// One assembler serves one stream; nothing is shared.
#[derive(Clone, Debug)]
pub struct FrameAssembler {
    layout: TokenLayout,
    partial: [u16; FRAME_CODES],
    filled: usize,
    stats: AssemblerStats,
}

/// Counts of what an assembler has seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssemblerStats {
    /// Complete frames returned.
    pub frames: u64,
    /// Audio tokens dropped to realign.
    pub misaligned_tokens: u64,
    /// Tokens that weren't audio tokens.
    pub foreign_tokens: u64,
}

impl AssemblerStats {
    /// The audio tokens in the frames that were returned.
    pub fn audio_tokens(&self) -> u64 {
        self.frames * FRAME_CODES as u64
    }
}

impl FrameAssembler {
    /// An assembler at the start of a stream.
    pub fn new(layout: TokenLayout) -> Self {
        Self { layout, partial: [0; FRAME_CODES], filled: 0, stats: AssemblerStats::default() }
    }

    /// Takes the next token; returns a frame if this token completes one.
    pub fn push(&mut self, token: u32) -> Option<Frame> {
        let Some((slot, code)) = self.layout.slot_and_code(token) else {
            self.stats.foreign_tokens += 1;
            return None;
        };
        if slot != self.filled {
            self.stats.misaligned_tokens += self.filled as u64;
            self.filled = 0;
            if slot != 0 {
                self.stats.misaligned_tokens += 1;
                return None;
            }
        }
        *self.partial.get_mut(slot)? = code;
        self.filled += 1;
        if self.filled < FRAME_CODES {
            return None;
        }
        self.filled = 0;
        self.stats.frames += 1;
        Some(Frame(self.partial))
    }

    /// Tokens in the incomplete frame; they are lost at the end of a stream.
    pub fn pending_tokens(&self) -> usize {
        self.filled
    }

    /// Counts since the start of the stream.
    pub fn stats(&self) -> AssemblerStats {
        self.stats
    }
}

/// Finds the numbers of `<custom_token_N>` in streamed text, for engines that return text without token ids.
///
/// A chunk may hold several tokens, and a chunk boundary may split a token: a possible start of one is carried over to
/// the next chunk.
#[derive(Clone, Debug, Default)]
pub struct CustomTokenText {
    carry: String,
}

const PREFIX: &str = "<custom_token_";
/// Digits of the largest possible number (u32).
const MAX_DIGITS: usize = 10;

impl CustomTokenText {
    /// Calls `found` with each number in `text`, in order.
    pub fn push(&mut self, text: &str, mut found: impl FnMut(u32)) {
        self.carry.push_str(text);
        let mut rest = self.carry.as_str();
        while let Some(at) = rest.find('<') {
            rest = rest.get(at..).unwrap_or("");
            match parse_token(rest) {
                Parsed::Token { number, length } => {
                    found(number);
                    rest = rest.get(length..).unwrap_or("");
                }
                Parsed::Incomplete => {
                    self.carry = rest.to_owned();
                    return;
                }
                Parsed::Other => rest = rest.get(1..).unwrap_or(""),
            }
        }
        self.carry.clear();
    }
}

enum Parsed {
    Token { number: u32, length: usize },
    Incomplete,
    Other,
}

/// Parses the start of `text`, which begins with `<`.
fn parse_token(text: &str) -> Parsed {
    let Some(rest) = text.strip_prefix(PREFIX) else {
        return if PREFIX.starts_with(text) { Parsed::Incomplete } else { Parsed::Other };
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits > MAX_DIGITS {
        return Parsed::Other;
    }
    if digits == rest.len() {
        return Parsed::Incomplete;
    }
    match rest.get(..digits).and_then(|number| number.parse().ok()) {
        Some(number) if rest.as_bytes().get(digits) == Some(&b'>') => {
            Parsed::Token { number, length: PREFIX.len() + digits + 1 }
        }
        _ => Parsed::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens_of(frame: Frame) -> Vec<u32> {
        let layout = TokenLayout::default();
        frame.0.iter().enumerate().map(|(slot, code)| layout.token(slot, *code).unwrap()).collect()
    }

    fn assemble(tokens: impl IntoIterator<Item = u32>) -> (Vec<Frame>, FrameAssembler) {
        let mut assembler = FrameAssembler::new(TokenLayout::default());
        let frames = tokens.into_iter().filter_map(|token| assembler.push(token)).collect();
        (frames, assembler)
    }

    #[test]
    fn code_zero_is_a_code() {
        let (frames, _) = assemble(tokens_of(Frame([0; 7])));
        assert_eq!(frames, [Frame([0; 7])]);
    }

    #[test]
    fn resynchronises_at_the_next_slot_zero() {
        let (one, two, three) = (Frame([1; 7]), Frame([2; 7]), Frame([3; 7]));
        let mut tokens = tokens_of(one);
        tokens.extend(&tokens_of(two)[..3]);
        tokens.extend(&tokens_of(two)[4..]); // slot 3 is missing: 3 + 3 tokens are lost
        tokens.extend(tokens_of(three));
        let (frames, assembler) = assemble(tokens);
        assert_eq!(frames, [one, three]);
        assert_eq!(assembler.stats(), AssemblerStats { frames: 2, misaligned_tokens: 6, foreign_tokens: 0 });
        assert_eq!(assembler.stats().audio_tokens(), 14);
    }

    #[test]
    fn a_repeated_slot_zero_starts_the_frame_anew() {
        let mut tokens = vec![tokens_of(Frame([9; 7]))[0]];
        tokens.extend(tokens_of(Frame([5; 7])));
        let (frames, assembler) = assemble(tokens);
        assert_eq!(frames, [Frame([5; 7])]);
        assert_eq!(assembler.stats().misaligned_tokens, 1);
    }

    #[test]
    fn foreign_tokens_do_not_break_the_frame() {
        let mut tokens = tokens_of(Frame([7; 7]));
        tokens.insert(3, 128_258);
        let (frames, assembler) = assemble(tokens);
        assert_eq!(frames, [Frame([7; 7])]);
        assert_eq!(assembler.stats().foreign_tokens, 1);
    }

    fn numbers_in(chunks: &[&str]) -> Vec<u32> {
        let (mut text, mut numbers) = (CustomTokenText::default(), Vec::new());
        chunks.iter().for_each(|chunk| text.push(chunk, |number| numbers.push(number)));
        numbers
    }

    #[test]
    fn text_with_several_tokens_and_other_things() {
        let text = "<custom_token_10> a < b <<custom_token_5><custom_token_x><custom_token_99999999999>";
        assert_eq!(numbers_in(&[text, "<custom_token_7>"]), [10, 5, 7]);
    }

    proptest! {
        #[test]
        fn all_whole_frames_come_out_whatever_lies_between(
            frames in prop::collection::vec(prop::array::uniform7(0u16..4096), 0..20),
            junk in prop::collection::vec(0u32..128_266, 0..10),
        ) {
            let expected: Vec<Frame> = frames.into_iter().map(Frame).collect();
            let tokens: Vec<u32> = expected.iter().flat_map(|frame| {
                junk.iter().copied().chain(tokens_of(*frame))
            }).collect();
            prop_assert_eq!(assemble(tokens).0, expected);
        }

        #[test]
        fn every_token_is_accounted_for(tokens in prop::collection::vec(128_200u32..157_000, 0..200)) {
            let (frames, assembler) = assemble(tokens.clone());
            let stats = assembler.stats();
            let accounted = stats.frames * 7 + stats.misaligned_tokens + stats.foreign_tokens
                + assembler.pending_tokens() as u64;
            prop_assert_eq!(frames.len() as u64, stats.frames);
            prop_assert_eq!(accounted, tokens.len() as u64);
        }

        #[test]
        fn text_may_be_cut_anywhere(numbers in prop::collection::vec(0u32..28_682, 0..12), cuts in prop::collection::vec(0usize..200, 0..8)) {
            let text: String = numbers.iter().map(|n| format!("<custom_token_{n}>")).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (text.len() + 1)).collect();
            cuts.sort_unstable();
            cuts.push(text.len());
            let mut start = 0;
            let chunks: Vec<&str> = cuts.into_iter().map(|end| { let chunk = &text[start..end]; start = end; chunk }).collect();
            prop_assert_eq!(numbers_in(&chunks), numbers);
        }

        #[test]
        fn any_text_is_taken_with_a_bounded_carry(chunks in prop::collection::vec(".{0,40}", 0..8)) {
            let mut text = CustomTokenText::default();
            for chunk in &chunks {
                text.push(chunk, |_| {});
                prop_assert!(text.carry.len() <= PREFIX.len() + MAX_DIGITS);
            }
        }
    }
}
