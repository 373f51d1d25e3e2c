//! PCM types and output encoders.
