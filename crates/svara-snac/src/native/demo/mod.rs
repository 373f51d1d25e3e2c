//! The codec of the demo voice on a CPU, without ONNX Runtime: what `scripts/demo_codec/network.py` describes.
//!
//! * [`curves`]: the functions of single elements; [`signal`], [`layers`] and [`norm`]: what both directions are made of;
//! * [`decoder`]: codes to samples by an inverse Fourier transform; [`encoder`]: samples to codes by a Fourier transform,
//!   and [`quantizer`], which picks the codes;
//! * [`load`], [`load_decoder`], [`load_encoder`]: from the weights of `models/demo` to both of them.
//!
//! It has no state: the decoder takes windows of frames, as [`plan`](crate::decode) cuts them for plain graphs, and computes
//! what the samples to keep depend on. As in all native code, each element is a fixed chain of operations on its own inputs, so
//! these samples are the same bits whatever the window is.

mod curves;
mod decoder;
mod encoder;
mod layers;
mod load;
mod load_decoder;
mod load_encoder;
mod norm;
mod quantizer;
mod signal;

#[cfg(test)]
mod tests;

pub(crate) use decoder::{DecoderBuffers, DemoDecoder};
pub(crate) use encoder::{DemoEncoder, EncoderBuffers};
pub(crate) use load::is_demo_codec;
