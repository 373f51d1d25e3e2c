//! The speed of normalization on one thread, and the time for a megabyte of each pattern that could make it slow.
//!
//! ```text
//! cargo bench -p svara-text --bench normalize
//! ```

use std::{hint::black_box, sync::LazyLock, time::Instant};

use svara_text::{Language, normalize};

/// Text as people write it in India: Hindi and English, with a number or sign in most sentences.
const MIXED: &str = "\
कल शाम 7:30 बजे Zoom पर meeting है, please समय पर join करें। पिछले साल हमने ₹2.5 लाख का target पूरा किया था, \
और इस बार company ने उसे बढ़ाकर ₹5 लाख कर दिया है। The report says that sales grew by 12% in the last quarter. \
अगर कोई सवाल हो तो मुझे 98765 43210 पर call करें या info@example.com पर लिखें। मौसम विभाग के अनुसार आज का तापमान 32°C रहेगा, \
बारिश की संभावना कम है। डॉ. शर्मा ने बताया कि अस्पताल में नए bed जोड़े जाएँगे। Students should submit their forms before \
15 August 2024, late fees will be charged after that. यह किताब बहुत अच्छी है और मैंने इसे दो बार पढ़ा है। ";

const HOSTILE: [&str; 34] = [
    "1",
    "9",
    "1,22,",
    "1.",
    "1-",
    "1/",
    "1:",
    "1 ",
    "12:",
    "₹1 ",
    "+91 ",
    "1/2/",
    "a.a@",
    "a@",
    "www.",
    "<",
    "<a",
    "15 August ",
    "Jan ",
    "1950 में ",
    "OTP ",
    "OTP 1 ",
    "A",
    "IT ",
    "XL ",
    "Dr.",
    "डॉ.",
    "ई.",
    "½",
    "1=",
    "x",
    "(1",
    "क",
    "1क ",
];

const MEGABYTE: usize = 1_000_000;

fn main() {
    let text = MIXED.repeat(2 * MEGABYTE / MIXED.len());
    for language in [Language::Hindi, Language::English, Language::Tamil] {
        let fastest = (0..5).map(|_| seconds(&text, language)).fold(f64::INFINITY, f64::min);
        println!("{language}: {:.1} MB/s on mixed text", text.len() as f64 / 1e6 / fastest);
    }
    for pattern in HOSTILE {
        let text = pattern.repeat(MEGABYTE / pattern.len());
        let took = seconds(&text, Language::Hindi).max(seconds(&text, Language::English));
        println!("{took:.2} s for a megabyte of {pattern:?}");
    }
}

/// The processor time that it takes: other work on the machine doesn't count.
fn seconds(text: &str, language: Language) -> f64 {
    let start = now();
    black_box(normalize(black_box(text), language));
    now() - start
}

/// The processor time of this thread so far, or the time of the clock where there is none.
fn now() -> f64 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ns = schedstat.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    ns.map_or_else(|| START.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);
