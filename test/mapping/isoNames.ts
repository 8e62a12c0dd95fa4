/** ISO 3166-1 in English: alpha-2 code, short name, and full name where the standard gives one. */
const LIST = `
AD|Andorra|the Principality of Andorra
AE|United Arab Emirates (the)|the United Arab Emirates
AF|Afghanistan|the Islamic Republic of Afghanistan
AG|Antigua and Barbuda
AI|Anguilla
AL|Albania|the Republic of Albania
AM|Armenia|the Republic of Armenia
AO|Angola|the Republic of Angola
AQ|Antarctica
AR|Argentina|the Argentine Republic
AS|American Samoa
AT|Austria|the Republic of Austria
AU|Australia
AW|Aruba
AX|Åland Islands
AZ|Azerbaijan|the Republic of Azerbaijan
BA|Bosnia and Herzegovina|the Republic of Bosnia and Herzegovina
BB|Barbados
BD|Bangladesh|the People's Republic of Bangladesh
BE|Belgium|the Kingdom of Belgium
BF|Burkina Faso
BG|Bulgaria|the Republic of Bulgaria
BH|Bahrain|the Kingdom of Bahrain
BI|Burundi|the Republic of Burundi
BJ|Benin|the Republic of Benin
BL|Saint Barthélemy
BM|Bermuda
BN|Brunei Darussalam
BO|Bolivia (Plurinational State of)|the Plurinational State of Bolivia
BQ|Bonaire, Sint Eustatius and Saba
BR|Brazil|the Federative Republic of Brazil
BS|Bahamas (the)|the Commonwealth of the Bahamas
BT|Bhutan|the Kingdom of Bhutan
BV|Bouvet Island
BW|Botswana|the Republic of Botswana
BY|Belarus|the Republic of Belarus
BZ|Belize
CA|Canada
CC|Cocos (Keeling) Islands (the)
CD|Congo (the Democratic Republic of the)|the Democratic Republic of the Congo
CF|Central African Republic (the)|the Central African Republic
CG|Congo (the)|the Republic of the Congo
CH|Switzerland|the Swiss Confederation
CI|Côte d'Ivoire|the Republic of Côte d'Ivoire
CK|Cook Islands (the)
CL|Chile|the Republic of Chile
CM|Cameroon|the Republic of Cameroon
CN|China|the People's Republic of China
CO|Colombia|the Republic of Colombia
CR|Costa Rica|the Republic of Costa Rica
CU|Cuba|the Republic of Cuba
CV|Cabo Verde|the Republic of Cabo Verde
CW|Curaçao
CX|Christmas Island
CY|Cyprus|the Republic of Cyprus
CZ|Czechia|the Czech Republic
DE|Germany|the Federal Republic of Germany
DJ|Djibouti|the Republic of Djibouti
DK|Denmark|the Kingdom of Denmark
DM|Dominica|the Commonwealth of Dominica
DO|Dominican Republic (the)|the Dominican Republic
DZ|Algeria|the People's Democratic Republic of Algeria
EC|Ecuador|the Republic of Ecuador
EE|Estonia|the Republic of Estonia
EG|Egypt|the Arab Republic of Egypt
EH|Western Sahara
ER|Eritrea|the State of Eritrea
ES|Spain|the Kingdom of Spain
ET|Ethiopia|the Federal Democratic Republic of Ethiopia
FI|Finland|the Republic of Finland
FJ|Fiji|the Republic of Fiji
FK|Falkland Islands (the) [Malvinas]
FM|Micronesia (Federated States of)|the Federated States of Micronesia
FO|Faroe Islands (the)
FR|France|the French Republic
GA|Gabon|the Gabonese Republic
GB|United Kingdom of Great Britain and Northern Ireland (the)|the United Kingdom of Great Britain and Northern Ireland
GD|Grenada
GE|Georgia
GF|French Guiana
GG|Guernsey
GH|Ghana|the Republic of Ghana
GI|Gibraltar
GL|Greenland
GM|Gambia (the)|the Republic of the Gambia
GN|Guinea|the Republic of Guinea
GP|Guadeloupe
GQ|Equatorial Guinea|the Republic of Equatorial Guinea
GR|Greece|the Hellenic Republic
GS|South Georgia and the South Sandwich Islands
GT|Guatemala|the Republic of Guatemala
GU|Guam
GW|Guinea-Bissau|the Republic of Guinea-Bissau
GY|Guyana|the Co-operative Republic of Guyana
HK|Hong Kong|the Hong Kong Special Administrative Region of China
HM|Heard Island and McDonald Islands
HN|Honduras|the Republic of Honduras
HR|Croatia|the Republic of Croatia
HT|Haiti|the Republic of Haiti
HU|Hungary
ID|Indonesia|the Republic of Indonesia
IE|Ireland
IL|Israel|the State of Israel
IM|Isle of Man
IN|India|the Republic of India
IO|British Indian Ocean Territory (the)
IQ|Iraq|the Republic of Iraq
IR|Iran (Islamic Republic of)|the Islamic Republic of Iran
IS|Iceland|the Republic of Iceland
IT|Italy|the Republic of Italy
JE|Jersey
JM|Jamaica
JO|Jordan|the Hashemite Kingdom of Jordan
JP|Japan
KE|Kenya|the Republic of Kenya
KG|Kyrgyzstan|the Kyrgyz Republic
KH|Cambodia|the Kingdom of Cambodia
KI|Kiribati|the Republic of Kiribati
KM|Comoros (the)|the Union of the Comoros
KN|Saint Kitts and Nevis
KP|Korea (the Democratic People's Republic of)|the Democratic People's Republic of Korea
KR|Korea (the Republic of)|the Republic of Korea
KW|Kuwait|the State of Kuwait
KY|Cayman Islands (the)
KZ|Kazakhstan|the Republic of Kazakhstan
LA|Lao People's Democratic Republic (the)|the Lao People's Democratic Republic
LB|Lebanon|the Lebanese Republic
LC|Saint Lucia
LI|Liechtenstein|the Principality of Liechtenstein
LK|Sri Lanka|the Democratic Socialist Republic of Sri Lanka
LR|Liberia|the Republic of Liberia
LS|Lesotho|the Kingdom of Lesotho
LT|Lithuania|the Republic of Lithuania
LU|Luxembourg|the Grand Duchy of Luxembourg
LV|Latvia|the Republic of Latvia
LY|Libya|the State of Libya
MA|Morocco|the Kingdom of Morocco
MC|Monaco|the Principality of Monaco
MD|Moldova (the Republic of)|the Republic of Moldova
ME|Montenegro
MF|Saint Martin (French part)
MG|Madagascar|the Republic of Madagascar
MH|Marshall Islands (the)|the Republic of the Marshall Islands
MK|North Macedonia|the Republic of North Macedonia
ML|Mali|the Republic of Mali
MM|Myanmar|the Republic of the Union of Myanmar
MN|Mongolia
MO|Macao|Macao Special Administrative Region of China
MP|Northern Mariana Islands (the)|the Commonwealth of the Northern Mariana Islands
MQ|Martinique
MR|Mauritania|the Islamic Republic of Mauritania
MS|Montserrat
MT|Malta|the Republic of Malta
MU|Mauritius|the Republic of Mauritius
MV|Maldives|the Republic of Maldives
MW|Malawi|the Republic of Malawi
MX|Mexico|the United Mexican States
MY|Malaysia
MZ|Mozambique|the Republic of Mozambique
NA|Namibia|the Republic of Namibia
NC|New Caledonia
NE|Niger (the)|the Republic of the Niger
NF|Norfolk Island
NG|Nigeria|the Federal Republic of Nigeria
NI|Nicaragua|the Republic of Nicaragua
NL|Netherlands (Kingdom of the)|the Kingdom of the Netherlands
NO|Norway|the Kingdom of Norway
NP|Nepal|the Federal Democratic Republic of Nepal
NR|Nauru|the Republic of Nauru
NU|Niue
NZ|New Zealand
OM|Oman|the Sultanate of Oman
PA|Panama|the Republic of Panama
PE|Peru|the Republic of Peru
PF|French Polynesia
PG|Papua New Guinea|the Independent State of Papua New Guinea
PH|Philippines (the)|the Republic of the Philippines
PK|Pakistan|the Islamic Republic of Pakistan
PL|Poland|the Republic of Poland
PM|Saint Pierre and Miquelon
PN|Pitcairn
PR|Puerto Rico|the Commonwealth of Puerto Rico
PS|Palestine, State of|the State of Palestine
PT|Portugal|the Portuguese Republic
PW|Palau|the Republic of Palau
PY|Paraguay|the Republic of Paraguay
QA|Qatar|the State of Qatar
RE|Réunion
RO|Romania
RS|Serbia|the Republic of Serbia
RU|Russian Federation (the)|the Russian Federation
RW|Rwanda|the Republic of Rwanda
SA|Saudi Arabia|the Kingdom of Saudi Arabia
SB|Solomon Islands
SC|Seychelles|the Republic of Seychelles
SD|Sudan (the)|the Republic of the Sudan
SE|Sweden|the Kingdom of Sweden
SG|Singapore|the Republic of Singapore
SH|Saint Helena, Ascension and Tristan da Cunha
SI|Slovenia|the Republic of Slovenia
SJ|Svalbard and Jan Mayen
SK|Slovakia|the Slovak Republic
SL|Sierra Leone|the Republic of Sierra Leone
SM|San Marino|the Republic of San Marino
SN|Senegal|the Republic of Senegal
SO|Somalia|the Federal Republic of Somalia
SR|Suriname|the Republic of Suriname
SS|South Sudan|the Republic of South Sudan
ST|Sao Tome and Principe|the Democratic Republic of Sao Tome and Principe
SV|El Salvador|the Republic of El Salvador
SX|Sint Maarten (Dutch part)
SY|Syrian Arab Republic (the)|the Syrian Arab Republic
SZ|Eswatini|the Kingdom of Eswatini
TC|Turks and Caicos Islands (the)
TD|Chad|the Republic of Chad
TF|French Southern Territories (the)
TG|Togo|the Togolese Republic
TH|Thailand|the Kingdom of Thailand
TJ|Tajikistan|the Republic of Tajikistan
TK|Tokelau
TL|Timor-Leste|the Democratic Republic of Timor-Leste
TM|Turkmenistan
TN|Tunisia|the Republic of Tunisia
TO|Tonga|the Kingdom of Tonga
TR|Türkiye|the Republic of Türkiye
TT|Trinidad and Tobago|the Republic of Trinidad and Tobago
TV|Tuvalu
TW|Taiwan (Province of China)
TZ|Tanzania, the United Republic of|the United Republic of Tanzania
UA|Ukraine
UG|Uganda|the Republic of Uganda
UM|United States Minor Outlying Islands (the)
US|United States of America (the)|the United States of America
UY|Uruguay|the Eastern Republic of Uruguay
UZ|Uzbekistan|the Republic of Uzbekistan
VA|Holy See (the)
VC|Saint Vincent and the Grenadines
VE|Venezuela (Bolivarian Republic of)|the Bolivarian Republic of Venezuela
VG|Virgin Islands (British)|British Virgin Islands (the)
VI|Virgin Islands (U.S.)|the Virgin Islands of the United States
VN|Viet Nam|the Socialist Republic of Viet Nam
VU|Vanuatu|the Republic of Vanuatu
WF|Wallis and Futuna|Wallis and Futuna Islands
WS|Samoa|the Independent State of Samoa
YE|Yemen|the Republic of Yemen
YT|Mayotte
ZA|South Africa|the Republic of South Africa
ZM|Zambia|the Republic of Zambia
ZW|Zimbabwe|the Republic of Zimbabwe
`;

export const ISO_NAMES: readonly [code: string, name: string][] = LIST.trim()
  .split('\n')
  .flatMap((line) => {
    const [code, ...names] = line.split('|');
    return names.map((name): [string, string] => [code!, name]);
  });
