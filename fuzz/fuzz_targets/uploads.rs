#![no_main]

// `decode_upload` makes an error of a decoder's panic; libFuzzer's hook would end the process before that.
libfuzzer_sys::fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |bytes: &[u8]| {
    svara_server::fuzzing::uploads(bytes);
});
