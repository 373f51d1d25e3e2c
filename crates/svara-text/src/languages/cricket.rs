//! Cricket scores: how runs and wickets are said, and the words beside them.

/// How a language says a score.
pub(crate) struct Cricket {
    /// `{runs}` for the loss of `{wickets}`.
    pub score: &'static str,
    /// Said behind the runs of a batter who isn't out, or with them in the place of `{runs}`: `45*`.
    pub not_out: &'static str,
    /// The beginnings of words that are near a score.
    pub cues: &'static [&'static str],
    /// Teams, right behind which a score may stand.
    pub teams: &'static [&'static str],
}

macro_rules! cricket {
    ($($name:ident: $score:literal, $not_out:literal $($cue:literal)* / $($team:literal)*;)*) => {
        $(pub(super) static $name: Cricket =
            Cricket { score: $score, not_out: $not_out, cues: &[$($cue),*], teams: &[$($team),*] };)*
    };
}

cricket! {
    ENGLISH: "{runs} for {wickets}", "not out"
        "runs" "overs" "ov" "wickets" "wicket" "innings" "balls" "score" "scored" "scorecard" "batting" "stumps"
        / "IND" "PAK" "AUS" "ENG" "NZ" "RSA" "BAN" "AFG" "CSK" "MI" "RCB" "KKR" "SRH" "LSG" "PBKS" "India" "Pakistan" "Australia"
        "England" "Zealand" "Africa" "Indies" "Lanka" "Bangladesh" "Afghanistan";
    HINDI: "{wickets} विकेट पर {runs}", "नाबाद"
        "रन" "ओवर" "विकेट" "पारी" "स्कोर" "गेंद"
        / "भारत" "इंडिया" "पाकिस्तान" "ऑस्ट्रेलिया" "इंग्लैंड" "न्यूजीलैंड" "अफ्रीका" "श्रीलंका" "बांग्लादेश" "अफगानिस्तान";
    MARATHI: "{wickets} बाद {runs}", "नाबाद"
        "धावा" "धावसंख्या" "षटक" "ओव्हर" "विकेट" "गडी" "डाव" "स्कोअर" "चेंडू"
        / "भारत" "पाकिस्तान" "ऑस्ट्रेलिया" "इंग्लंड" "न्यूझीलंड" "आफ्रिका" "श्रीलंका" "बांगलादेश";
    NEPALI: "{wickets} विकेटमा {runs}", "अविजित"
        "रन" "ओभर" "विकेट" "पारी" "स्कोर" "बल"
        / "नेपाल" "भारत" "पाकिस्तान" "अष्ट्रेलिया" "इङ्ल्यान्ड" "श्रीलङ्का";
    BENGALI: "{wickets} উইকেটে {runs}", "অপরাজিত {runs}"
        "রান" "ওভার" "উইকেট" "ইনিংস" "স্কোর" "বল"
        / "ভারত" "পাকিস্তান" "বাংলাদেশ" "অস্ট্রেলিয়া" "ইংল্যান্ড" "নিউজিল্যান্ড" "শ্রীলঙ্কা" "আফগানিস্তান";
    ASSAMESE: "{wickets} উইকেটত {runs}", "অপৰাজিত {runs}"
        "ৰাণ" "ৰান" "অভাৰ" "উইকেট" "ইনিংছ" "স্ক'ৰ"
        / "ভাৰত" "পাকিস্তান" "অষ্ট্ৰেলিয়া" "ইংলেণ্ড";
    GUJARATI: "{wickets} વિકેટે {runs}", "અણનમ"
        "રન" "ઓવર" "વિકેટ" "ઇનિંગ" "સ્કોર" "બોલ" "દડા"
        / "ભારત" "પાકિસ્તાન" "ઓસ્ટ્રેલિયા" "ઇંગ્લેન્ડ" "ન્યૂઝીલેન્ડ" "આફ્રિકા" "શ્રીલંકા";
    PUNJABI: "{wickets} ਵਿਕਟਾਂ 'ਤੇ {runs}", "ਨਾਬਾਦ"
        "ਦੌੜਾਂ" "ਰਨ" "ਓਵਰ" "ਵਿਕਟ" "ਪਾਰੀ" "ਸਕੋਰ" "ਗੇਂਦ"
        / "ਭਾਰਤ" "ਪਾਕਿਸਤਾਨ" "ਆਸਟ੍ਰੇਲੀਆ" "ਇੰਗਲੈਂਡ";
    TAMIL: "{wickets} விக்கெட்டுக்கு {runs}", "ஆட்டமிழக்காமல் {runs}"
        "ரன்" "ஓவர்" "விக்கெட்" "இன்னிங்ஸ்" "ஸ்கோர்" "பந்து"
        / "இந்தியா" "பாகிஸ்தான்" "ஆஸ்திரேலியா" "இங்கிலாந்து" "நியூசிலாந்து" "இலங்கை";
    TELUGU: "{wickets} వికెట్లకు {runs}", "నాటౌట్"
        "పరుగు" "రన్" "ఓవర్" "వికెట్" "ఇన్నింగ్స్" "స్కోర్" "స్కోరు" "బంతు"
        / "భారత్" "పాకిస్తాన్" "ఆస్ట్రేలియా" "ఇంగ్లండ్" "న్యూజిలాండ్" "శ్రీలంక";
    KANNADA: "{wickets} ವಿಕೆಟ್‌ಗೆ {runs}", "ಅಜೇಯ {runs}"
        "ರನ್" "ಓವರ್" "ವಿಕೆಟ್" "ಇನ್ನಿಂಗ್ಸ್" "ಸ್ಕೋರ್" "ಎಸೆತ"
        / "ಭಾರತ" "ಪಾಕಿಸ್ತಾನ" "ಆಸ್ಟ್ರೇಲಿಯಾ" "ಇಂಗ್ಲೆಂಡ್" "ನ್ಯೂಜಿಲೆಂಡ್" "ಶ್ರೀಲಂಕಾ";
    MALAYALAM: "{wickets} വിക്കറ്റിന് {runs}", "പുറത്താകാതെ {runs}"
        "റൺ" "ഓവർ" "വിക്കറ്റ്" "ഇന്നിങ്സ്" "സ്കോർ" "പന്ത്"
        / "ഇന്ത്യ" "പാകിസ്ഥാൻ" "ഓസ്ട്രേലിയ" "ഇംഗ്ലണ്ട്" "ന്യൂസിലൻഡ്" "ശ്രീലങ്ക";
}
