//! The stream decoder on a CPU, without ONNX Runtime: 0.4 times its time with AVX-512, 0.6 times with AVX2.
//!
//! * [`product`]: the matrix product; [`snake`]: the activation ([`waves`](crate::waves));
//! * [`affine`], [`depthwise`], [`residual`], [`ends`]: the layers, each in one pass over its signal;
//! * [`embed`]: codes to latents; [`net`]: all of them in order; [`load`]: from a model file's weights to that;
//! * [`demo`]: another codec, that of the demo voice, both ways.
//!
//! A sample is the same to the last bit however its stream is cut into calls, whatever other streams share them, and on
//! whichever thread: each element is a fixed chain of operations on its own inputs. Only another vector unit rounds
//! differently.
//!
//! Nothing here can panic. The lint against indexing holds: what a loop may touch, its iterators say. What slices are divided
//! by is never 0: [`load`] refuses empty weights and fills channels up to whole panels, and [`net`] does nothing without a
//! frame. `damaged.rs` tries it with thousands of files.
//!
//! The cost of each layer is in its documentation, as operations for an element of its output; a fused multiply-add counts
//! as one. [`net`] has the sum.

mod affine;
mod buffer;
mod demo;
mod depthwise;
mod embed;
mod ends;
mod load;
mod net;
mod product;
mod residual;
mod snake;

#[cfg(test)]
mod tests;

pub(crate) use demo::{DecoderBuffers, DemoDecoder, DemoEncoder, EncoderBuffers, is_demo_codec};
pub(crate) use load::Unfit;
pub(crate) use net::{Buffers, Chunk, Net};
