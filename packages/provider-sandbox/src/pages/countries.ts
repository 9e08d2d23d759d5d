/** Countries a buyer can choose: the embargoed ones are listed too, for providers to refuse. */
export const COUNTRY_CODES: readonly string[] =
  'AR AT AU BE BG BO BR BY CA CH CL CN CO CR CU CY CZ DE DK DO EC EE EG ES FI FR GB GR GT HK HN HR HU ID IE IL IN IR IS IT JP KE KP KR LT LU LV MA MX MY NG NI NL NO NZ PA PE PH PL PT PY RO RS RU SA SE SG SI SK SV SY TH TR TW UA US UY VE VN ZA'.split(
    ' ',
  );
