//! How the names of hours change with what is typed beside a time. `{h}` and `{m}` stand for number words.

/// The cases of the names of hours.
pub(crate) struct ClockCases {
    /// Postpositions behind a time, each with how a full or half hour and how hours and minutes are said with it.
    pub postpositions: &'static [(&'static str, &'static str, &'static str)],
    /// The word for one before the name of the hour, and how the name changes behind it.
    pub one: Option<(&'static str, &'static [(&'static str, &'static str)])>,
    /// How the end of the first time of a range changes.
    pub from: &'static [(&'static str, &'static str)],
    /// How the end of the second time changes.
    pub until: &'static [(&'static str, &'static str)],
}

pub(super) const NONE: ClockCases = ClockCases { postpositions: &[], one: None, from: &[], until: &[] };

/// Words for the hour behind which a hyphen before the minutes is no range: `9-30 बजे`.
pub(crate) static AT_HOURS: &[&str] = &[
    "बजे",
    "बजकर",
    "वाजता",
    "वा.",
    "वाजल्या",
    "વાગ્યે",
    "કલાકે",
    "વાગે",
    "ਵਜੇ",
    "টায়",
    "ঘটিকা",
    "বজাত",
    "বজাৰ",
    "மணிக்கு",
    "గంటలకు",
    "గం.లకు",
    "ಗಂಟೆಗೆ",
    "മണിക്ക്",
    "മണിയ്ക്ക്",
];

pub(super) static MARATHI: ClockCases = ClockCases {
    postpositions: &[
        ("ते", "{h} ते", "{h} वाजून {m} मिनिटे ते"),
        ("पर्यंत", "{h} वाजेपर्यंत", "{h} वाजून {m} मिनिटांपर्यंत"),
        ("पासून", "{h} वाजेपासून", "{h} वाजून {m} मिनिटांपासून"),
        ("नंतर", "{h} वाजेनंतर", "{h} वाजून {m} मिनिटांनंतर"),
    ],
    ..NONE
};

pub(super) static GUJARATI: ClockCases = ClockCases {
    postpositions: &[
        ("થી", "{h} વાગ્યાથી", "{h} વાગીને {m} મિનિટથી"),
        ("સુધી", "{h} વાગ્યા સુધી", "{h} વાગીને {m} મિનિટ સુધી"),
        ("સુધીમાં", "{h} વાગ્યા સુધીમાં", "{h} વાગીને {m} મિનિટ સુધીમાં"),
        ("પછી", "{h} વાગ્યા પછી", "{h} વાગીને {m} મિનિટ પછી"),
        ("બાદ", "{h} વાગ્યા બાદ", "{h} વાગીને {m} મિનિટ બાદ"),
        ("ની", "{h} વાગ્યાની", "{h} વાગીને {m} મિનિટની"),
        ("ના", "{h} વાગ્યાના", "{h} વાગીને {m} મિનિટના"),
        ("નો", "{h} વાગ્યાનો", "{h} વાગીને {m} મિનિટનો"),
    ],
    from: &[("વાગ્યે", "વાગ્યા"), ("મિનિટે", "મિનિટ")],
    ..NONE
};

pub(super) static ASSAMESE: ClockCases = ClockCases {
    postpositions: &[
        ("ত", "{h} বজাত", "{h} বাজি {m} মিনিটত"),
        ("ৰ", "{h} বজাৰ", "{h} বাজি {m} মিনিটৰ"),
        ("লৈ", "{h} বজালৈ", "{h} বাজি {m} মিনিটলৈ"),
        ("লৈকে", "{h} বজালৈকে", "{h} বাজি {m} মিনিটলৈকে"),
    ],
    from: &[("বজাত", "বজা")],
    until: &[("বজাত", "বজালৈ"), ("মিনিট", "মিনিটলৈ")],
    ..NONE
};

pub(super) static TELUGU: ClockCases = ClockCases {
    one: Some(("ఒంటి", &[("ఒంటి గంటలు", "ఒంటి గంట"), ("ఒంటి గంటల ", "ఒంటి గంట "), ("ఒంటి గంటలకు", "ఒంటి గంటకు")])),
    from: &[("గంటలు", "గంటల"), ("నిమిషాలు", "నిమిషాల")],
    until: &[("గంటలు", "గంటల వరకు"), ("నిమిషాలు", "నిమిషాల వరకు")],
    ..NONE
};
