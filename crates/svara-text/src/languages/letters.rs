//! How Latin letters are named in each script, and which words in capitals are spelled.

/// The names of the letters, and the words in capitals that are said as words.
pub(crate) struct Letters {
    /// A to Z.
    pub names: [&'static str; 26],
    /// How the words of [`WORDS_IN_CAPITALS`] are written, in its order. Empty where they stay as typed.
    pub words: &'static [&'static str],
}

impl Letters {
    /// The name of a Latin letter.
    pub(crate) fn name(&self, letter: char) -> Option<&'static str> {
        let index = u32::from(letter.to_ascii_uppercase()).checked_sub(u32::from('A'))?;
        self.names.get(usize::try_from(index).ok()?).copied()
    }
}

/// Whether a word in capitals is a known acronym that is spelled.
pub(crate) fn is_known_acronym(word: &str) -> bool {
    SPELLED.binary_search(&word).is_ok()
}

/// Acronyms that are said as words.
pub(crate) const WORDS_IN_CAPITALS: [&str; 30] = words! {
    "NASA" "ISRO" "AIIMS" "UNESCO" "UNICEF" "NATO" "SAARC" "SIM" "PIN" "PAN" "COVID" "AIDS" "NEET" "RAM"
    "LAN" "NABARD" "ASEAN" "OPEC" "LASER" "RADAR" "GIF" "WIFI" "BRICS" "SENSEX" "NIFTY"
    "SEBI" "FIFA" "TRAI" "MNREGA" "MGNREGA"
};

/// Acronyms that are spelled though they could be read as words, and the usual ones; in order.
const SPELLED: [&str; 426] = words! {
    "ABVP" "AC" "ADB" "ADHD" "AFC" "AGI" "AGM" "AI" "AIADMK" "AICTE" "AIRF" "AK" "AMC" "AMD" "AMU" "ANM"
    "API" "APK" "APL" "AQI" "ASI" "ATM" "ATS" "AWS" "BA" "BBA" "BBC" "BCA" "BCCI" "BE" "BHEL" "BHU"
    "BJP" "BMC" "BMI" "BMW" "BP" "BPL" "BPO" "BPSC" "BRS" "BSE" "BSF" "BSNL" "BSP" "BTS" "CA" "CAA"
    "CAG" "CBI" "CBSE" "CCTV" "CD" "CDS" "CEO" "CET" "CFO" "CGPA" "CIA" "CIC" "CID" "CISF" "CJI" "CM"
    "CMO" "CNG" "CNN" "COO" "CPI" "CPM" "CPR" "CPU" "CRPF" "CSIR" "CSR" "CSS" "CSV" "CTC" "CTO" "CUET"
    "CV" "CVC" "CVV" "DCP" "DDA" "DGP" "DIG" "DIY" "DJ" "DLF" "DM" "DMK" "DNA" "DNS" "DOB" "DPS" "DRDO"
    "DSLR" "DSP" "DTH" "DVD" "EC" "ECG" "ECI" "ED" "EEG" "EMI" "EPF" "EPFO" "EPS" "ESI" "ESIC" "ESPN"
    "ETA" "ETF" "EU" "EV" "EVM" "EWS" "FAQ" "FATF" "FBI" "FCI" "FD" "FIR" "FM" "FMCG" "FSSAI" "FTP" "FY"
    "FYI" "GB" "GDP" "GIS" "GMT" "GPA" "GPS" "GPT" "GPU" "GRE" "GST" "GSTIN" "HD" "HDFC" "HDMI" "HIV"
    "HMT" "HOD" "HP" "HR" "HRA" "HTML" "HTTP" "HTTPS" "HUL" "IAEA" "IAF" "IAS" "IB" "IBM" "IBPS" "ICAR"
    "ICC" "ICICI" "ICJ" "ICMR" "ICSE" "ICU" "ID" "IDBI" "IDE" "IED" "IELTS" "IFS" "IFSC" "IGST" "IIIT"
    "IIM" "IIT" "IMD" "IMDB" "IMEI" "IMF" "IMPS" "INR" "IOC" "IOS" "IP" "IPC" "IPCC" "IPL" "IPO" "IPS"
    "IQ" "IRCTC" "IRS" "ISBN" "ISD" "ISI" "ISO" "ISP" "ISS" "IST" "IT" "ITBP" "ITC" "ITI" "ITR" "IVF"
    "IVR" "JDU" "JEE" "JNU" "JPEG" "JPG" "JSON" "KBC" "KFC" "KPI" "KYC" "LCD" "LED" "LGBT" "LIC" "LLB"
    "LLM" "LLP" "LML" "LOC" "LPG" "LTE" "MA" "MBA" "MBBS" "MCA" "MCD" "MD" "MEA" "ML" "MLA" "MLC" "MMS"
    "MNC" "MNS" "MP" "MPC" "MRI" "MRP" "MS" "MSME" "MSP" "MTNL" "MTV" "NBA" "NCB" "NCC" "NCERT" "NCP"
    "NCR" "NDA" "NDMA" "NDRF" "NDTV" "NEFT" "NEP" "NGO" "NGT" "NHAI" "NHRC" "NHS" "NIA" "NIT" "NLP"
    "NOC" "NPA" "NPCI" "NPR" "NPS" "NRC" "NRI" "NSA" "NSE" "NSG" "NSS" "NTA" "NTPC" "NTSE" "NYC" "NYT"
    "OBC" "OCI" "OCR" "ODI" "OED" "OEM" "ONGC" "OPD" "ORS" "OS" "OTP" "OTT" "PA" "PC" "PCB" "PCR" "PCS"
    "PDA" "PDF" "PDP" "PF" "PG" "PHD" "PIB" "PIL" "PIO" "PLC" "PM" "PMO" "PNB" "PNG" "PNR" "POK" "PPF"
    "PPP" "PPT" "PR" "PSC" "PSLV" "PSU" "PTI" "PTO" "PUC" "PVC" "PVR" "PWD" "QA" "QR" "RAF" "RAS" "RBI"
    "RCB" "RJ" "RJD" "ROI" "RPF" "RSS" "RTC" "RTGS" "RTI" "RTO" "RTPCR" "SBI" "SC" "SDM" "SEO" "SGPA"
    "SGPC" "SHO" "SIP" "SMS" "SOP" "SP" "SPG" "SQL" "SSC" "SSD" "SSL" "SSP" "STD" "STF" "SUV" "TB" "TCS"
    "TDP" "TDS" "TMC" "TRP" "TTS" "TV" "TVS" "UAE" "UAN" "UAPA" "UCC" "UCO" "UFO" "UGC" "UHF" "UI"
    "UIDAI" "UK" "UN" "UNHCR" "UNO" "UP" "UPA" "UPI" "UPS" "UPSC" "UPSI" "URL" "US" "USA" "USB" "USD"
    "USSR" "UTC" "UTGST" "UTR" "UV" "UX" "VC" "VHP" "VIN" "VIP" "VIT" "VPN" "VVIP" "WBC" "WHO" "WWE"
    "WWF" "WWW" "XML" "YMCA" "YSR"
};

pub(super) static DEVANAGARI: Letters = Letters {
    names: words! {
        "ए" "बी" "सी" "डी" "ई" "एफ़" "जी" "एच" "आई" "जे" "के" "एल" "एम" "एन" "ओ" "पी" "क्यू" "आर" "एस" "टी"
        "यू" "वी" "डब्ल्यू" "एक्स" "वाई" "ज़ेड"
    },
    words: &words! {
        "नासा" "इसरो" "एम्स" "यूनेस्को" "यूनिसेफ" "नाटो" "सार्क" "सिम" "पिन" "पैन" "कोविड" "एड्स" "नीट" "रैम"
        "लैन" "नाबार्ड" "आसियान" "ओपेक" "लेज़र" "रडार" "गिफ़" "वाई-फ़ाई" "ब्रिक्स" "सेंसेक्स" "निफ्टी"
        "सेबी" "फीफा" "ट्राई" "मनरेगा" "मनरेगा"
    },
};

pub(super) static MARATHI: Letters = Letters {
    names: words! {
        "ए" "बी" "सी" "डी" "ई" "एफ" "जी" "एच" "आय" "जे" "के" "एल" "एम" "एन" "ओ" "पी" "क्यू" "आर" "एस" "टी"
        "यू" "व्ही" "डब्ल्यू" "एक्स" "वाय" "झेड"
    },
    words: &words! {
        "नासा" "इस्रो" "एम्स" "युनेस्को" "युनिसेफ" "नाटो" "सार्क" "सिम" "पिन" "पॅन" "कोविड" "एड्स" "नीट" "रॅम"
        "लॅन" "नाबार्ड" "आसियान" "ओपेक" "लेझर" "रडार" "गिफ" "वाय-फाय" "ब्रिक्स" "सेन्सेक्स" "निफ्टी"
        "सेबी" "फिफा" "ट्राय" "मनरेगा" "मनरेगा"
    },
};

pub(super) static NEPALI: Letters = Letters {
    names: words! {
        "ए" "बी" "सी" "डी" "ई" "एफ" "जी" "एच" "आई" "जे" "के" "एल" "एम" "एन" "ओ" "पी" "क्यु" "आर" "एस" "टी"
        "यु" "भी" "डब्ल्यु" "एक्स" "वाई" "जेड"
    },
    words: &words! {
        "नासा" "इसरो" "एम्स" "युनेस्को" "युनिसेफ" "नाटो" "सार्क" "सिम" "पिन" "प्यान" "कोभिड" "एड्स" "नीट"
        "र्‍याम" "ल्यान" "नाबार्ड" "आसियान" "ओपेक" "लेजर" "रडार" "गिफ" "वाइफाइ" "ब्रिक्स" "सेन्सेक्स" "निफ्टी"
        "सेबी" "फिफा" "ट्राई" "मनरेगा" "मनरेगा"
    },
};

pub(super) static BENGALI: Letters = Letters {
    names: words! {
        "এ" "বি" "সি" "ডি" "ই" "এফ" "জি" "এইচ" "আই" "জে" "কে" "এল" "এম" "এন" "ও" "পি" "কিউ" "আর" "এস" "টি"
        "ইউ" "ভি" "ডব্লিউ" "এক্স" "ওয়াই" "জেড"
    },
    words: &words! {
        "নাসা" "ইসরো" "এইমস" "ইউনেস্কো" "ইউনিসেফ" "ন্যাটো" "সার্ক" "সিম" "পিন" "প্যান" "কোভিড" "এইডস" "নিট"
        "র‍্যাম" "ল্যান" "নাবার্ড" "আসিয়ান" "ওপেক" "লেজার" "রাডার" "গিফ" "ওয়াই-ফাই" "ব্রিকস" "সেনসেক্স"
        "নিফটি"
        "সেবি" "ফিফা" "ট্রাই" "মনরেগা" "মনরেগা"
    },
};

pub(super) static ASSAMESE: Letters = Letters {
    names: words! {
        "এ" "বি" "চি" "ডি" "ই" "এফ" "জি" "এইচ" "আই" "জে" "কে" "এল" "এম" "এন" "অ’" "পি" "কিউ" "আৰ" "এছ" "টি"
        "ইউ" "ভি" "ডব্লিউ" "এক্স" "ৱাই" "জেড"
    },
    words: &words! {
        "নাছা" "ইছৰো" "এইমছ" "ইউনেস্ক’" "ইউনিচেফ" "নাটো" "চাৰ্ক" "চিম" "পিন" "পেন" "ক’ভিড" "এইডছ" "নীট" "ৰেম"
        "লেন" "নাবাৰ্ড" "আছিয়ান" "ওপেক" "লেজাৰ" "ৰাডাৰ" "গিফ" "ৱাই-ফাই" "ব্ৰিকছ" "চেনচেক্স" "নিফটি"
        "চেবি" "ফিফা" "ট্ৰাই" "মনৰেগা" "মনৰেগা"
    },
};

pub(super) static GUJARATI: Letters = Letters {
    names: words! {
        "એ" "બી" "સી" "ડી" "ઈ" "એફ" "જી" "એચ" "આઈ" "જે" "કે" "એલ" "એમ" "એન" "ઓ" "પી" "ક્યૂ" "આર" "એસ" "ટી"
        "યુ" "વી" "ડબલ્યુ" "એક્સ" "વાય" "ઝેડ"
    },
    words: &words! {
        "નાસા" "ઇસરો" "એઇમ્સ" "યુનેસ્કો" "યુનિસેફ" "નાટો" "સાર્ક" "સિમ" "પિન" "પાન" "કોવિડ" "એઇડ્સ" "નીટ"
        "રેમ" "લેન" "નાબાર્ડ" "આસિયાન" "ઓપેક" "લેસર" "રડાર" "ગિફ" "વાઇ-ફાઇ" "બ્રિક્સ" "સેન્સેક્સ" "નિફ્ટી"
        "સેબી" "ફિફા" "ટ્રાઈ" "મનરેગા" "મનરેગા"
    },
};

pub(super) static GURMUKHI: Letters = Letters {
    names: words! {
        "ਏ" "ਬੀ" "ਸੀ" "ਡੀ" "ਈ" "ਐੱਫ਼" "ਜੀ" "ਐੱਚ" "ਆਈ" "ਜੇ" "ਕੇ" "ਐੱਲ" "ਐੱਮ" "ਐੱਨ" "ਓ" "ਪੀ" "ਕਿਊ" "ਆਰ" "ਐੱਸ"
        "ਟੀ" "ਯੂ" "ਵੀ" "ਡਬਲਯੂ" "ਐਕਸ" "ਵਾਈ" "ਜ਼ੈੱਡ"
    },
    words: &words! {
        "ਨਾਸਾ" "ਇਸਰੋ" "ਏਮਜ਼" "ਯੂਨੈਸਕੋ" "ਯੂਨੀਸੈਫ" "ਨਾਟੋ" "ਸਾਰਕ" "ਸਿਮ" "ਪਿੰਨ" "ਪੈਨ" "ਕੋਵਿਡ" "ਏਡਜ਼" "ਨੀਟ" "ਰੈਮ"
        "ਲੈਨ" "ਨਾਬਾਰਡ" "ਆਸੀਆਨ" "ਓਪੇਕ" "ਲੇਜ਼ਰ" "ਰਾਡਾਰ" "ਗਿਫ਼" "ਵਾਈ-ਫਾਈ" "ਬ੍ਰਿਕਸ" "ਸੈਂਸੈਕਸ" "ਨਿਫਟੀ"
        "ਸੇਬੀ" "ਫੀਫਾ" "ਟਰਾਈ" "ਮਨਰੇਗਾ" "ਮਨਰੇਗਾ"
    },
};

pub(super) static TAMIL: Letters = Letters {
    names: words! {
        "ஏ" "பி" "சி" "டி" "இ" "எஃப்" "ஜி" "எச்" "ஐ" "ஜே" "கே" "எல்" "எம்" "என்" "ஓ" "பி" "க்யூ" "ஆர்" "எஸ்"
        "டி" "யு" "வி" "டபிள்யு" "எக்ஸ்" "ஒய்" "இசட்"
    },
    words: &words! {
        "நாசா" "இஸ்ரோ" "எய்ம்ஸ்" "யுனெஸ்கோ" "யுனிசெஃப்" "நேட்டோ" "சார்க்" "சிம்" "பின்" "பான்" "கோவிட்"
        "எய்ட்ஸ்" "நீட்" "ரேம்" "லேன்" "நபார்டு" "ஆசியான்" "ஒபெக்" "லேசர்" "ரேடார்" "கிஃப்" "வைஃபை" "பிரிக்ஸ்"
        "சென்செக்ஸ்" "நிஃப்டி"
        "செபி" "ஃபிஃபா" "டிராய்" "மன்ரேகா" "மன்ரேகா"
    },
};

pub(super) static TELUGU: Letters = Letters {
    names: words! {
        "ఏ" "బీ" "సీ" "డీ" "ఈ" "ఎఫ్" "జీ" "హెచ్" "ఐ" "జే" "కే" "ఎల్" "ఎమ్" "ఎన్" "ఓ" "పీ" "క్యూ" "ఆర్" "ఎస్"
        "టీ" "యూ" "వీ" "డబ్ల్యూ" "ఎక్స్" "వై" "జెడ్"
    },
    words: &words! {
        "నాసా" "ఇస్రో" "ఎయిమ్స్" "యునెస్కో" "యునిసెఫ్" "నాటో" "సార్క్" "సిమ్" "పిన్" "పాన్" "కోవిడ్" "ఎయిడ్స్"
        "నీట్" "ర్యామ్" "లాన్" "నాబార్డ్" "ఆసియాన్" "ఒపెక్" "లేజర్" "రాడార్" "గిఫ్" "వైఫై" "బ్రిక్స్"
        "సెన్సెక్స్" "నిఫ్టీ"
        "సెబీ" "ఫిఫా" "ట్రాయ్" "మన్రేగా" "మన్రేగా"
    },
};

pub(super) static KANNADA: Letters = Letters {
    names: words! {
        "ಎ" "ಬಿ" "ಸಿ" "ಡಿ" "ಇ" "ಎಫ್" "ಜಿ" "ಎಚ್" "ಐ" "ಜೆ" "ಕೆ" "ಎಲ್" "ಎಂ" "ಎನ್" "ಓ" "ಪಿ" "ಕ್ಯೂ" "ಆರ್" "ಎಸ್"
        "ಟಿ" "ಯು" "ವಿ" "ಡಬ್ಲ್ಯೂ" "ಎಕ್ಸ್" "ವೈ" "ಝಡ್"
    },
    words: &words! {
        "ನಾಸಾ" "ಇಸ್ರೋ" "ಏಮ್ಸ್" "ಯುನೆಸ್ಕೋ" "ಯುನಿಸೆಫ್" "ನ್ಯಾಟೋ" "ಸಾರ್ಕ್" "ಸಿಮ್" "ಪಿನ್" "ಪ್ಯಾನ್" "ಕೋವಿಡ್" "ಏಡ್ಸ್"
        "ನೀಟ್" "ರ್ಯಾಮ್" "ಲ್ಯಾನ್" "ನಬಾರ್ಡ್" "ಆಸಿಯಾನ್" "ಒಪೆಕ್" "ಲೇಸರ್" "ರೇಡಾರ್" "ಗಿಫ್" "ವೈಫೈ" "ಬ್ರಿಕ್ಸ್"
        "ಸೆನ್ಸೆಕ್ಸ್" "ನಿಫ್ಟಿ"
        "ಸೆಬಿ" "ಫಿಫಾ" "ಟ್ರಾಯ್" "ಮನ್ರೇಗಾ" "ಮನ್ರೇಗಾ"
    },
};

pub(super) static MALAYALAM: Letters = Letters {
    names: words! {
        "എ" "ബി" "സി" "ഡി" "ഇ" "എഫ്" "ജി" "എച്ച്" "ഐ" "ജെ" "കെ" "എൽ" "എം" "എൻ" "ഒ" "പി" "ക്യു" "ആർ" "എസ്" "ടി"
        "യു" "വി" "ഡബ്ല്യു" "എക്സ്" "വൈ" "സെഡ്"
    },
    words: &words! {
        "നാസ" "ഇസ്രോ" "എയിംസ്" "യുനെസ്കോ" "യുനിസെഫ്" "നാറ്റോ" "സാർക്ക്" "സിം" "പിൻ" "പാൻ" "കോവിഡ്" "എയ്ഡ്സ്"
        "നീറ്റ്" "റാം" "ലാൻ" "നബാർഡ്" "ആസിയാൻ" "ഒപെക്" "ലേസർ" "റഡാർ" "ഗിഫ്" "വൈഫൈ" "ബ്രിക്സ്" "സെൻസെക്സ്"
        "നിഫ്റ്റി"
        "സെബി" "ഫിഫ" "ട്രായ്" "മൻറേഗ" "മൻറേഗ"
    },
};

pub(super) static ENGLISH: Letters = Letters {
    names: words! {
        "A" "B" "C" "D" "E" "F" "G" "H" "I" "J" "K" "L" "M" "N" "O" "P" "Q" "R" "S" "T" "U" "V" "W" "X" "Y"
        "Z"
    },
    words: &[],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acronyms_are_in_order_and_words_are_complete() {
        assert!(SPELLED.is_sorted());
        for letters in [&DEVANAGARI, &MARATHI, &NEPALI, &BENGALI, &ASSAMESE, &GUJARATI, &GURMUKHI, &TAMIL] {
            assert_eq!(letters.words.len(), WORDS_IN_CAPITALS.len());
        }
        for letters in [&TELUGU, &KANNADA, &MALAYALAM] {
            assert_eq!(letters.words.len(), WORDS_IN_CAPITALS.len());
        }
        assert_eq!(DEVANAGARI.name('G'), Some("जी"));
        assert!(is_known_acronym("SBI") && !is_known_acronym("PART"));
    }
}
