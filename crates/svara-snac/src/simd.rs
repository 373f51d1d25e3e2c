//! The processor's vector unit, and how code gets compiled for each.

use std::fmt;

use pulp::{Arch, Simd, WithSimd};

/// A vector unit of this processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VectorUnit(Arch);

impl VectorUnit {
    /// The best that this processor has.
    pub(crate) fn best() -> Self {
        Self(Arch::new())
    }

    /// All that this processor has, the best first.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        all.extend(
            [pulp::x86::V4::try_new().map(Arch::V4), pulp::x86::V3::try_new().map(Arch::V3)]
                .into_iter()
                .flatten(),
        );
        #[cfg(target_arch = "aarch64")]
        all.extend(pulp::aarch64::Neon::try_new().map(Arch::Neon));
        all.push(Arch::Scalar);
        all.into_iter().map(Self).collect()
    }

    /// Whether it has vectors at all: without them, ONNX Runtime is several times faster.
    pub(crate) fn has_vectors(self) -> bool {
        !matches!(self.0, Arch::Scalar)
    }

    /// Columns in a panel of a matrix; see `native/product.rs`. Channels are filled up with zeros to a multiple of it.
    pub(crate) fn panel_width(self) -> usize {
        struct Width;
        impl WithSimd for Width {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> usize {
                panel_vectors::<S>() * S::F32_LANES
            }
        }
        self.0.dispatch(Width)
    }

    /// Floats in a vector.
    pub(crate) fn lanes(self) -> usize {
        struct Lanes;
        impl WithSimd for Lanes {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> usize {
                S::F32_LANES
            }
        }
        self.0.dispatch(Lanes)
    }

    /// Runs code that was compiled for this unit.
    pub(crate) fn run(self, kernel: impl Kernel) {
        self.0.dispatch(ForUnit(kernel));
    }
}

impl fmt::Display for VectorUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(_) => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Arch::V3(_) => "AVX2",
            #[cfg(target_arch = "aarch64")]
            Arch::Neon(_) => "NEON",
            _ => "no vectors",
        })
    }
}

/// Code that is compiled once for each vector unit. All that it calls must be inlined into it: a function of its own
/// would be compiled for the oldest processor.
pub(crate) trait Kernel {
    /// `NV` is the number of vectors in a panel.
    fn run<S: Simd, const NV: usize>(self, s: S);
}

struct ForUnit<K>(K);

impl<K: Kernel> WithSimd for ForUnit<K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        // One of the branches is gone after compilation.
        if panel_vectors::<S>() == 4 { self.0.run::<S, 4>(s) } else { self.0.run::<S, 2>(s) }
    }
}

/// Vectors in a row of a panel: with six rows they are 24 accumulators of AVX-512's and NEON's 32 registers, or 12 of
/// AVX2's 16.
const fn panel_vectors<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 4 } else { 2 }
}
