//! The stream decoder on a CPU, without ONNX Runtime: 0.4 times its time.
//!
//! * [`product`]: the matrix product; [`snake`]: the activation;
//! * [`affine`], [`depthwise`], [`residual`], [`ends`]: the layers, each in one pass over its signal;
//! * [`net`]: all of them in order; [`load`]: from a model file's weights to that.
//!
//! A sample is the same to the last bit however its stream is cut into calls, whatever other streams share them, and on
//! whichever thread: each element is a fixed chain of operations on its own inputs. Only another vector unit rounds
//! differently. The lint against indexing holds here, too: what a loop may touch, its iterators say.

mod affine;
mod buffer;
mod depthwise;
mod ends;
mod load;
mod net;
mod product;
mod residual;
mod snake;

#[cfg(test)]
mod tests;

pub(crate) use load::Unfit;
pub(crate) use net::{Buffers, Chunk, Net};
