-- The whole schema, as the migrations of SQLite make it up to 0027: there is no older database on PostgreSQL.
-- depends: 

-- Constraints, triggers and texts of refusals have the names that they have in SQLite, so that a refusal reads the
-- same. A text sorts by code points (COLLATE "C"); where SQLite ignores the case of A-Z (NOCASE), it is a citext. Times
-- and dates are texts there and here.
--
-- Where a trigger of SQLite changes the row again after it was written, the one here changes it before.

CREATE EXTENSION IF NOT EXISTS citext;

---------------------------------------------------------------------------------------------------
-- Functions
---------------------------------------------------------------------------------------------------

-- Whether a text is a date, or a time as the service writes it, that exists; NULL for NULL. In plpgsql, since a CHECK
-- with a function in SQL is parsed again for each statement. Neither calls a function of this file: when a dump is
-- restored, PostgreSQL looks for them in no schema (https://www.postgresql.org/docs/current/app-pgdump.html#PG-DUMP-NOTES).

CREATE FUNCTION is_day(day text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE
        WHEN day !~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' THEN false
        WHEN substr(day, 9, 2) <= '28' THEN true
        WHEN substr(day, 6, 2) IN ('04', '06', '09', '11') THEN substr(day, 9, 2) <= '30'
        WHEN substr(day, 6, 2) <> '02' THEN true
        ELSE substr(day, 9, 2) = '29'
            AND substr(day, 1, 4)::int % 4 = 0
            AND (substr(day, 1, 4)::int % 100 <> 0 OR substr(day, 1, 4)::int % 400 = 0)
    END;
END
$$;

CREATE FUNCTION is_moment(moment text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE
        WHEN moment !~ ('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
            || 'T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$') THEN false
        WHEN substr(moment, 9, 2) <= '28' THEN true
        WHEN substr(moment, 6, 2) IN ('04', '06', '09', '11') THEN substr(moment, 9, 2) <= '30'
        WHEN substr(moment, 6, 2) <> '02' THEN true
        ELSE substr(moment, 9, 2) = '29'
            AND substr(moment, 1, 4)::int % 4 = 0
            AND (substr(moment, 1, 4)::int % 100 <> 0 OR substr(moment, 1, 4)::int % 400 = 0)
    END;
END
$$;

-- The days from 1970-01-01 to a date; NULL for a text that is none. A cast to date would depend on a setting. Years
-- begin in March, so that a leap day is the last; 400 years are added, so that none is negative.
CREATE FUNCTION day_number(day text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    month int;
    year int;
BEGIN
    IF day !~ '^[0-9]{4}-(0[1-9]|1[0-2])-[0-9]{2}$' THEN
        RETURN NULL;
    END IF;
    month := (substr(day, 6, 2)::int + 9) % 12;
    year := substr(day, 1, 4)::int + 400 - CASE WHEN month >= 10 THEN 1 ELSE 0 END;
    RETURN 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + substr(day, 9, 2)::int
        - 865566;
END
$$;

-- The time, as the service writes it.
CREATE FUNCTION now_as_text() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- The elements of a JSON array, as in SQLite. A text is in `atom` without its quotes. (An object is read by the
-- function of PostgreSQL of this name, which takes a json.)
CREATE FUNCTION json_each(list text) RETURNS TABLE (key bigint, value jsonb, atom text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT ordinality - 1, nullif(element, 'null'), element #>> '{}'
    FROM jsonb_array_elements(list::jsonb) WITH ORDINALITY AS listed (element, ordinality)
$$;

CREATE FUNCTION json_group_array_end(list anycompatiblearray) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT array_to_json(list) $$;

-- The JSON array of all values, as in SQLite: [] if there is none.
CREATE AGGREGATE json_group_array (anycompatible) (
    sfunc = array_append, stype = anycompatiblearray, initcond = '{}', finalfunc = json_group_array_end
);

---------------------------------------------------------------------------------------------------
-- Letters
---------------------------------------------------------------------------------------------------

CREATE TABLE letter (
    letter text COLLATE "C" NOT NULL,
    base   text COLLATE "C" NOT NULL,
    CONSTRAINT letter_key PRIMARY KEY (letter)
);

-- A name as it is sorted and searched.
CREATE FUNCTION sort_key(name text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(coalesce(letter.base, spelled.letter), '' ORDER BY place), '')
    FROM unnest(string_to_array(name, NULL)) WITH ORDINALITY AS spelled (letter, place)
    LEFT JOIN letter ON letter.letter = spelled.letter
$$;

WITH RECURSIVE pair (letters, bases) AS (
    VALUES
        ('ABCDEFGHIJKLMNOPQRSTUVWXYZªµºÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝàáâãäåçèéêëìíîïðñòóôõöø',
         'abcdefghijklmnopqrstuvwxyzaμoaaaaaaceeeeiiiidnoooooouuuuyaaaaaaceeeeiiiidnoooooo'),
        ('ùúûüýÿĀāĂăĄąĆćĈĉĊċČčĎďĐđĒēĔĕĖėĘęĚěĜĝĞğĠġĢģĤĥĦħĨĩĪīĬĭĮįİıĴĵĶķĸĹĺĻļĽľŁłŃńŅņŇňŉŊŋŌō',
         'uuuuyyaaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiijjkkkllllllllnnnnnnnnnoo'),
        ('ŎŏŐőŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŦŧŨũŪūŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽžſƀƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƙƜƝƟƠơƢƤƦƧƩƬƮƯ',
         'oooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzsbbƃƅoƈddƌeeeƒɠɣɩikkɯnɵooƣƥʀƨʃƭʈu'),
        ('ưƱƲƳƴƵƷƸƼǍǎǏǐǑǒǓǔǕǖǗǘǙǚǛǜǝǞǟǠǡǤǦǧǨǩǪǫǬǭǮǯǰǴǵǶǷǸǹǺǻǾǿȀȁȂȃȄȅȆȇȈȉȊȋȌȍȎȏȐȑȒȓȔȕȖȗȘșȚț',
         'uʊʋyyƶʒƹƽaaiioouuuuuuuuuueaaaaǥggkkooooʒʒjggƕƿnnaaooaaaaeeeeiiiioooorrrruuuusstt'),
        ('ȜȞȟȠȢȤȦȧȨȩȪȫȬȭȮȯȰȱȲȳȷȺȻȽȾɁɃɄɅɆɈɊɌɎɓɔɖɗəɛɨɲʰʱʲʳʴʵʶʷʸˠˡˢˣˤͰͲͶͿΆΈΉΊΌΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜ',
         'ȝhhƞȣȥaaeeooooooooyyjⱥȼƚⱦɂbʉʌɇɉɋɍɏboddeeinhɦjrɹɻʁwyɣlsxʕͱͳͷϳαεηιουωιαβγδεζηθικλμ'),
        ('ΝΞΟΠΡΣΤΥΦΧΨΩΪΫάέήίΰςϊϋόύώϏϐϑϒϓϔϕϖϘϚϜϞϠϢϤϦϨϪϬϮϰϱϲϴϵϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗ',
         'νξοπρστυφχψωιυαεηιυσιυουωϗβθυυυφπϙϛϝϟϡϣϥϧϩϫϭϯκρσθεϸσϻͻͼͽееђгєѕііјљњћкиуџабвгдежз'),
        ('ИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѐёѓїќѝўѠѢѤѦѨѪѬѮѰѲѴѶѷѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӂӃ',
         'ийклмнопрстуфхцчшщъыьэюяеегікиуѡѣѥѧѩѫѭѯѱѳѵѵѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏжжӄ'),
        ('ӅӇӉӋӍӐӑӒӓӔӖӗӘӚӛӜӝӞӟӠӢӣӤӥӦӧӨӪӫӬӭӮӯӰӱӲӳӴӵӶӸӹӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻ',
         'ӆӈӊӌӎааааӕееәәәжжззӡииииооөөөээууууууччӷыыӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժի'),
        ('ԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍჼᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫ',
         'լխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭნꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻ'),
        ('ᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕ',
         'ꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევ'),
        ('ᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿᴬᴮᴰᴱᴲᴳᴴᴵᴶᴷᴸᴹᴺᴼᴽᴾᴿᵀᵁᵂᵃᵄᵅᵆᵇᵈᵉᵊᵋᵌᵍᵏᵐᵑᵒᵓᵔᵕᵖᵗ',
         'ზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿabdeeghijklmnoȣprtuwaɐɑᴂbdeeeɜgkmnooᴖᴗpt'),
        ('ᵘᵙᵚᵛᵜᵝᵞᵟᵠᵡᵢᵣᵤᵥᵦᵧᵨᵩᵪᵸᶛᶜᶝᶞᶟᶠᶡᶢᶣᶤᶥᶦᶧᶨᶩᶪᶫᶬᶭᶮᶯᶰᶱᶲᶳᶴᶵᶶᶷᶸᶹᶺᶻᶼᶽᶾᶿḀḁḂḃḄḅḆḇḈḉḊḋḌḍḎḏḐḑḒḓḔḕḖ',
         'uᴝɯvᴥβγδφχiruvβγρφχнɒcɕdɜfɟɡɥiɩɪᵻʝɭᶅʟɱɰnɳɴɵɸʂʃƫʉʊᴜʋʌzʐʑʒθaabbbbbbccddddddddddeee'),
        ('ḗḘḙḚḛḜḝḞḟḠḡḢḣḤḥḦḧḨḩḪḫḬḭḮḯḰḱḲḳḴḵḶḷḸḹḺḻḼḽḾḿṀṁṂṃṄṅṆṇṈṉṊṋṌṍṎṏṐṑṒṓṔṕṖṗṘṙṚṛṜṝṞṟṠṡṢṣṤṥṦ',
         'eeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrrsssssss'),
        ('ṧṨṩṪṫṬṭṮṯṰṱṲṳṴṵṶṷṸṹṺṻṼṽṾṿẀẁẂẃẄẅẆẇẈẉẊẋẌẍẎẏẐẑẒẓẔẕẖẗẘẙẛẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặẸẹẺẻ',
         'sssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwysaaaaaaaaaaaaaaaaaaaaaaaaeeee'),
        ('ẼẽẾếỀềỂểỄễỆệỈỉỊịỌọỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợỤụỦủỨứỪừỬửỮữỰựỲỳỴỵỶỷỸỹỺỼỾἀἁἂἃἄἅἆἇἈἉἊἋἌἍἎ',
         'eeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyyỻỽỿααααααααααααααα'),
        ('ἏἐἑἒἓἔἕἘἙἚἛἜἝἠἡἢἣἤἥἦἧἨἩἪἫἬἭἮἯἰἱἲἳἴἵἶἷἸἹἺἻἼἽἾἿὀὁὂὃὄὅὈὉὊὋὌὍὐὑὒὓὔὕὖὗὙὛὝὟὠὡὢὣὤὥὦὧὨὩὪ',
         'αεεεεεεεεεεεεηηηηηηηηηηηηηηηηιιιιιιιιιιιιιιιιοοοοοοοοοοοουυυυυυυυυυυυωωωωωωωωωωω'),
        ('ὫὬὭὮὯὰάὲέὴήὶίὸόὺύὼώᾀᾁᾂᾃᾄᾅᾆᾇᾈᾉᾊᾋᾌᾍᾎᾏᾐᾑᾒᾓᾔᾕᾖᾗᾘᾙᾚᾛᾜᾝᾞᾟᾠᾡᾢᾣᾤᾥᾦᾧᾨᾩᾪᾫᾬᾭᾮᾯᾰᾱᾲᾳᾴᾶᾷᾸᾹᾺΆᾼι',
         'ωωωωωααεεηηιιοουυωωααααααααααααααααηηηηηηηηηηηηηηηηωωωωωωωωωωωωωωωωααααααααααααι'),
        ('ῂῃῄῆῇῈΈῊΉῌῐῑῒΐῖῗῘῙῚΊῠῡῢΰῤῥῦῧῨῩῪΎῬῲῳῴῶῷῸΌῺΏῼⁱⁿₐₑₒₓₔₕₖₗₘₙₚₛₜℂℇℊℋℌℍℎℏℐℑℒℓℕℙℚℛℜℝℤΩℨK',
         'ηηηηηεεηηηιιιιιιιιιιυυυυρρυυυυυυρωωωωωοοωωωinaeoxehklmnpstceghhhhhiillnpqrrrzωzk'),
        ('ÅℬℭℯℰℱℲℳℴℹℼℽℾℿⅅⅆⅇⅈⅉↃⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲ',
         'abceefⅎmoiπγγπddeijↄⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳ'),
        ('ⱵⱼⱽⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲⵯㄱㄲㄳㄴㄵㄶㄷㄸㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅃㅄㅅ',
         'ⱶjvȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳⵡᄀᄁᆪᄂᆬᆭᄃᄄᄅᆰᆱᆲᆳᆴᆵᄚᄆᄇᄈᄡᄉ'),
        ('ㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣㅤㅥㅦㅧㅨㅩㅪㅫㅬㅭㅮㅯㅰㅱㅲㅳㅴㅵㅶㅷㅸㅹㅺㅻㅼㅽㅾㅿㆀㆁㆂㆃㆄㆅㆆㆇㆈㆉㆊㆋㆌㆍㆎꙀꙂꙄꙆꙈꙊꙌ',
         'ᄊᄋᄌᄍᄎᄏᄐᄑ하ᅢᅣᅤᅥᅦᅧᅨᅩᅪᅫᅬᅭᅮᅯᅰᅱᅲᅳᅴᅵᅠᄔᄕᇇᇈᇌᇎᇓᇗᇙᄜᇝᇟᄝᄞᄠᄢᄣᄧᄩᄫᄬᄭᄮᄯᄲᄶᅀᅇᅌᇱᇲᅗᅘᅙᆄᆅᆈᆑᆒᆔᆞᆡꙁꙃꙅꙇꙉꙋꙍ'),
        ('ꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꚜꚝꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝰꝹꝻꝽꝾꞀꞂꞄꞆꞋ',
         'ꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛъьꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌ'),
        ('ꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟲꟳꟴꟵꟸꭜꭝꭞꭟꭩＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆ',
         'ɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙcfqꟶhꜧꬷɫꭒʍabcdefghijklmnopqrstuvwxyzabcdef'),
        ('ｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾠﾡﾢﾣ',
         'ghijklmnopqrstuvwxyzヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンᅠᄀᄁᆪ'),
        ('ﾤﾥﾦﾧﾨﾩﾪﾫﾬﾭﾮﾯﾰﾱﾲﾳﾴﾵﾶﾷﾸﾹﾺﾻﾼﾽﾾￂￃￄￅￆￇￊￋￌￍￎￏￒￓￔￕￖￗￚￛￜ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟',
         'ᄂᆬᆭᄃᄄᄅᆰᆱᆲᆳᆴᆵᄚᄆᄇᄈᄡᄉᄊᄋᄌᄍᄎᄏᄐᄑ하ᅢᅣᅤᅥᅦᅧᅨᅩᅪᅫᅬᅭᅮᅯᅰᅱᅲᅳᅴᅵ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇'),
        ('𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐞁',
         '𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼ː'),
        ('𐞂𐞄𐞅𐞇𐞈𐞉𐞊𐞋𐞌𐞍𐞎𐞏𐞐𐞑𐞒𐞓𐞔𐞕𐞖𐞗𐞘𐞙𐞚𐞛𐞜𐞝𐞞𐞟𐞠𐞡𐞢𐞣𐞤𐞥𐞦𐞧𐞨𐞩𐞪𐞫𐞬𐞭𐞮𐞯𐞰𐞲𐞳𐞴𐞵𐞶𐞷𐞸𐞹𐞺𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹',
         'ˑʙbʣꭦʥʤddᶑɘɞʩɤɢɠʛhʜɧʄʪʫɬ𝼄ꞎɮ𝼅ʎ𝼆oɶɷqɺ𝼈ɽɾʀʨʦꭧʧʈⱱʏʡʢʘǀǁǂ𝼊𝼞𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙'),
        ('𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟',
         '𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿')
),

place (at) AS (
    SELECT 1 UNION ALL SELECT at + 1 FROM place WHERE at < 80
)

INSERT INTO letter (letter, base)
SELECT substr(letters, at, 1), substr(bases, at, 1)
FROM pair
CROSS JOIN place
WHERE at <= length(letters);

-- Letters that are not written from left to right, by code point.
INSERT INTO letter (letter, base)
SELECT chr(column1), chr(column2)
FROM (
    VALUES
        (1570, 1575), (1571, 1575), (1572, 1608), (1573, 1575), (1574, 1610), (1728, 1749),
        (1730, 1729), (1747, 1746), (8501, 1488), (8502, 1489), (8503, 1490), (8504, 1491),
        (65438, 12441), (65439, 12442), (125184, 125218), (125185, 125219), (125186, 125220), (125187, 125221),
        (125188, 125222), (125189, 125223), (125190, 125224), (125191, 125225), (125192, 125226), (125193, 125227),
        (125194, 125228), (125195, 125229), (125196, 125230), (125197, 125231), (125198, 125232), (125199, 125233),
        (125200, 125234), (125201, 125235), (125202, 125236), (125203, 125237), (125204, 125238), (125205, 125239),
        (125206, 125240), (125207, 125241), (125208, 125242), (125209, 125243), (125210, 125244), (125211, 125245),
        (125212, 125246), (125213, 125247), (125214, 125248), (125215, 125249), (125216, 125250), (125217, 125251)
);

-- Letters that stand for two or three.
INSERT INTO letter (letter, base)
VALUES
    ('Æ', 'ae'), ('æ', 'ae'), ('Ǣ', 'ae'), ('ǣ', 'ae'), ('Ǽ', 'ae'), ('ǽ', 'ae'),
    ('ᴭ', 'ae'), ('𐞃', 'ae'), ('Þ', 'th'), ('þ', 'th'), ('ß', 'ss'), ('ẞ', 'ss'),
    ('Ĳ', 'ij'), ('ĳ', 'ij'), ('Ŀ', 'l '), ('ŀ', 'l '), ('Œ', 'oe'), ('œ', 'oe'),
    ('ꟹ', 'oe'), ('Ǆ', 'dz'), ('ǅ', 'dz'), ('ǆ', 'dz'), ('Ǳ', 'dz'), ('ǲ', 'dz'),
    ('ǳ', 'dz'), ('Ǉ', 'lj'), ('ǈ', 'lj'), ('ǉ', 'lj'), ('Ǌ', 'nj'), ('ǋ', 'nj'),
    ('ǌ', 'nj'), ('և', 'եւ'), ('ٵ', 'اٴ'), ('ٶ', 'وٴ'), ('ٷ', 'ۇٴ'), ('ٸ', 'يٴ'),
    ('ำ', 'ํา'), ('ຳ', 'ໍາ'), ('ໜ', 'ຫນ'), ('ໝ', 'ຫມ'), ('ẚ', 'aʾ'), ('ゟ', 'より'),
    ('ヿ', 'コト'), ('ﬀ', 'ff'), ('ﬁ', 'fi'), ('ﬂ', 'fl'), ('ﬃ', 'ffi'), ('ﬄ', 'ffl'),
    ('ﬅ', 'st'), ('ﬆ', 'st');

-- Apostrophes, marks above and below letters, and characters that show nothing: the first and the last code
-- point of each range. They are left out.
WITH RECURSIVE span (code, last) AS (
    SELECT column1, column2
    FROM (
        VALUES
            (39, 39), (96, 96), (173, 173), (180, 180), (697, 697), (699, 700),
            (768, 819), (825, 846), (848, 879), (884, 884), (1155, 1159), (1425, 1469),
            (1471, 1471), (1473, 1474), (1476, 1477), (1479, 1479), (1536, 1541), (1552, 1562),
            (1564, 1564), (1611, 1631), (1648, 1648), (1750, 1757), (1759, 1764), (1767, 1768),
            (1770, 1773), (1807, 1807), (1809, 1809), (1840, 1866), (2027, 2035), (2045, 2045),
            (2070, 2073), (2075, 2083), (2085, 2087), (2089, 2093), (2137, 2139), (2192, 2193),
            (2200, 2207), (2250, 2303), (2385, 2388), (2558, 2558), (3864, 3865), (3893, 3893),
            (3895, 3895), (3897, 3897), (3970, 3971), (3974, 3975), (4038, 4038), (4237, 4237),
            (4957, 4959), (6109, 6109), (6158, 6158), (6313, 6313), (6457, 6459), (6679, 6680),
            (6773, 6780), (6783, 6783), (6832, 6845), (6847, 6862), (7019, 7027), (7376, 7378),
            (7381, 7392), (7405, 7405), (7412, 7412), (7416, 7417), (7616, 7679), (8203, 8207),
            (8216, 8217), (8219, 8219), (8234, 8238), (8242, 8242), (8288, 8292), (8294, 8303),
            (8400, 8401), (8404, 8407), (8411, 8412), (8417, 8417), (8423, 8425), (8428, 8432),
            (11503, 11505), (11744, 11775), (12330, 12333), (42607, 42607), (42612, 42621), (42654, 42655),
            (42736, 42737), (43232, 43249), (43307, 43309), (43696, 43696), (43698, 43700), (43703, 43704),
            (43710, 43711), (43713, 43713), (64286, 64286), (65056, 65071), (65279, 65279), (65287, 65287),
            (65529, 65531), (66045, 66045), (66272, 66272), (66422, 66426), (68109, 68109), (68111, 68111),
            (68152, 68152), (68154, 68154), (68325, 68326), (68900, 68903), (69291, 69292), (69446, 69456),
            (69506, 69509), (69821, 69821), (69837, 69837), (69888, 69890), (70502, 70508), (70512, 70516),
            (70750, 70750), (78896, 78904), (92976, 92982), (113824, 113827), (119155, 119170), (119173, 119179),
            (119210, 119213), (119362, 119364), (122880, 122886), (122888, 122904), (122907, 122913), (122915, 122916),
            (122918, 122922), (123184, 123190), (123566, 123566), (123628, 123631), (125136, 125142), (125252, 125257)
    ) AS listed
    UNION ALL
    SELECT code + 1, last FROM span WHERE code < last
)

INSERT INTO letter (letter, base)
SELECT chr(code), ''
FROM span;

-- Punctuation and spaces, by ranges too: they stand between words.
WITH RECURSIVE span (code, last) AS (
    SELECT column1, column2
    FROM (
        VALUES
            (1, 31), (33, 38), (40, 47), (58, 64), (91, 95), (123, 169),
            (171, 172), (174, 177), (182, 184), (187, 187), (191, 191), (215, 215),
            (247, 247), (706, 709), (722, 735), (741, 747), (749, 749), (751, 767),
            (885, 885), (894, 894), (900, 901), (903, 903), (1014, 1014), (1154, 1154),
            (1370, 1375), (1417, 1418), (1421, 1423), (1470, 1470), (1472, 1472), (1475, 1475),
            (1478, 1478), (1523, 1524), (5760, 5760), (8192, 8202), (8208, 8215), (8218, 8218),
            (8220, 8233), (8239, 8241), (8243, 8287), (8722, 8722), (12288, 12292), (12296, 12320),
            (12336, 12336), (12342, 12343), (12349, 12351), (12539, 12539), (65123, 65123), (65281, 65286),
            (65288, 65295)
    ) AS listed
    UNION ALL
    SELECT code + 1, last FROM span WHERE code < last
)

INSERT INTO letter (letter, base)
SELECT chr(code), ' '
FROM span;

---------------------------------------------------------------------------------------------------
-- Who acts
---------------------------------------------------------------------------------------------------

CREATE TABLE acting (
    only_row bigint NOT NULL DEFAULT 1 PRIMARY KEY,
    actor    text COLLATE "C" NOT NULL,
    at       text COLLATE "C" NOT NULL,
    CONSTRAINT acting_is_one CHECK (only_row = 1),
    CONSTRAINT acting_at_is_time CHECK (is_moment(at))
);

---------------------------------------------------------------------------------------------------
-- Changes on record
---------------------------------------------------------------------------------------------------

CREATE TABLE record_change (
    id          bigint NOT NULL PRIMARY KEY,
    subject     text COLLATE "C" NOT NULL,
    subject_id  bigint NOT NULL,
    part        text COLLATE "C",
    version     bigint NOT NULL,
    actor       text COLLATE "C",
    recorded_at text COLLATE "C" NOT NULL,
    before      text COLLATE "C",
    after       text COLLATE "C",
    CONSTRAINT record_change_subject_known CHECK (subject IN ('student', 'term', 'course', 'hold', 'token')),
    CONSTRAINT record_change_part_known
        CHECK (part IS NULL OR subject = 'course' AND part IN ('requirement', 'meeting')),
    CONSTRAINT record_change_version_positive CHECK (version >= 1),
    CONSTRAINT record_change_recorded_at_is_time CHECK (is_moment(recorded_at)),
    CONSTRAINT record_change_changes_something CHECK (before IS DISTINCT FROM after),
    CONSTRAINT record_change_before_is_an_object CHECK (before LIKE '{%}'),
    CONSTRAINT record_change_after_is_an_object CHECK (after LIKE '{%}')
);

CREATE INDEX record_change_by_actor ON record_change (actor, id);

CREATE INDEX record_change_by_record ON record_change (subject_id, id);

CREATE INDEX record_change_by_subject ON record_change (subject, id);

CREATE INDEX record_change_by_time ON record_change (recorded_at, id);

---------------------------------------------------------------------------------------------------
-- Students
---------------------------------------------------------------------------------------------------

CREATE TABLE student (
    id          bigint NOT NULL PRIMARY KEY,
    number      citext COLLATE "C",
    given_name  citext COLLATE "C",
    family_name citext COLLATE "C" NOT NULL,
    email       citext COLLATE "C",
    status      text COLLATE "C" NOT NULL DEFAULT 'active',
    max_credits double precision,
    version     bigint NOT NULL DEFAULT 1,
    updated_at  text COLLATE "C" NOT NULL DEFAULT now_as_text(),
    family_sort text COLLATE "C" NOT NULL DEFAULT '',
    given_sort  text COLLATE "C" NOT NULL DEFAULT '',
    groups      text COLLATE "C" NOT NULL DEFAULT '[]',
    CONSTRAINT student_groups_is_list CHECK (groups LIKE '[%]'),
    CONSTRAINT student_number_form CHECK (length(number) BETWEEN 1 AND 32 AND number !~ '[^!-~]'),
    CONSTRAINT student_number_unique UNIQUE (number),
    CONSTRAINT student_given_name_length CHECK (length(given_name) BETWEEN 1 AND 500),
    CONSTRAINT student_family_name_length CHECK (length(family_name) BETWEEN 1 AND 500),
    CONSTRAINT student_email_form CHECK (length(email) <= 254 AND email LIKE '_%@_%'),
    CONSTRAINT student_status_known CHECK (status IN ('active', 'inactive')),
    CONSTRAINT student_max_credits_range CHECK (max_credits BETWEEN 0 AND 1000),
    CONSTRAINT student_version_positive CHECK (version >= 1),
    CONSTRAINT student_updated_at_is_time CHECK (is_moment(updated_at))
);

CREATE INDEX student_by_email ON student (email, id);

CREATE INDEX student_by_name ON student (family_sort, given_sort, id);

CREATE INDEX student_by_update ON student (updated_at, id);

CREATE TABLE student_word (
    word       text COLLATE "C" NOT NULL,
    student_id bigint NOT NULL,
    CONSTRAINT student_word_key PRIMARY KEY (word, student_id),
    CONSTRAINT student_word_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
);

CREATE INDEX student_word_by_student ON student_word (student_id);

CREATE TABLE erasure (
    student_id bigint NOT NULL PRIMARY KEY,
    erased_at  text COLLATE "C" NOT NULL,
    erased_by  text COLLATE "C" NOT NULL,
    reason     text COLLATE "C" NOT NULL,
    CONSTRAINT erasure_erased_at_is_time CHECK (is_moment(erased_at)),
    CONSTRAINT erasure_reason_length CHECK (length(reason) BETWEEN 1 AND 500)
);

---------------------------------------------------------------------------------------------------
-- Terms
---------------------------------------------------------------------------------------------------

CREATE TABLE term (
    id           bigint NOT NULL PRIMARY KEY,
    code         citext COLLATE "C" NOT NULL,
    title        citext COLLATE "C" NOT NULL,
    start_on     text COLLATE "C" NOT NULL,
    end_on       text COLLATE "C" NOT NULL,
    max_credits  double precision,
    updated_at   text COLLATE "C" NOT NULL DEFAULT now_as_text(),
    version      bigint NOT NULL DEFAULT 1,
    first_day    bigint GENERATED ALWAYS AS (day_number(start_on)) STORED,
    last_day     bigint GENERATED ALWAYS AS (day_number(end_on)) STORED,
    drop_until   text COLLATE "C",
    enroll_from  text COLLATE "C",
    enroll_until text COLLATE "C",
    CONSTRAINT term_drop_until_is_time CHECK (is_moment(drop_until)),
    CONSTRAINT term_enroll_from_is_time CHECK (is_moment(enroll_from)),
    CONSTRAINT term_enroll_until_is_time CHECK (is_moment(enroll_until)),
    CONSTRAINT term_enroll_window_runs_forward CHECK (enroll_from < enroll_until),
    CONSTRAINT term_code_length CHECK (length(code) BETWEEN 1 AND 32),
    CONSTRAINT term_code_unique UNIQUE (code),
    CONSTRAINT term_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT term_start_on_is_date CHECK (is_day(start_on)),
    CONSTRAINT term_end_on_is_date CHECK (is_day(end_on)),
    CONSTRAINT term_ends_after_start CHECK (start_on <= end_on),
    CONSTRAINT term_max_credits_range CHECK (max_credits BETWEEN 0 AND 1000),
    CONSTRAINT term_updated_at_is_time CHECK (is_moment(updated_at)),
    CONSTRAINT term_version_positive CHECK (version >= 1)
);

CREATE INDEX term_by_code ON term (code, id);

---------------------------------------------------------------------------------------------------
-- Courses
---------------------------------------------------------------------------------------------------

CREATE TABLE course (
    id                bigint NOT NULL PRIMARY KEY,
    code              citext COLLATE "C" NOT NULL,
    section           citext COLLATE "C",
    label             citext COLLATE "C"
        GENERATED ALWAYS AS (CASE WHEN section IS NULL THEN code ELSE code || '-' || section END) STORED,
    title             citext COLLATE "C" NOT NULL,
    term              citext COLLATE "C",
    instructor        citext COLLATE "C",
    credits           double precision NOT NULL DEFAULT 0,
    capacity          bigint,
    waitlist_capacity bigint,
    promotion         text COLLATE "C" NOT NULL DEFAULT 'automatic',
    enroll_from       text COLLATE "C",
    enroll_until      text COLLATE "C",
    status            text COLLATE "C" NOT NULL DEFAULT 'open',
    repeatable        boolean NOT NULL DEFAULT false,
    updated_at        text COLLATE "C" NOT NULL DEFAULT now_as_text(),
    version           bigint NOT NULL DEFAULT 1,
    drop_until        text COLLATE "C",
    open_to           text COLLATE "C" NOT NULL DEFAULT '[]',
    early_access      text COLLATE "C" NOT NULL DEFAULT '{}',
    counts_as         text COLLATE "C" NOT NULL DEFAULT '[]',
    CONSTRAINT course_drop_until_is_time CHECK (is_moment(drop_until)),
    CONSTRAINT course_open_to_is_list CHECK (open_to LIKE '[%]'),
    CONSTRAINT course_early_access_is_object CHECK (early_access LIKE '{%}'),
    CONSTRAINT course_counts_as_is_list CHECK (counts_as LIKE '[%]'),
    CONSTRAINT course_term_exists FOREIGN KEY (term) REFERENCES term (code)
        ON UPDATE CASCADE ON DELETE RESTRICT,
    CONSTRAINT course_code_length CHECK (length(code) BETWEEN 1 AND 32),
    CONSTRAINT course_section_length CHECK (length(section) BETWEEN 1 AND 32),
    CONSTRAINT course_code_unique UNIQUE (term, code, label),
    CONSTRAINT course_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT course_instructor_length CHECK (length(instructor) BETWEEN 1 AND 200),
    CONSTRAINT course_credits_range CHECK (credits BETWEEN 0 AND 1000),
    CONSTRAINT course_capacity_range CHECK (capacity BETWEEN 0 AND 1000000),
    CONSTRAINT course_waitlist_capacity_range CHECK (waitlist_capacity BETWEEN 0 AND 1000000),
    CONSTRAINT course_promotion_known CHECK (promotion IN ('automatic', 'manual')),
    CONSTRAINT course_enroll_from_is_time CHECK (is_moment(enroll_from)),
    CONSTRAINT course_enroll_until_is_time CHECK (is_moment(enroll_until)),
    CONSTRAINT course_enroll_window_runs_forward CHECK (enroll_from < enroll_until),
    CONSTRAINT course_status_known CHECK (status IN ('open', 'closed', 'cancelled')),
    CONSTRAINT course_updated_at_is_time CHECK (is_moment(updated_at)),
    CONSTRAINT course_version_positive CHECK (version >= 1)
);

-- A list goes on after the last row that was shown, so its index ends in the id, as each of SQLite does by itself.
CREATE INDEX course_by_code ON course (code, label, id);

CREATE INDEX course_by_term ON course (term, code, label, id);

CREATE UNIQUE INDEX course_code_unique_without_term ON course (code, label) WHERE term IS NULL;

CREATE TABLE course_code (
    course_id bigint NOT NULL,
    code      citext COLLATE "C" NOT NULL,
    CONSTRAINT course_code_key PRIMARY KEY (course_id, code),
    CONSTRAINT course_code_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
);

CREATE TABLE course_requirement (
    course_id bigint NOT NULL,
    choice    bigint NOT NULL DEFAULT 0,
    code      citext COLLATE "C" NOT NULL,
    kind      text COLLATE "C" NOT NULL,
    CONSTRAINT course_requirement_key PRIMARY KEY (course_id, choice, code),
    CONSTRAINT course_requirement_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT course_requirement_choice_range CHECK (choice BETWEEN 0 AND 20),
    CONSTRAINT course_requirement_code_length CHECK (length(code) BETWEEN 1 AND 32),
    CONSTRAINT course_requirement_kind_known CHECK (kind IN ('prerequisite', 'concurrent', 'corequisite')),
    CONSTRAINT course_requirement_choice_is_of_prerequisites CHECK (choice = 0 OR kind <> 'corequisite')
);

CREATE INDEX course_requirement_by_code ON course_requirement (code);

CREATE TABLE course_meeting (
    course_id bigint NOT NULL,
    weekday   bigint NOT NULL,
    from_time text COLLATE "C" NOT NULL,
    to_time   text COLLATE "C" NOT NULL,
    room      text COLLATE "C",
    start_on  text COLLATE "C",
    end_on    text COLLATE "C",
    every     bigint NOT NULL DEFAULT 1,
    first_day bigint GENERATED ALWAYS AS (day_number(start_on)) STORED,
    last_day  bigint GENERATED ALWAYS AS (day_number(end_on)) STORED,
    CONSTRAINT course_meeting_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT course_meeting_weekday_known CHECK (weekday BETWEEN 1 AND 7),
    CONSTRAINT course_meeting_from_is_time CHECK (from_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
    CONSTRAINT course_meeting_to_is_time CHECK (to_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
    CONSTRAINT course_meeting_ends_after_start CHECK (from_time < to_time),
    CONSTRAINT course_meeting_room_length CHECK (length(room) BETWEEN 1 AND 100),
    CONSTRAINT course_meeting_start_on_is_date CHECK (is_day(start_on)),
    CONSTRAINT course_meeting_end_on_is_date CHECK (is_day(end_on)),
    CONSTRAINT course_meeting_dates_run_forward CHECK (start_on <= end_on),
    CONSTRAINT course_meeting_every_known CHECK (every IN (1, 2))
);

CREATE UNIQUE INDEX course_meeting_key
ON course_meeting (course_id, weekday, from_time, coalesce(start_on, ''));

CREATE TABLE course_word (
    word      text COLLATE "C" NOT NULL,
    course_id bigint NOT NULL,
    CONSTRAINT course_word_key PRIMARY KEY (word, course_id),
    CONSTRAINT course_word_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
);

CREATE INDEX course_word_by_course ON course_word (course_id);

---------------------------------------------------------------------------------------------------
-- Holds
---------------------------------------------------------------------------------------------------

CREATE TABLE hold (
    id          bigint NOT NULL PRIMARY KEY,
    student_id  bigint NOT NULL,
    reason      text COLLATE "C" NOT NULL,
    placed_at   text COLLATE "C" NOT NULL,
    placed_by   text COLLATE "C" NOT NULL,
    released_at text COLLATE "C",
    released_by text COLLATE "C",
    version     bigint NOT NULL DEFAULT 1,
    CONSTRAINT hold_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT hold_reason_length CHECK (length(reason) BETWEEN 1 AND 500),
    CONSTRAINT hold_placed_at_is_time CHECK (is_moment(placed_at)),
    CONSTRAINT hold_released_at_is_time CHECK (is_moment(released_at)),
    CONSTRAINT hold_released_by_someone CHECK ((released_at IS NULL) = (released_by IS NULL)),
    CONSTRAINT hold_version_positive CHECK (version >= 1)
);

CREATE INDEX hold_by_student ON hold (student_id, id);

CREATE INDEX hold_open ON hold (id) WHERE released_at IS NULL;

---------------------------------------------------------------------------------------------------
-- Enrollments
---------------------------------------------------------------------------------------------------

CREATE TABLE student_course (
    student_id     bigint NOT NULL,
    course_id      bigint NOT NULL,
    status         text COLLATE "C" NOT NULL,
    enrolled_at    text COLLATE "C",
    waitlisted_at  text COLLATE "C",
    completed_at   text COLLATE "C",
    dropped_at     text COLLATE "C",
    changed_at     text COLLATE "C" NOT NULL,
    effective_at   text COLLATE "C",
    changed_by     text COLLATE "C",
    change_reason  text COLLATE "C",
    overridden     text COLLATE "C",
    place_of       bigint,
    queue_number   bigint NOT NULL DEFAULT 0,
    version        bigint NOT NULL DEFAULT 1,
    corrects       bigint,
    restores       bigint,
    passed         boolean,
    grade          text COLLATE "C",
    passed_at      text COLLATE "C",
    queue_fraction text COLLATE "C" NOT NULL DEFAULT '',
    instead_of     bigint,
    CONSTRAINT student_course_outcome_makes_sense
        CHECK (length(grade) BETWEEN 1 AND 10 AND is_moment(passed_at)),
    CONSTRAINT student_course_queue_fraction_is_digits
        CHECK (queue_fraction !~ '[^0-9]' AND queue_fraction NOT LIKE '%0'),
    CONSTRAINT student_course_instead_of_another CHECK (instead_of <> course_id),
    CONSTRAINT student_course_key PRIMARY KEY (student_id, course_id),
    CONSTRAINT student_course_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE RESTRICT,
    CONSTRAINT student_course_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE RESTRICT,
    CONSTRAINT student_course_status_known
        CHECK (status IN ('enrolled', 'waitlisted', 'completed', 'dropped', 'void')),
    CONSTRAINT student_course_status_has_its_time CHECK (
        CASE status
            WHEN 'enrolled' THEN enrolled_at
            WHEN 'waitlisted' THEN waitlisted_at
            WHEN 'completed' THEN completed_at
            WHEN 'dropped' THEN dropped_at
            WHEN 'void' THEN changed_at
        END IS NOT NULL
    ),
    CONSTRAINT student_course_void_has_no_time CHECK (
        status <> 'void' OR coalesce(enrolled_at, waitlisted_at, completed_at, dropped_at) IS NULL
    ),
    CONSTRAINT student_course_times_are_times CHECK (
        is_moment(enrolled_at)
        AND is_moment(waitlisted_at)
        AND is_moment(completed_at)
        AND is_moment(dropped_at)
        AND is_moment(changed_at)
    ),
    CONSTRAINT student_course_effective_at_is_time CHECK (is_moment(effective_at) AND effective_at <= changed_at),
    CONSTRAINT student_course_overridden_is_a_list CHECK (overridden LIKE '["%"]'),
    CONSTRAINT student_course_version_positive CHECK (version >= 1)
);

CREATE INDEX student_course_by_course
ON student_course (course_id, status, queue_number, queue_fraction, student_id);

CREATE INDEX student_course_by_course_and_student ON student_course (course_id, student_id);

---------------------------------------------------------------------------------------------------
-- Events
---------------------------------------------------------------------------------------------------

CREATE TABLE student_course_event (
    id             bigint NOT NULL PRIMARY KEY,
    student_id     bigint NOT NULL,
    course_id      bigint NOT NULL,
    from_status    text COLLATE "C",
    to_status      text COLLATE "C" NOT NULL,
    effective_at   text COLLATE "C" NOT NULL,
    recorded_at    text COLLATE "C" NOT NULL,
    actor          text COLLATE "C",
    reason         text COLLATE "C",
    overridden     text COLLATE "C",
    place_of       bigint,
    corrects       bigint,
    restores       bigint,
    passed         boolean,
    grade          text COLLATE "C",
    queue_number   bigint,
    queue_fraction text COLLATE "C",
    position       bigint,
    instead_of     bigint,
    CONSTRAINT student_course_event_outcome_makes_sense CHECK (length(grade) BETWEEN 1 AND 10),
    CONSTRAINT student_course_event_place_makes_sense CHECK (
        (queue_number IS NULL) = (queue_fraction IS NULL)
        AND queue_number >= 0
        AND queue_fraction <> ''
        AND queue_fraction !~ '[^0-9]'
        AND queue_fraction NOT LIKE '%0'
        AND position >= 1
    ),
    CONSTRAINT student_course_event_waits_instead
        CHECK (instead_of IS NULL OR instead_of <> course_id AND to_status = 'waitlisted'),
    CONSTRAINT student_course_event_from_status_known
        CHECK (from_status IN ('enrolled', 'waitlisted', 'completed', 'dropped', 'void')),
    CONSTRAINT student_course_event_to_status_known
        CHECK (to_status IN ('enrolled', 'waitlisted', 'completed', 'dropped', 'void')),
    CONSTRAINT student_course_event_effective_at_is_time CHECK (is_moment(effective_at) AND effective_at <= recorded_at),
    CONSTRAINT student_course_event_recorded_at_is_time CHECK (is_moment(recorded_at)),
    CONSTRAINT student_course_event_overridden_is_a_list CHECK (overridden LIKE '["%"]')
);

CREATE INDEX student_course_event_by_actor ON student_course_event (actor, id);

CREATE INDEX student_course_event_by_course ON student_course_event (course_id, id);

CREATE INDEX student_course_event_by_enrollment
ON student_course_event (student_id, course_id, id);

CREATE INDEX student_course_event_by_kind ON student_course_event (to_status, id) WHERE to_status <> 'enrolled';

CREATE INDEX student_course_event_by_time ON student_course_event (recorded_at, id);

CREATE INDEX student_course_event_that_corrects ON student_course_event (student_id, course_id, id)
WHERE corrects IS NOT NULL;

CREATE INDEX student_course_event_with_override ON student_course_event (id) WHERE overridden IS NOT NULL;

---------------------------------------------------------------------------------------------------
-- Tokens
---------------------------------------------------------------------------------------------------

CREATE TABLE token (
    id           bigint NOT NULL PRIMARY KEY,
    name         text COLLATE "C" NOT NULL,
    role         text COLLATE "C" NOT NULL,
    student_id   bigint,
    lookup       text COLLATE "C" NOT NULL,
    digest       text COLLATE "C" NOT NULL,
    created_at   text COLLATE "C" NOT NULL,
    created_by   text COLLATE "C" NOT NULL,
    expires_at   text COLLATE "C",
    last_used_at text COLLATE "C",
    revoked_at   text COLLATE "C",
    revoked_by   text COLLATE "C",
    version      bigint NOT NULL DEFAULT 1,
    CONSTRAINT token_lookup_unique UNIQUE (lookup),
    CONSTRAINT token_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT token_name_length CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT token_role_known CHECK (role IN ('monitor', 'reader', 'registrar', 'student', 'admin')),
    CONSTRAINT token_of_a_student_has_one CHECK ((role = 'student') = (student_id IS NOT NULL)),
    CONSTRAINT token_digest_form CHECK (digest ~ '^[0-9a-f]{64}$'),
    CONSTRAINT token_times_are_times CHECK (
        is_moment(created_at)
        AND is_moment(expires_at)
        AND is_moment(last_used_at)
        AND is_moment(revoked_at)
    ),
    CONSTRAINT token_revoked_by_someone CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)),
    CONSTRAINT token_version_positive CHECK (version >= 1)
);

CREATE INDEX token_by_student ON token (student_id, id);

CREATE TABLE sign_in_link (
    id         bigint NOT NULL PRIMARY KEY,
    token_id   bigint NOT NULL,
    digest     text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    expires_at text COLLATE "C" NOT NULL,
    used_at    text COLLATE "C",
    CONSTRAINT sign_in_link_digest_unique UNIQUE (digest),
    CONSTRAINT sign_in_link_token_exists FOREIGN KEY (token_id) REFERENCES token (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT sign_in_link_created_at_is_time CHECK (is_moment(created_at)),
    CONSTRAINT sign_in_link_expires_at_is_time CHECK (is_moment(expires_at)),
    CONSTRAINT sign_in_link_used_at_is_time CHECK (is_moment(used_at))
);

CREATE INDEX sign_in_link_by_end ON sign_in_link (expires_at);

CREATE INDEX sign_in_link_by_token ON sign_in_link (token_id);

CREATE TABLE session (
    id         bigint NOT NULL PRIMARY KEY,
    token_id   bigint NOT NULL,
    digest     text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    seen_at    text COLLATE "C" NOT NULL,
    expires_at text COLLATE "C" NOT NULL,
    CONSTRAINT session_digest_unique UNIQUE (digest),
    CONSTRAINT session_token_exists FOREIGN KEY (token_id) REFERENCES token (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT session_created_at_is_time CHECK (is_moment(created_at)),
    CONSTRAINT session_seen_at_is_time CHECK (is_moment(seen_at)),
    CONSTRAINT session_expires_at_is_time CHECK (is_moment(expires_at))
);

CREATE INDEX session_by_end ON session (expires_at);

CREATE INDEX session_by_token ON session (token_id);

CREATE TABLE kept_answer (
    token_id    bigint NOT NULL,
    key         text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    status      bigint NOT NULL,
    headers     text COLLATE "C" NOT NULL,
    content     bytea    NOT NULL,
    kept_at     text COLLATE "C" NOT NULL,
    CONSTRAINT kept_answer_key PRIMARY KEY (token_id, key),
    CONSTRAINT kept_answer_token_exists FOREIGN KEY (token_id) REFERENCES token (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT kept_answer_key_length CHECK (length(key) BETWEEN 1 AND 255),
    CONSTRAINT kept_answer_status_is_success CHECK (status BETWEEN 200 AND 299),
    CONSTRAINT kept_answer_kept_at_is_time CHECK (is_moment(kept_at))
);

CREATE INDEX kept_answer_by_time ON kept_answer (kept_at);

---------------------------------------------------------------------------------------------------
-- Imports
---------------------------------------------------------------------------------------------------

CREATE TABLE import (
    id           bigint NOT NULL PRIMARY KEY,
    source       citext COLLATE "C" NOT NULL,
    format       text COLLATE "C" NOT NULL,
    file_name    text COLLATE "C",
    digest       text COLLATE "C" NOT NULL,
    made_at      text COLLATE "C" NOT NULL,
    made_by      text COLLATE "C" NOT NULL,
    reason       text COLLATE "C",
    after_change bigint NOT NULL,
    last_change  bigint NOT NULL,
    after_event  bigint NOT NULL,
    last_event   bigint NOT NULL,
    report       text COLLATE "C" NOT NULL DEFAULT '{}',
    undone_at    text COLLATE "C",
    undone_by    text COLLATE "C",
    version      bigint NOT NULL DEFAULT 1,
    CONSTRAINT import_source_length CHECK (length(source) BETWEEN 1 AND 100),
    CONSTRAINT import_format_known CHECK (format IN ('oneroster-1.1', 'oneroster-1.2', 'sds-2.1', 'clever', 'list')),
    CONSTRAINT import_digest_form CHECK (digest ~ '^[0-9a-f]{64}$'),
    CONSTRAINT import_report_is_an_object CHECK (report LIKE '{%}'),
    CONSTRAINT import_times_are_times CHECK (
        is_moment(made_at)
        AND is_moment(undone_at)
    ),
    CONSTRAINT import_ranges_run_forward CHECK (after_change <= last_change AND after_event <= last_event),
    CONSTRAINT import_undone_by_someone CHECK ((undone_at IS NULL) = (undone_by IS NULL)),
    CONSTRAINT import_version_positive CHECK (version >= 1)
);

CREATE TABLE source_record (
    id         bigint NOT NULL PRIMARY KEY,
    first_id   bigint,
    import_id  bigint NOT NULL,
    source     citext COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    is_current bigint NOT NULL DEFAULT 1,
    is_deleted bigint NOT NULL DEFAULT 0,
    content    text COLLATE "C" NOT NULL,
    taken      text COLLATE "C",
    user_ref   text COLLATE "C",
    class_ref  text COLLATE "C",
    student_id bigint,
    term_id    bigint,
    course_id  bigint,
    event_id   bigint,
    CONSTRAINT source_record_key UNIQUE (kind, sourced_id, source, import_id),
    CONSTRAINT source_record_import_exists FOREIGN KEY (import_id) REFERENCES import (id)
        ON UPDATE RESTRICT ON DELETE RESTRICT,
    CONSTRAINT source_record_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT source_record_term_exists FOREIGN KEY (term_id) REFERENCES term (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT source_record_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT source_record_kind_known CHECK (
        kind IN ('orgs', 'academicSessions', 'courses', 'classes', 'users', 'roles', 'enrollments')
    ),
    CONSTRAINT source_record_sourced_id_length CHECK (length(sourced_id) BETWEEN 1 AND 255),
    CONSTRAINT source_record_is_yes_or_no CHECK (is_current IN (0, 1) AND is_deleted IN (0, 1)),
    CONSTRAINT source_record_is_what_it_can_be CHECK (
        (term_id IS NULL OR kind = 'academicSessions')
        AND (event_id IS NULL OR kind = 'enrollments')
        AND (student_id IS NULL OR kind IN ('users', 'enrollments'))
        AND (course_id IS NULL OR kind IN ('classes', 'enrollments'))
    ),
    CONSTRAINT source_record_content_is_an_object CHECK (content LIKE '{%}' AND taken LIKE '{%}')
);

CREATE INDEX source_record_by_class ON source_record (class_ref, kind) WHERE class_ref IS NOT NULL;

CREATE INDEX source_record_by_course ON source_record (course_id) WHERE course_id IS NOT NULL;

CREATE INDEX source_record_by_event ON source_record (event_id) WHERE event_id IS NOT NULL;

CREATE INDEX source_record_by_import ON source_record (import_id);

CREATE INDEX source_record_by_student ON source_record (student_id, course_id) WHERE student_id IS NOT NULL;

CREATE INDEX source_record_by_term ON source_record (term_id) WHERE term_id IS NOT NULL;

CREATE INDEX source_record_by_user ON source_record (user_ref, kind) WHERE user_ref IS NOT NULL;

---------------------------------------------------------------------------------------------------
-- The school
---------------------------------------------------------------------------------------------------

CREATE TABLE school (
    id   bigint NOT NULL PRIMARY KEY,
    key  text COLLATE "C" NOT NULL DEFAULT substr(replace(gen_random_uuid()::text, '-', ''), 1, 12),
    name text COLLATE "C" NOT NULL DEFAULT 'School',
    CONSTRAINT school_is_one CHECK (id = 1),
    CONSTRAINT school_key_form CHECK (key ~ '^[0-9a-f]{12}$'),
    CONSTRAINT school_name_length CHECK (length(name) BETWEEN 1 AND 200)
);

---------------------------------------------------------------------------------------------------
-- Views
---------------------------------------------------------------------------------------------------

CREATE VIEW admission AS
SELECT course.id AS course_id, student.id AS student_id
FROM course
CROSS JOIN json_each(course.open_to) AS allowed
CROSS JOIN student
CROSS JOIN json_each(student.groups) AS own
WHERE lower(own.atom) = lower(allowed.atom);

CREATE VIEW course_search AS
SELECT DISTINCT course.id AS course_id, word.value AS word
FROM course
CROSS JOIN LATERAL (
    SELECT code || ' ' || coalesce(section, '') || ' ' || title || ' ' || coalesce(instructor, '') AS words
) AS course_text
CROSS JOIN LATERAL unnest(
    string_to_array(
        sort_key(
            words || CASE
                WHEN words ~ '[''’]' THEN ' ' || replace(replace(words, '''', ' '), '’', ' ')
                ELSE ''
            END
        ),
        ' '
    )
) AS word (value)
WHERE word.value <> '';

CREATE VIEW course_seat AS
SELECT
    id AS course_id, capacity,
    (
        SELECT count(*) FROM student_course
        WHERE course_id = course.id AND status = 'enrolled'
    ) AS enrolled,
    (
        SELECT count(*) FROM student_course
        WHERE course_id = course.id AND status = 'waitlisted'
    ) AS waitlisted
FROM course;

CREATE VIEW early_admission AS
SELECT course.id AS course_id, student.id AS student_id, early.value AS enroll_from
FROM course
CROSS JOIN jsonb_each_text(course.early_access::jsonb) AS early
CROSS JOIN student
CROSS JOIN json_each(student.groups) AS own
WHERE lower(own.atom) = lower(early.key);

CREATE VIEW enrollment AS
SELECT
    student_id, course_id, status, queue_number, queue_fraction,
    CASE
        WHEN status = 'waitlisted' THEN (
            SELECT count(*) FROM student_course AS ahead
            WHERE ahead.course_id = student_course.course_id
                AND ahead.status = 'waitlisted'
                AND (ahead.queue_number, ahead.queue_fraction)
                    <= (student_course.queue_number, student_course.queue_fraction)
        )
    END AS position,
    enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade, passed_at, version,
    CASE WHEN status = 'waitlisted' THEN instead_of END AS instead_of
FROM student_course
WHERE status <> 'void';

CREATE VIEW enrollment_event AS
SELECT
    id, student_id, course_id, from_status, to_status, effective_at, recorded_at, place_of, passed, grade,
    queue_number, queue_fraction,
    (
        SELECT min(later.id) FROM student_course_event AS later
        WHERE later.student_id = event.student_id AND later.course_id = event.course_id
            AND later.corrects IS NOT NULL
            AND later.id > event.id
            AND coalesce(later.restores, later.corrects) <= event.id
    ) AS superseded_by,
    (
        SELECT min(later.recorded_at) FROM student_course_event AS later
        WHERE later.student_id = event.student_id AND later.course_id = event.course_id
            AND later.corrects IS NOT NULL
            AND later.id > event.id
            AND coalesce(later.restores, later.corrects) <= event.id
    ) AS superseded_at
FROM student_course_event AS event;

CREATE VIEW enrollment_stretch AS
SELECT
    first.id AS event_id,
    (
        WITH RECURSIVE origin (id) AS (
            SELECT first.id
            UNION
            SELECT coalesce(event.restores, event.corrects)
            FROM origin
            CROSS JOIN student_course_event AS event
            WHERE event.id = origin.id AND event.corrects IS NOT NULL
        )

        SELECT min(id) FROM origin
    ) AS id,
    first.student_id, first.course_id, first.effective_at AS began_at,
    coalesce(last.to_status, 'enrolled') AS status, last.effective_at AS ended_at,
    coalesce(last.recorded_at, first.recorded_at) AS updated_at
FROM enrollment_event AS first
LEFT JOIN student_course_event AS last ON last.id = (
    SELECT min(next.id) FROM enrollment_event AS next
    WHERE next.student_id = first.student_id AND next.course_id = first.course_id
        AND next.id > first.id
        AND next.superseded_by IS NULL
)
WHERE first.to_status = 'enrolled' AND first.superseded_by IS NULL;

CREATE VIEW enrollment_version AS
SELECT
    last.id AS event_id, last.student_id, last.course_id, last.to_status AS status,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'enrolled' AND event.from_status IS DISTINCT FROM 'enrolled'
            AND coalesce(event.superseded_by > last.id, true)
    ) AS enrolled_at,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'waitlisted' AND event.from_status IS DISTINCT FROM 'waitlisted'
            AND coalesce(event.superseded_by > last.id, true)
    ) AS waitlisted_at,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'completed' AND event.from_status IS DISTINCT FROM 'completed'
            AND coalesce(event.superseded_by > last.id, true)
    ) AS completed_at,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'dropped' AND event.from_status IS DISTINCT FROM 'dropped'
            AND coalesce(event.superseded_by > last.id, true)
    ) AS dropped_at,
    (
        SELECT passed FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'completed'
            AND coalesce(event.superseded_by > last.id, true)
        ORDER BY event.id DESC LIMIT 1
    ) AS passed,
    (
        SELECT grade FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'completed'
            AND coalesce(event.superseded_by > last.id, true)
        ORDER BY event.id DESC LIMIT 1
    ) AS grade,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.passed
            AND coalesce(event.superseded_by > last.id, true)
    ) AS passed_at,
    (
        SELECT count(*) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
    ) AS version
FROM student_course_event AS last
WHERE last.to_status <> 'void';

CREATE VIEW erased_actor AS
SELECT token.name || ' #' || token.id AS actor, '#' || token.id AS remains
FROM erasure
JOIN token ON token.student_id = erasure.student_id;

CREATE VIEW exported_record AS
SELECT id, coalesce(first_id, id) AS first_id, import_id, source, kind, sourced_id, is_deleted, content, taken,
    user_ref, class_ref, student_id, term_id, course_id, event_id
FROM source_record AS record
WHERE is_current = 1
    AND NOT EXISTS (
        SELECT 1 FROM source_record AS other
        WHERE other.kind = record.kind
            AND other.sourced_id = record.sourced_id
            AND other.is_current = 1
            AND coalesce(other.first_id, other.id) < coalesce(record.first_id, record.id)
    );

CREATE VIEW meeting_day AS
SELECT
    meeting.course_id,
    meeting.weekday,
    meeting.from_time,
    meeting.to_time,
    7 * meeting.every AS step,
    coalesce(meeting.first_day, term.first_day)
        + ((meeting.weekday - 4 - coalesce(meeting.first_day, term.first_day)) % 7 + 7) % 7 AS first_day,
    coalesce(meeting.last_day, term.last_day) AS last_day
FROM course_meeting AS meeting
JOIN course ON course.id = meeting.course_id
LEFT JOIN term ON term.code = course.term;

CREATE VIEW meeting_conflict AS
SELECT own.course_id, other.course_id AS other_course_id, own.weekday, own.from_time, own.to_time
FROM meeting_day AS own
CROSS JOIN meeting_day AS other
WHERE other.weekday = own.weekday
    AND other.from_time < own.to_time
    AND other.to_time > own.from_time
    -- Both are every second week, and in different weeks.
    AND NOT (own.step = 14 AND other.step = 14 AND coalesce((own.first_day - other.first_day) % 14 <> 0, false))
    -- The first day on or after the start of both that suits the one of every second week is not after either end.
    AND coalesce(
        CASE
            WHEN own.first_day >= other.first_day THEN
                own.first_day
                    + CASE WHEN own.step = 7 AND other.step = 14
                        THEN ((other.first_day - own.first_day) % 14 + 14) % 14 ELSE 0 END
            WHEN other.first_day > own.first_day THEN
                other.first_day
                    + CASE WHEN other.step = 7 AND own.step = 14
                        THEN ((own.first_day - other.first_day) % 14 + 14) % 14 ELSE 0 END
            ELSE coalesce(own.first_day, other.first_day)
        END <= CASE
            WHEN own.last_day <= other.last_day THEN own.last_day
            ELSE coalesce(other.last_day, own.last_day)
        END,
        true
    );

CREATE VIEW passed_code AS
SELECT student_course.student_id, course_code.code
FROM student_course
CROSS JOIN course_code
WHERE student_course.passed_at IS NOT NULL AND course_code.course_id = student_course.course_id;

CREATE VIEW student_search AS
SELECT DISTINCT student.id AS student_id, word.value AS word
FROM student
CROSS JOIN LATERAL unnest(
    string_to_array(
        family_sort || ' ' || given_sort || ' ' || sort_key(
            coalesce(number, '') || ' ' || coalesce(email, '') || CASE
                WHEN family_name || coalesce(given_name, '') ~ '[''’]'
                    THEN ' ' || replace(
                        replace(family_name || ' ' || coalesce(given_name, ''), '''', ' '), '’', ' '
                    )
                ELSE ''
            END
        ),
        ' '
    )
) AS word (value)
WHERE word.value <> '';

CREATE VIEW student_sort AS
SELECT id AS student_id, sort_key(family_name) AS family_sort, sort_key(given_name) AS given_sort
FROM student;

CREATE VIEW swap AS
SELECT waiting.student_id, waiting.course_id, waiting.instead_of
FROM student_course AS waiting
CROSS JOIN student_course AS other
WHERE waiting.status = 'waitlisted'
    AND other.student_id = waiting.student_id
    AND other.course_id = waiting.instead_of
    AND other.status = 'enrolled';
