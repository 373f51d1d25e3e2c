//! Sine, cosine and Snake of vectors, for native code and for the operators for ONNX Runtime.

mod sine;
mod snake;

pub(crate) use sine::{cosine, sine};
pub(crate) use snake::snake;
