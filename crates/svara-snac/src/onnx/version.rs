//! The version of the ONNX Runtime library.

use std::path::Path;

/// Older libraries record copies out of memory that is used again: their CUDA graphs silently give garbage.
pub(super) const FIRST_WITH_GRAPHS: Version = Version { major: 1, minor: 30 };

/// A library's version, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// That of a library which is loaded already.
    pub(super) fn of(library: &Path) -> Result<Self, String> {
        #[expect(unsafe_code, reason = "ort doesn't say which version it has loaded")]
        // SAFETY: the library is loaded, so its initializers have run. `OrtGetApiBase` has this type in all versions, and
        // its strings live as long as the library.
        let text = unsafe {
            let library = libloading::Library::new(library).map_err(|error| error.to_string())?;
            let base = library
                .get::<unsafe extern "C" fn() -> *const ort::sys::OrtApiBase>(b"OrtGetApiBase")
                .map_err(|error| error.to_string())?();
            let base = base.as_ref().ok_or("it has no API")?;
            std::ffi::CStr::from_ptr((base.GetVersionString)()).to_string_lossy().into_owned()
        };
        Self::parse(&text).ok_or_else(|| format!("its version is {text:?}"))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|number| number.parse().ok());
        Some(Self { major: numbers.next()??, minor: numbers.next()?? })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use svara_testkit::models;

    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("1.28.0") < FIRST_WITH_GRAPHS && version("1.9.1") < FIRST_WITH_GRAPHS);
        assert!(version("1.30.0") >= FIRST_WITH_GRAPHS && version("2.0") > FIRST_WITH_GRAPHS);
        assert!(Version::parse("unknown").is_none());
    }

    #[test]
    fn a_library_says_its_version() {
        let library = models::onnxruntime_dir().join("libonnxruntime.so").canonicalize().unwrap();
        let version = Version::of(&library).unwrap();
        assert!(library.to_string_lossy().contains(&format!(".so.{version}.")), "{version}");
    }
}
