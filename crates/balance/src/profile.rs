//! Profiles: what HAProxy's versions do differently, as data in one place.

/// A version whose decisions are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HAProxy 2.2
    V2_2,
    /// HAProxy 2.6
    #[default]
    V2_6,
    /// HAProxy 3.4
    V3_4,
}

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::V2_2, Self::V2_6, Self::V3_4];

    /// `2.2`, `2.6`, `3.4`
    pub fn name(self) -> &'static str {
        match self {
            Self::V2_2 => "2.2",
            Self::V2_6 => "2.6",
            Self::V3_4 => "3.4",
        }
    }

    /// The version called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.name() == name)
    }
}

/// The switches of one version. Every difference in behaviour reads one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The version it describes.
    pub version: Version,
}

impl Default for Profile {
    fn default() -> Self {
        Self::of(Version::default())
    }
}

impl Profile {
    /// The profile of `version`.
    pub const fn of(version: Version) -> Self {
        Self { version }
    }
}
