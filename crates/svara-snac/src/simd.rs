//! The processor's vector unit, and how code gets compiled for each.

use std::{fmt, str::FromStr};

use pulp::{Arch, Simd, WithSimd};

/// The processor's vectors that the server's own code uses: `auto`, `avx512`, `avx2`, `neon` or `none`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vectors {
    /// The best that the processor has.
    #[default]
    Auto,
    /// AVX-512.
    Avx512,
    /// AVX2 with FMA.
    Avx2,
    /// NEON.
    Neon,
    /// None: portable code, several times slower.
    None,
}

/// Text that doesn't name vectors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown vectors {0:?}: expected auto, avx512, avx2, neon or none")]
pub struct UnknownVectors(String);

impl FromStr for Vectors {
    type Err = UnknownVectors;

    fn from_str(text: &str) -> Result<Self, UnknownVectors> {
        match text.to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "avx512" => Ok(Self::Avx512),
            "avx2" => Ok(Self::Avx2),
            "neon" => Ok(Self::Neon),
            "none" => Ok(Self::None),
            _ => Err(UnknownVectors(text.to_owned())),
        }
    }
}

impl fmt::Display for Vectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::None => "none",
        })
    }
}

/// A vector unit of this processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VectorUnit(Arch);

impl VectorUnit {
    /// The best that this processor has.
    pub(crate) fn best() -> Self {
        Self(Arch::new())
    }

    /// The unit with these vectors; `None` if this processor doesn't have it.
    pub(crate) fn with(vectors: Vectors) -> Option<Self> {
        if vectors == Vectors::Auto {
            return Some(Self::best());
        }
        Self::all().into_iter().find(|unit| unit.vectors() == vectors)
    }

    /// All that this processor has, the best first.
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

    fn vectors(self) -> Vectors {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(_) => Vectors::Avx512,
            #[cfg(target_arch = "x86_64")]
            Arch::V3(_) => Vectors::Avx2,
            #[cfg(target_arch = "aarch64")]
            Arch::Neon(_) => Vectors::Neon,
            _ => Vectors::None,
        }
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
        f.write_str(match self.vectors() {
            Vectors::Avx512 => "AVX-512",
            Vectors::Avx2 => "AVX2",
            Vectors::Neon => "NEON",
            Vectors::Auto | Vectors::None => "no vectors",
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The tests of vector units run on those of the processor: this one must be among them.
    #[test]
    #[cfg(target_arch = "aarch64")]
    fn has_neon() {
        assert!(VectorUnit::with(Vectors::Neon).is_some_and(VectorUnit::has_vectors));
    }

    #[test]
    fn each_unit_is_found_by_its_name() {
        for unit in VectorUnit::all() {
            let name = unit.vectors().to_string();
            let found = VectorUnit::with(name.parse().unwrap()).unwrap();
            assert_eq!(found.to_string(), unit.to_string());
        }
        assert_eq!(VectorUnit::with(Vectors::Auto).unwrap().to_string(), VectorUnit::best().to_string());
        let other = if cfg!(target_arch = "aarch64") { "avx2" } else { "NEON" };
        assert!(VectorUnit::with(other.parse().unwrap()).is_none());
        assert!("sse".parse::<Vectors>().unwrap_err().to_string().contains("avx512"));
    }
}
