//! How a language counts: the parts of its number words, and how they join.

/// How the language counts.
#[derive(Clone, Copy)]
pub(crate) struct Numbers {
    pub below_hundred: [&'static str; 100],
    pub above: Above,
}

/// How numbers from 100 on are composed.
#[derive(Clone, Copy)]
pub(crate) enum Above {
    /// The greatest part first: crores, lakhs, thousands, hundreds, the rest.
    Descending(&'static Descending),
    /// The smallest part first, in one compound word.
    Sanskrit,
}

/// A word that changes when a smaller part of the number follows it.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub last: &'static str,
    pub followed: &'static str,
}

pub(crate) const fn fixed(word: &'static str) -> Form {
    Form { last: word, followed: word }
}

pub(crate) const fn form(last: &'static str, followed: &'static str) -> Form {
    Form { last, followed }
}

/// How numbers above 99 are composed, greatest part first.
#[derive(Clone, Copy)]
pub(crate) struct Descending {
    /// 100, 200, … 900.
    pub hundreds: [Form; 9],
    pub after_hundreds: AfterHundreds,
    pub thousand: Scale,
    pub lakh: Scale,
    pub crore: Scale,
    /// The word before the last part, below a hundred: "one hundred *and* one".
    pub and: Option<&'static str>,
    /// Scales of a hundred crores and more that have names, the greatest first: अरब, खरब.
    pub beyond: &'static [(u64, &'static str)],
    /// Numbers with a name of their own when they stand alone.
    pub exact: &'static [(u64, &'static str)],
    /// How the end of a count changes before a scale word: 21 lakhs.
    pub before_scale: &'static [(&'static str, &'static str)],
}

/// How the hundreds join the rest.
#[derive(Clone, Copy)]
pub(crate) enum AfterHundreds {
    Space,
    /// Written together. An initial vowel of the rest replaces the inherent one (Kannada).
    Elide,
    /// As `Space`, but hundreds that end in `ending` change it to `melted` and are written together with 50..=59
    /// (Malayalam).
    MeltFifties {
        ending: &'static str,
        melted: &'static str,
        fifties: [&'static str; 10],
    },
}

/// The word for a thousand, lakh or crore.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub word: Form,
    /// Counts that form one word with the scale.
    pub irregular: &'static [(u64, Form)],
    pub join: Join,
}

/// How a count joins its scale word.
#[derive(Clone, Copy)]
pub(crate) enum Join {
    Space,
    /// Written together below ten, apart above.
    TogetherBelowTen,
    /// Written together. The first of these endings that the count has is replaced.
    Melt(&'static [(&'static str, &'static str)]),
}

/// A scale word that never changes.
pub(crate) const fn plain(word: &'static str) -> Scale {
    Scale { word: fixed(word), irregular: &[], join: Join::Space }
}
