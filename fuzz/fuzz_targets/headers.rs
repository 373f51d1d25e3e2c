#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| svara_server::fuzzing::headers(bytes));
