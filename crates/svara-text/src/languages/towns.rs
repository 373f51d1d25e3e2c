//! Names of towns and states of India: six digits behind one are a postal code.

pub(super) static SHARED: &[&str] = &words! {
    "Delhi" "Mumbai" "Kolkata" "Chennai" "Bengaluru" "Bangalore" "Hyderabad" "Pune" "Ahmedabad" "Jaipur"
    "Lucknow" "Kanpur" "Nagpur" "Indore" "Bhopal" "Patna" "Ranchi" "Raipur" "Guwahati" "Bhubaneswar" "Chandigarh"
    "Dehradun" "Shimla" "Srinagar" "Jammu" "Kochi" "Thiruvananthapuram" "Coimbatore" "Madurai" "Mysuru" "Mysore"
    "Surat" "Vadodara" "Rajkot" "Nashik" "Varanasi" "Agra" "Noida" "Gurugram" "Gurgaon" "Faridabad" "Ghaziabad"
    "Amritsar" "Ludhiana" "Visakhapatnam" "Vijayawada" "Puducherry" "Panaji" "Imphal" "Shillong" "Aizawl"
    "Kohima" "Agartala" "Gangtok" "Itanagar" "Andhra Pradesh" "Arunachal Pradesh" "Assam" "Bihar" "Chhattisgarh"
    "Goa" "Gujarat" "Haryana" "Himachal Pradesh" "Jharkhand" "Karnataka" "Kerala" "Madhya Pradesh" "Maharashtra"
    "Manipur" "Meghalaya" "Mizoram" "Nagaland" "Odisha" "Orissa" "Punjab" "Rajasthan" "Sikkim" "Tamil Nadu"
    "Tamilnadu" "Telangana" "Tripura" "Uttar Pradesh" "Uttarakhand" "West Bengal" "Jammu and Kashmir" "Kashmir"
    "Ladakh" "UP" "U.P" "MP" "M.P"
};

pub(super) static BENGALI: &[&str] = &words! {
    "কলকাতা" "হাওড়া" "শিলিগুড়ি" "দুর্গাপুর" "আসানসোল" "আগরতলা" "দিল্লি" "মুম্বই" "ত্রিপুরা" "আসাম" "বিহার"
    "ঝাড়খণ্ড" "পশ্চিমবঙ্গ" "পশ্চিম বঙ্গ"
};

pub(super) static HINDI: &[&str] = &words! {
    "दिल्ली" "मुंबई" "मुम्बई" "कोलकाता" "चेन्नई" "बेंगलुरु" "बेंगलूरु" "बैंगलोर" "हैदराबाद" "पुणे" "अहमदाबाद"
    "जयपुर" "लखनऊ" "कानपुर" "नागपुर" "इंदौर" "भोपाल" "पटना" "रांची" "राँची" "रायपुर" "गुवाहाटी" "भुवनेश्वर"
    "चंडीगढ़" "देहरादून" "शिमला" "श्रीनगर" "जम्मू" "सूरत" "वाराणसी" "आगरा" "नोएडा" "गुरुग्राम" "गुड़गांव"
    "फरीदाबाद" "गाजियाबाद" "अमृतसर" "लुधियाना" "गांधीनगर" "अमरावती" "कोहिमा" "अगरतला" "इंफाल" "शिलांग" "आइजोल"
    "ईटानगर" "गंगटोक" "पणजी" "कोच्चि" "तिरुवनंतपुरम" "विशाखापत्तनम" "असम" "बिहार" "छत्तीसगढ़" "गोवा" "गुजरात"
    "हरियाणा" "झारखंड" "झारखण्ड" "कर्नाटक" "केरल" "महाराष्ट्र" "मणिपुर" "मेघालय" "मिजोरम" "नागालैंड" "ओडिशा"
    "उड़ीसा" "पंजाब" "राजस्थान" "सिक्किम" "तमिलनाडु" "तेलंगाना" "त्रिपुरा" "उत्तराखंड" "उत्तराखण्ड" "कश्मीर"
    "लद्दाख" "आंध्र प्रदेश" "अरुणाचल प्रदेश" "हिमाचल प्रदेश" "मध्य प्रदेश" "उत्तर प्रदेश" "पश्चिम बंगाल" "उ.प्र" "म.प्र"
};

pub(super) static MALAYALAM: &[&str] = &words! {
    "തിരുവനന്തപുരം" "കൊച്ചി" "കോഴിക്കോട്" "തൃശ്ശൂർ" "തൃശൂർ" "കൊല്ലം" "കോട്ടയം" "എറണാകുളം" "കണ്ണൂർ" "പാലക്കാട്"
    "ഡൽഹി" "കേരളം" "കേരള"
};

pub(super) static MARATHI: &[&str] = &words! {
    "मुंबई" "पुणे" "नागपूर" "नाशिक" "औरंगाबाद" "कोल्हापूर" "सोलापूर" "अमरावती" "ठाणे" "दिल्ली" "महाराष्ट्र"
    "गोवा" "गुजरात" "कर्नाटक"
};

pub(super) static TAMIL: &[&str] = &words! {
    "சென்னை" "மதுரை" "கோயம்புத்தூர்" "கோவை" "திருச்சி" "சேலம்" "திருநெல்வேலி" "வேலூர்" "ஈரோடு" "பாண்டிச்சேரி"
    "புதுச்சேரி" "டெல்லி" "தமிழ்நாடு" "கேரளா"
};

pub(super) static TELUGU: &[&str] = &words! {
    "హైదరాబాద్" "విజయవాడ" "విశాఖపట్నం" "వరంగల్" "తిరుపతి" "గుంటూరు" "కర్నూలు" "నెల్లూరు" "సికింద్రాబాద్" "ఢిల్లీ"
    "తెలంగాణ" "ఆంధ్రప్రదేశ్" "ఆంధ్ర ప్రదేశ్"
};

pub(super) static ASSAMESE: &[&str] = &words! {
    "গুৱাহাটী" "দিছপুৰ" "যোৰহাট" "ডিব্ৰুগড়" "শিলচৰ" "তেজপুৰ" "দিল্লী" "অসম"
};

pub(super) static GUJARATI: &[&str] = &words! {
    "અમદાવાદ" "સુરત" "વડોદરા" "રાજકોટ" "ગાંધીનગર" "ભાવનગર" "જામનગર" "દિલ્હી" "મુંબઈ" "ગુજરાત"
};

pub(super) static KANNADA: &[&str] = &words! {
    "ಬೆಂಗಳೂರು" "ಮೈಸೂರು" "ಹುಬ್ಬಳ್ಳಿ" "ಮಂಗಳೂರು" "ಬೆಳಗಾವಿ" "ಧಾರವಾಡ" "ದಾವಣಗೆರೆ" "ತುಮಕೂರು" "ಶಿವಮೊಗ್ಗ" "ದೆಹಲಿ"
    "ಕರ್ನಾಟಕ"
};

pub(super) static PUNJABI: &[&str] = &words! {
    "ਚੰਡੀਗੜ੍ਹ" "ਅੰਮ੍ਰਿਤਸਰ" "ਲੁਧਿਆਣਾ" "ਜਲੰਧਰ" "ਪਟਿਆਲਾ" "ਬਠਿੰਡਾ" "ਮੋਹਾਲੀ" "ਦਿੱਲੀ" "ਪੰਜਾਬ" "ਹਰਿਆਣਾ"
};
