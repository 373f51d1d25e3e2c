//! The gender of a voice.

use serde::{Deserialize, Serialize};

/// The gender of a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gender {
    /// A female voice.
    Female,
    /// A male voice.
    Male,
}

impl Gender {
    /// Parses `female` or `male`, in lower case.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "female" => Some(Self::Female),
            "male" => Some(Self::Male),
            _ => None,
        }
    }

    /// `female` or `male`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
        }
    }

    /// `Female` or `Male`.
    pub fn capitalized(self) -> &'static str {
        match self {
            Self::Female => "Female",
            Self::Male => "Male",
        }
    }
}
