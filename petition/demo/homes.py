"""Where the demo's people live: countries, how many sign from each, whose names they bear, towns."""

from typing import NamedTuple


class Home(NamedTuple):
    """Part of a country whose people share a naming custom.

    `share` is a relative number of signers. `names` is the locale that Faker draws names from, or two joined
    by "+": given names from the first, family names from the second. Towns are written as people there do.
    """

    country: str
    share: int
    names: str
    towns: tuple[str, ...]


HOMES = (
    Home("GB", 110, "en_GB", ("Leeds", "Glasgow", "Cardiff", "Hull", "Bristol")),
    Home("ES", 120, "es_ES", ("Gijón", "Sevilla", "Vigo", "Zaragoza", "Cádiz")),
    Home("ES", 25, "es_CA", ("Barcelona", "Girona", "Tarragona")),
    Home("AR", 70, "es_AR", ("Rosario", "Mar del Plata", "Córdoba", "Neuquén")),
    Home("MX", 65, "es_MX", ("Veracruz", "Puebla", "Oaxaca", "Tampico")),
    Home("US", 60, "en_US", ("Oakland", "Baltimore", "Chicago", "Duluth")),
    Home("DE", 60, "de_DE", ("Hamburg", "Bremen", "Leipzig", "Köln")),
    Home("FR", 45, "fr_FR", ("Marseille", "Le Havre", "Saint-Nazaire", "Lyon")),
    Home("IT", 45, "it_IT", ("Genova", "Trieste", "Napoli", "Bologna")),
    Home("BR", 45, "pt_BR", ("Santos", "Recife", "Porto Alegre", "São Luís")),
    Home("PH", 45, "en_US+es_ES", ("Iloilo City", "Cebu City", "Davao City", "Batangas City")),
    Home("CO", 35, "es_CO", ("Barranquilla", "Cali", "Buenaventura", "Medellín")),
    Home("CL", 35, "es_CL", ("Valparaíso", "Antofagasta", "Concepción")),
    Home("IN", 16, "hi_IN", ("लखनऊ", "भोपाल", "जयपुर")),
    Home("IN", 12, "ta_IN", ("சென்னை", "மதுரை", "தூத்துக்குடி")),
    Home("IN", 10, "gu_IN", ("સુરત", "ભાવનગર")),
    Home("IN", 8, "mr_IN", ("पुणे", "रत्नागिरी")),
    Home("IN", 6, "or_IN", ("କଟକ", "ପୁରୀ")),
    Home("IN", 10, "en_IN", ("Mumbai", "Kochi", "Bengaluru")),
    Home("TR", 32, "tr_TR", ("İzmir", "Mersin", "İstanbul", "Trabzon")),
    Home("GR", 32, "el_GR", ("Πειραιάς", "Θεσσαλονίκη", "Βόλος")),
    Home("EG", 30, "ar_DZ", ("الإسكندرية", "بورسعيد", "السويس")),
    Home("PT", 28, "pt_PT", ("Porto", "Setúbal", "Lisboa")),
    Home("NL", 26, "nl_NL", ("Rotterdam", "Groningen", "Vlissingen")),
    Home("IE", 18, "en_IE", ("Cork", "Galway", "Limerick")),
    Home("IE", 6, "ga_IE", ("Gaillimh", "An Daingean")),
    Home("ID", 24, "id_ID", ("Surabaya", "Semarang", "Makassar")),
    Home("PL", 24, "pl_PL", ("Gdańsk", "Szczecin", "Łódź")),
    Home("JP", 22, "ja_JP", ("横浜", "神戸", "長崎")),
    Home("KR", 22, "ko_KR", ("부산", "인천", "울산")),
    Home("UA", 22, "uk_UA", ("Одеса", "Львів", "Харків")),
    Home("BE", 12, "nl_BE", ("Antwerpen", "Gent")),
    Home("BE", 10, "fr_BE", ("Liège", "Charleroi")),
    Home("SE", 20, "sv_SE", ("Göteborg", "Malmö", "Luleå")),
    Home("NO", 18, "no_NO", ("Bergen", "Tromsø", "Stavanger")),
    Home("DK", 16, "da_DK", ("Aarhus", "Esbjerg", "Ålborg")),
    Home("BD", 18, "bn_BD", ("চট্টগ্রাম", "খুলনা", "ঢাকা")),
    Home("CN", 16, "zh_CN", ("广州", "青岛", "武汉")),
    Home("CA", 12, "en_US", ("Halifax", "Vancouver", "Hamilton")),
    Home("CA", 8, "fr_CA", ("Montréal", "Rimouski")),
    Home("AU", 16, "en_GB", ("Fremantle", "Newcastle", "Hobart")),
    Home("ZA", 14, "zu_ZA", ("Durban", "Richards Bay", "Pietermaritzburg")),
    Home("NG", 8, "yo_NG", ("Ibadan", "Abeokuta")),
    Home("NG", 7, "ig_NG", ("Enugu", "Aba")),
    Home("NG", 6, "ha_NG", ("Kano", "Kaduna")),
    Home("KE", 16, "en_KE", ("Mombasa", "Naivasha", "Kisumu")),
    Home("GH", 12, "tw_GH", ("Tema", "Takoradi", "Kumasi")),
    Home("TZ", 9, "sw", ("Tanga", "Dodoma", "Zanzibar")),
    Home("CH", 8, "de_CH", ("Basel", "Winterthur")),
    Home("CH", 6, "fr_CH", ("Genève", "Lausanne")),
    Home("FI", 13, "fi_FI", ("Turku", "Oulu", "Kotka")),
    Home("PE", 15, "es_CO", ("Callao", "Arequipa", "Trujillo")),
    Home("EC", 12, "es_CO", ("Guayaquil", "Cayambe", "Esmeraldas")),
    Home("TN", 14, "ar_DZ", ("صفاقس", "بنزرت", "قابس")),
    Home("MA", 14, "ar_DZ", ("الدار البيضاء", "طنجة", "أكادير")),
    Home("DZ", 8, "ar_DZ", ("وهران", "عنابة")),
    Home("DZ", 5, "fr_DZ", ("Béjaïa", "Tizi Ouzou")),
    Home("PS", 12, "ar_PS", ("نابلس", "رام الله", "بيت لحم")),
    Home("LB", 10, "ar_PS", ("طرابلس", "صيدا", "بيروت")),
    Home("SY", 9, "ar_PS", ("اللاذقية", "طرطوس", "حمص")),
    Home("IL", 10, "he_IL", ("חיפה", "אשדוד", "באר שבע")),
    Home("IR", 11, "fa_IR", ("بندر عباس", "اصفهان", "شیراز")),
    Home("PK", 11, "en_PK", ("Karachi", "Faisalabad", "Sialkot")),
    Home("LK", 10, "si_LK", ("කොළඹ", "ගාල්ල", "මහනුවර")),
    Home("NP", 10, "ne_NP", ("विराटनगर", "पोखरा", "काठमाडौं")),
    Home("TH", 12, "th_TH", ("สงขลา", "ชลบุรี", "เชียงใหม่")),
    Home("VN", 12, "vi_VN", ("Hải Phòng", "Đà Nẵng", "Cần Thơ")),
    Home("GE", 10, "ka_GE", ("ბათუმი", "ფოთი", "თბილისი")),
    Home("AM", 9, "hy_AM", ("Գյումրի", "Վանաձոր", "Երևան")),
    Home("AZ", 6, "az_AZ", ("Bakı", "Gəncə", "Sumqayıt")),
    Home("RU", 8, "ru_RU", ("Мурманск", "Владивосток", "Казань")),
    Home("RO", 14, "ro_RO", ("Constanța", "Galați", "Timișoara")),
    Home("HU", 11, "hu_HU", ("Szeged", "Győr", "Pécs")),
    Home("CZ", 13, "cs_CZ", ("Ostrava", "Plzeň", "Brno")),
    Home("HR", 11, "hr_HR", ("Rijeka", "Split", "Zadar")),
    Home("MK", 7, "mk_MK", ("Битола", "Скопје")),
    Home("LV", 7, "lv_LV", ("Ventspils", "Rīga")),
    Home("IS", 6, "is_IS", ("Akureyri", "Ísafjörður")),
)
