//! Names of rulers, behind which a Roman numeral is an ordinal: "Elizabeth II".

pub(crate) static RULERS: &[&str] = &words! {
    "Charles" "Henry" "Louis" "Elizabeth" "George" "Edward" "James" "Richard" "William" "Philip" "Napoleon" "Nicholas"
    "Catherine" "Peter" "Paul" "Pius" "Benedict" "Leo" "Gregory" "Innocent" "Clement" "Urban" "John" "Mary" "Victoria"
    "Frederick" "Alexander" "Francis" "Ferdinand" "Ivan" "Wilhelm" "Otto" "Leopold" "Christian" "Gustav" "Felipe" "Harald"
    "Margrethe" "Ramesses" "Ramses" "Rama" "Amenhotep" "Thutmose" "Ptolemy" "Darius" "Xerxes" "Cyrus" "Constantine"
    "Justinian" "Mehmed" "Suleiman" "Murad" "Selim" "Akbar" "Alam" "Zafar" "Chandragupta" "Kumaragupta" "Pulakeshin"
    "Harihara" "Bukka" "Devaraya" "Deva" "Raya" "Rajaraja" "Rajendra" "Kulothunga" "Vikramaditya" "Krishna" "Mahendra"
    "Narasimha" "Narasimhavarman" "Mahendravarman" "Jai" "Singh" "Rao" "Holkar" "Scindia" "Wadiyar" "Wodeyar" "Abdullah" "Jah"
};
