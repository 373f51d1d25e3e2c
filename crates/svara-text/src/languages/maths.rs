//! The names of mathematical signs, by script.

/// How signs between and behind numbers are said.
pub(crate) struct Maths {
    pub times: &'static str,
    /// The `x` of sizes: 2x2.
    pub by: &'static str,
    pub divided: &'static str,
    pub equals: &'static str,
    pub not_equals: &'static str,
    pub about: &'static str,
    /// Comparisons: between the numbers in English, behind the second number elsewhere.
    pub less: &'static str,
    pub greater: &'static str,
    pub at_most: &'static str,
    pub at_least: &'static str,
    pub plus_minus: &'static str,
    pub squared: &'static str,
    pub cubed: &'static str,
    pub infinity: &'static str,
    /// Before the number in English, behind it elsewhere.
    pub root: &'static str,
    /// The ratio of `{a}` and `{b}`.
    pub ratio: &'static str,
    /// Raised to the power of `{n}`.
    pub power: &'static str,
    /// A rating of `{a}` out of `{b}`; without `{b}`, what is joined to it.
    pub out_of: &'static str,
}

macro_rules! maths {
    ($($name:ident: $times:literal $by:literal $divided:literal $equals:literal $not_equals:literal $about:literal
       $less:literal $greater:literal $at_most:literal $at_least:literal $plus_minus:literal $squared:literal
       $cubed:literal $infinity:literal $root:literal $ratio:literal $power:literal $out_of:literal;)*) => {
        $(pub(super) static $name: Maths = Maths {
            times: $times, by: $by, divided: $divided, equals: $equals, not_equals: $not_equals, about: $about,
            less: $less, greater: $greater, at_most: $at_most, at_least: $at_least, plus_minus: $plus_minus,
            squared: $squared, cubed: $cubed, infinity: $infinity, root: $root,
            ratio: $ratio, power: $power, out_of: $out_of,
        };)*
    };
}

maths! {
    ENGLISH: "times" "by" "divided by" "equals" "is not equal to" "approximately" "less than" "greater than"
        "less than or equal to" "greater than or equal to" "plus or minus" "squared" "cubed" "infinity" "square root of"
        "{a} to {b}" "to the power of {n}" "{a} out of {b}";
    HINDI: "गुणा" "बाई" "भागा" "बराबर" "बराबर नहीं" "लगभग" "से छोटा" "से बड़ा" "से छोटा या बराबर" "से बड़ा या बराबर"
        "प्लस माइनस" "वर्ग" "घन" "अनंत" "का वर्गमूल"
        "{a} अनुपात {b}" "की घात {n}" "{b} में से {a}";
    MARATHI: "गुणिले" "बाय" "भागिले" "बरोबर" "बरोबर नाही" "सुमारे" "पेक्षा लहान" "पेक्षा मोठे" "पेक्षा लहान किंवा बरोबर"
        "पेक्षा मोठे किंवा बरोबर" "अधिक उणे" "वर्ग" "घन" "अनंत" "चे वर्गमूळ"
        "{a}ला {b}" "चा घात {n}" "{b}पैकी {a}";
    NEPALI: "गुणा" "बाई" "भाग" "बराबर" "बराबर छैन" "लगभग" "भन्दा सानो" "भन्दा ठूलो" "भन्दा सानो वा बराबर"
        "भन्दा ठूलो वा बराबर" "प्लस माइनस" "वर्ग" "घन" "अनन्त" "को वर्गमूल"
        "{a} अनुपात {b}" "को घात {n}" "{b} मध्ये {a}";
    SANSKRIT: "गुणितं" "गुणितं" "भाजितं" "समम्" "असमम्" "प्रायः" "इत्यस्मात् न्यूनम्" "इत्यस्मात् अधिकम्"
        "इत्यस्मात् न्यूनं समं वा" "इत्यस्मात् अधिकं समं वा" "धनऋणम्" "वर्गः" "घनः" "अनन्तम्" "इत्यस्य वर्गमूलम्"
        "{a} अनुपातः {b}" "घातः {n}" "{b} मध्ये {a}";
    BENGALI: "গুণ" "বাই" "ভাগ" "সমান" "সমান নয়" "প্রায়" "থেকে ছোট" "থেকে বড়" "থেকে ছোট বা সমান" "থেকে বড় বা সমান"
        "প্লাস মাইনাস" "বর্গ" "ঘন" "অসীম" "এর বর্গমূল"
        "{a} অনুপাত {b}" "এর ঘাত {n}" "এর মধ্যে {a}";
    ASSAMESE: "পূৰণ" "বাই" "হৰণ" "সমান" "সমান নহয়" "প্ৰায়" "তকৈ সৰু" "তকৈ ডাঙৰ" "তকৈ সৰু বা সমান" "তকৈ ডাঙৰ বা সমান"
        "প্লাছ মাইনাছ" "বৰ্গ" "ঘন" "অসীম" "ৰ বৰ্গমূল"
        "{a} অনুপাত {b}" "ৰ ঘাত {n}" "{b}ৰ ভিতৰত {a}";
    GUJARATI: "ગુણ્યા" "બાય" "ભાગ્યા" "બરાબર" "બરાબર નથી" "આશરે" "થી નાનું" "થી મોટું" "થી નાનું કે બરાબર"
        "થી મોટું કે બરાબર" "પ્લસ માઇનસ" "વર્ગ" "ઘન" "અનંત" "નું વર્ગમૂળ"
        "{a} ગુણોત્તર {b}" "ની ઘાત {n}" "{b}માંથી {a}";
    PUNJABI: "ਗੁਣਾ" "ਬਾਈ" "ਭਾਗ" "ਬਰਾਬਰ" "ਬਰਾਬਰ ਨਹੀਂ" "ਲਗਭਗ" "ਤੋਂ ਛੋਟਾ" "ਤੋਂ ਵੱਡਾ" "ਤੋਂ ਛੋਟਾ ਜਾਂ ਬਰਾਬਰ"
        "ਤੋਂ ਵੱਡਾ ਜਾਂ ਬਰਾਬਰ" "ਪਲੱਸ ਮਾਈਨਸ" "ਵਰਗ" "ਘਣ" "ਅਨੰਤ" "ਦਾ ਵਰਗਮੂਲ"
        "{a} ਅਨੁਪਾਤ {b}" "ਦੀ ਘਾਤ {n}" "{b} ਵਿੱਚੋਂ {a}";
    TAMIL: "பெருக்கல்" "பை" "வகுத்தல்" "சமம்" "சமமல்ல" "சுமார்" "ஐ விட சிறியது" "ஐ விட பெரியது" "ஐ விட சிறியது அல்லது சமம்"
        "ஐ விட பெரியது அல்லது சமம்" "பிளஸ் மைனஸ்" "வர்க்கம்" "கனம்" "முடிவிலி" "இன் வர்க்கமூலம்"
        "{a}க்கு {b}" "அடுக்கு {n}" "க்கு {a}";
    TELUGU: "గుణకారం" "బై" "భాగహారం" "సమానం" "సమానం కాదు" "సుమారు" "కంటే చిన్నది" "కంటే పెద్దది" "కంటే చిన్నది లేదా సమానం"
        "కంటే పెద్దది లేదా సమానం" "ప్లస్ మైనస్" "వర్గం" "ఘనం" "అనంతం" "వర్గమూలం"
        "{a} నిష్పత్తి {b}" "ఘాతం {n}" "కి {a}";
    KANNADA: "ಗುಣಿಸು" "ಬೈ" "ಭಾಗಿಸು" "ಸಮ" "ಸಮವಲ್ಲ" "ಸುಮಾರು" "ಕ್ಕಿಂತ ಚಿಕ್ಕದು" "ಕ್ಕಿಂತ ದೊಡ್ಡದು" "ಕ್ಕಿಂತ ಚಿಕ್ಕದು ಅಥವಾ ಸಮ"
        "ಕ್ಕಿಂತ ದೊಡ್ಡದು ಅಥವಾ ಸಮ" "ಪ್ಲಸ್ ಮೈನಸ್" "ವರ್ಗ" "ಘನ" "ಅನಂತ" "ರ ವರ್ಗಮೂಲ"
        "{a} ಅನುಪಾತ {b}" "ಘಾತ {n}" "ಕ್ಕೆ {a}";
    MALAYALAM: "ഗുണം" "ബൈ" "ഹരണം" "സമം" "സമമല്ല" "ഏകദേശം" "നേക്കാൾ ചെറുത്" "നേക്കാൾ വലുത്" "നേക്കാൾ ചെറുതോ സമമോ"
        "നേക്കാൾ വലുതോ സമമോ" "പ്ലസ് മൈനസ്" "വർഗം" "ഘനം" "അനന്തം" "ന്റെ വർഗമൂലം"
        "{a} ഈസ് ടു {b}" "കൃതി {n}" "ൽ {a}";
}
