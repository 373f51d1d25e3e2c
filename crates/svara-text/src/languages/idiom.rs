//! How people say quarters and halves of a lakh or an hour: डेढ़ लाख for 1.5 lakh.

/// The words for halves and quarters. `{n}` stands for the whole number, `{m}` for the next one.
pub(crate) struct Idiom {
    pub one_and_half: &'static str,
    pub two_and_half: &'static str,
    /// Any other number and a half.
    pub half: &'static str,
    /// One and a quarter, and any other number and a quarter.
    pub quarter: Option<(&'static str, &'static str)>,
    /// A quarter less than the next number.
    pub three_quarters: Option<&'static str>,
    /// Two small numbers in a row before a noun: दो-तीन दिन.
    pub about: &'static str,
}

pub(super) static HINDI: Idiom = Idiom {
    one_and_half: "डेढ़",
    two_and_half: "ढाई",
    half: "साढ़े {n}",
    quarter: Some(("सवा", "सवा {n}")),
    three_quarters: Some("पौने {m}"),
    about: "{a}-{b}",
};

pub(super) static MAITHILI: Idiom = Idiom {
    one_and_half: "डेढ़",
    two_and_half: "अढ़ाइ",
    half: "साढ़े {n}",
    quarter: Some(("सवा", "सवा {n}")),
    three_quarters: Some("पौने {m}"),
    about: "{a}-{b}",
};

pub(super) static NEPALI: Idiom = Idiom {
    one_and_half: "डेढ",
    two_and_half: "अढाई",
    half: "साढे {n}",
    quarter: Some(("सवा", "सवा {n}")),
    three_quarters: None,
    about: "{a}-{b}",
};

pub(super) static MARATHI: Idiom = Idiom {
    one_and_half: "दीड",
    two_and_half: "अडीच",
    half: "साडे{n}",
    quarter: Some(("सव्वा", "सव्वा {n}")),
    three_quarters: Some("पावणे {m}"),
    about: "{a}-{b}",
};

pub(super) static GUJARATI: Idiom = Idiom {
    one_and_half: "દોઢ",
    two_and_half: "અઢી",
    half: "સાડા {n}",
    quarter: Some(("સવા", "સવા {n}")),
    three_quarters: Some("પોણા {m}"),
    about: "{a}-{b}",
};

pub(super) static PUNJABI: Idiom = Idiom {
    one_and_half: "ਡੇਢ",
    two_and_half: "ਢਾਈ",
    half: "ਸਾਢੇ {n}",
    quarter: Some(("ਸਵਾ", "ਸਵਾ {n}")),
    three_quarters: Some("ਪੌਣੇ {m}"),
    about: "{a}-{b}",
};

pub(super) static BENGALI: Idiom = Idiom {
    one_and_half: "দেড়",
    two_and_half: "আড়াই",
    half: "সাড়ে {n}",
    quarter: Some(("সোয়া", "সোয়া {n}")),
    three_quarters: Some("পৌনে {m}"),
    about: "{a}-{b}",
};

pub(super) static ASSAMESE: Idiom = Idiom {
    one_and_half: "ডেৰ",
    two_and_half: "আঢ়ৈ",
    half: "চাৰে {n}",
    quarter: Some(("চোৱা", "চোৱা {n}")),
    three_quarters: None,
    about: "{a}-{b}",
};
