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
-- restored, PostgreSQL looks for those in no schema, and the constraint would fail.

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

-- Refuses with the text that the trigger gives, as RAISE(ABORT, ...) does in SQLite.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = TG_ARGV[0];
END
$$;

-- One writer at a time, as in SQLite: so the ids of events are in the order of the commits, and what a rule has seen
-- still holds at the commit. The service takes this lock before it reads; other programs take it by their first write.
CREATE FUNCTION take_the_write_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Such a transaction would go on to see what was there before it had the lock.
    IF current_setting('transaction_isolation') = 'repeatable read' THEN
        RAISE invalid_transaction_state USING MESSAGE = 'write in a transaction that is READ COMMITTED or SERIALIZABLE';
    END IF;
    PERFORM pg_advisory_xact_lock(1701734764);
    RETURN NULL;
END
$$;

-- The highest id that was deleted from a table. An id is never given twice, as with AUTOINCREMENT.
CREATE TABLE deleted_id (
    table_name text COLLATE "C" NOT NULL PRIMARY KEY,
    highest    bigint NOT NULL
);

CREATE FUNCTION keep_the_deleted_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deleted_id (table_name, highest)
    SELECT TG_TABLE_NAME, max(id) FROM old_row
    HAVING max(id) IS NOT NULL
    ON CONFLICT (table_name) DO UPDATE SET highest = greatest(deleted_id.highest, excluded.highest);
    RETURN NULL;
END
$$;

-- A sequence would not be undone with its transaction: a dry run would return another id than the write, and events
-- would have gaps. Each table has a query of its own, since one that is put together is planned again for each row.
CREATE FUNCTION give_an_id() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last bigint;
BEGIN
    IF TG_TABLE_NAME = 'student' THEN
        SELECT max(id) INTO last FROM student;
    ELSIF TG_TABLE_NAME = 'term' THEN
        SELECT max(id) INTO last FROM term;
    ELSIF TG_TABLE_NAME = 'course' THEN
        SELECT max(id) INTO last FROM course;
    ELSIF TG_TABLE_NAME = 'hold' THEN
        SELECT max(id) INTO last FROM hold;
    ELSIF TG_TABLE_NAME = 'token' THEN
        SELECT max(id) INTO last FROM token;
    ELSIF TG_TABLE_NAME = 'sign_in_link' THEN
        SELECT max(id) INTO last FROM sign_in_link;
    ELSIF TG_TABLE_NAME = 'session' THEN
        SELECT max(id) INTO last FROM session;
    ELSIF TG_TABLE_NAME = 'import' THEN
        SELECT max(id) INTO last FROM import;
    ELSE
        SELECT max(id) INTO last FROM source_record;
    END IF;
    NEW.id := 1 + greatest(last, (SELECT highest FROM deleted_id WHERE table_name = TG_TABLE_NAME), 0);
    RETURN NEW;
END
$$;

CREATE FUNCTION date_the_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.updated_at <= OLD.updated_at THEN
        NEW.updated_at := greatest(OLD.updated_at, now_as_text());
    END IF;
    RETURN NEW;
END
$$;

-- Whether a JSON array has each code once, without white space. A text that is no array is left to its constraint.
CREATE FUNCTION is_code_list(codes text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN codes = '[]' OR codes NOT LIKE '[%]' OR coalesce(
        codes ~ '^\["[^"\\\u0001-\u001f]{1,32}"(,"[^"\\\u0001-\u001f]{1,32}")*\]$'
        AND (
            SELECT count(*) = count(DISTINCT lower(code))
            FROM unnest(string_to_array(substr(codes, 3, length(codes) - 4), '","')) AS listed (code)
        ),
        false
    );
END
$$;

-- Whether a JSON object has a time for each code once, without white space.
CREATE FUNCTION is_early_access(times text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN times = '{}' OR times NOT LIKE '{%}' OR coalesce(
        times ~ '^\{"[^"\\\u0001-\u001f]{1,32}":"[^"\\]{24}"(,"[^"\\\u0001-\u001f]{1,32}":"[^"\\]{24}")*\}$'
        AND (
            SELECT count(*) = count(DISTINCT lower(pair[1])) AND bool_and(is_moment(pair[2]))
            FROM regexp_matches(times, '"([^"]*)":"([^"]*)"', 'g') AS listed (pair)
        ),
        false
    );
END
$$;

-- Adds the change of a row to the changes on record: the columns that differ, and how they were and are. The
-- arguments are the subject; the part of it that the table has, if any; and the columns, as `column` or
-- `name=column`. A part is not changed: it is deleted and created.
CREATE FUNCTION leave_a_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
BEGIN
    IF TG_ARGV[1] = '' THEN
        PERFORM record_a_change(TG_ARGV, old_row, new_row);
    ELSE
        IF old_row IS NOT NULL THEN
            PERFORM record_a_change(TG_ARGV, old_row, NULL);
        END IF;
        IF new_row IS NOT NULL THEN
            PERFORM record_a_change(TG_ARGV, NULL, new_row);
        END IF;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION record_a_change(arguments text[], old_row jsonb, new_row jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    present jsonb := coalesce(new_row, old_row);
    argument text;
    old_value jsonb;
    new_value jsonb;
    before text[];
    after text[];
BEGIN
    FOREACH argument IN ARRAY arguments[2:] LOOP
        old_value := nullif(old_row -> split_part(argument, '=', -1), 'null');
        new_value := nullif(new_row -> split_part(argument, '=', -1), 'null');
        IF old_value IS DISTINCT FROM new_value THEN
            before := before || in_change(split_part(argument, '=', 1), old_value);
            after := after || in_change(split_part(argument, '=', 1), new_value);
        END IF;
    END LOOP;
    IF before IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO record_change (subject, subject_id, part, version, actor, recorded_at, before, after)
    SELECT
        arguments[0],
        CAST(present ->> CASE WHEN arguments[1] = '' THEN 'id' ELSE 'course_id' END AS bigint),
        nullif(arguments[1], ''),
        CASE
            WHEN arguments[1] = '' THEN CAST(present ->> 'version' AS bigint)
            ELSE (SELECT version FROM course WHERE id = CAST(present ->> 'course_id' AS bigint))
        END,
        acting.actor,
        coalesce(acting.at, now_as_text()),
        CASE WHEN old_row IS NOT NULL THEN '{' || array_to_string(before, ',') || '}' END,
        CASE WHEN new_row IS NOT NULL THEN '{' || array_to_string(after, ',') || '}' END
    FROM (SELECT 1) AS one
    LEFT JOIN acting ON true;
END
$$;

-- A column and its value as in a change on record of SQLite: a list is JSON already, a flag is a number, and a number
-- of credits has a decimal point.
CREATE FUNCTION in_change(name text, value jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    shown text := coalesce(value #>> '{}', 'null');
BEGIN
    IF jsonb_typeof(value) = 'string' AND name NOT IN ('groups', 'open_to', 'early_access', 'counts_as') THEN
        shown := '"' || replace(replace(shown, '\', '\\'), '"', '\"') || '"';
    ELSIF jsonb_typeof(value) = 'boolean' THEN
        shown := CASE shown WHEN 'true' THEN '1' ELSE '0' END;
    ELSIF jsonb_typeof(value) = 'number' AND name IN ('credits', 'max_credits') THEN
        -- A numeric has as many digits as SQLite shows.
        shown := CAST(CAST(value AS double precision) AS numeric);
        IF shown NOT LIKE '%.%' THEN
            shown := shown || '.0';
        END IF;
    END IF;
    RETURN '"' || name || '":' || shown;
END
$$;

---------------------------------------------------------------------------------------------------
-- Letters
---------------------------------------------------------------------------------------------------

CREATE TABLE letter (
    letter text COLLATE "C" NOT NULL,
    base   text COLLATE "C" NOT NULL,
    CONSTRAINT letter_key PRIMARY KEY (letter)
);

-- A name as it is sorted and searched.
CREATE FUNCTION sort_key(name text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT coalesce(string_agg(coalesce(letter.base, spelled.letter), '' ORDER BY place), '')
        FROM unnest(string_to_array(name, NULL)) WITH ORDINALITY AS spelled (letter, place)
        LEFT JOIN letter ON letter.letter = spelled.letter
    );
END
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
) AS pair;

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

CREATE UNLOGGED TABLE acting (
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

-- The ids have no gaps.
CREATE FUNCTION number_the_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    next bigint := 1 + coalesce((SELECT max(id) FROM record_change), 0);
BEGIN
    IF NEW.id <> next THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    NEW.id := next;
    RETURN NEW;
END
$$;

CREATE TRIGGER record_change_comes_from_a_change
BEFORE INSERT ON record_change FOR EACH ROW
WHEN (pg_trigger_depth() = 0)
EXECUTE FUNCTION refuse('changes on record are append-only');

CREATE TRIGGER record_change_follows_the_last
BEFORE INSERT ON record_change FOR EACH ROW
EXECUTE FUNCTION number_the_change('changes on record are append-only');

CREATE TRIGGER record_change_is_never_deleted
BEFORE DELETE ON record_change FOR EACH ROW
EXECUTE FUNCTION refuse('changes on record are append-only');

-- Nothing but what was recorded of a student who is erased is erased.
CREATE FUNCTION keep_the_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id
        OR NEW.subject <> OLD.subject
        OR NEW.subject_id <> OLD.subject_id
        OR NEW.part IS DISTINCT FROM OLD.part
        OR NEW.version <> OLD.version
        OR NEW.actor IS DISTINCT FROM OLD.actor
        OR NEW.recorded_at <> OLD.recorded_at
        OR NEW.before IS DISTINCT FROM (CASE WHEN OLD.before IS NOT NULL THEN '{}' END)
        OR NEW.after IS DISTINCT FROM (CASE WHEN OLD.after IS NOT NULL THEN '{"erased":true}' END)
        OR NOT EXISTS (
            SELECT 1 FROM erasure
            WHERE erasure.student_id = CASE OLD.subject
                WHEN 'student' THEN OLD.subject_id
                WHEN 'hold' THEN (SELECT student_id FROM hold WHERE id = OLD.subject_id)
                WHEN 'token' THEN (SELECT student_id FROM token WHERE id = OLD.subject_id)
            END
        )
    THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER record_change_is_never_updated
BEFORE UPDATE ON record_change FOR EACH ROW
EXECUTE FUNCTION keep_the_change('changes on record are append-only');

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

CREATE TRIGGER student_insert_has_codes_in_groups
BEFORE INSERT ON student FOR EACH ROW
WHEN (NOT is_code_list(NEW.groups))
EXECUTE FUNCTION refuse('a list of codes has each code once, without white space');

CREATE TRIGGER student_update_has_codes_in_groups
BEFORE UPDATE OF groups ON student FOR EACH ROW
WHEN (NOT is_code_list(NEW.groups))
EXECUTE FUNCTION refuse('a list of codes has each code once, without white space');

CREATE FUNCTION sort_the_student() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.family_sort := sort_key(NEW.family_name);
    NEW.given_sort := sort_key(NEW.given_name);
    RETURN NEW;
END
$$;

CREATE TRIGGER student_insert_is_sorted
BEFORE INSERT ON student FOR EACH ROW
EXECUTE FUNCTION sort_the_student();

CREATE TRIGGER student_update_is_sorted
BEFORE UPDATE OF family_name, given_name, family_sort, given_sort ON student FOR EACH ROW
EXECUTE FUNCTION sort_the_student();

CREATE TRIGGER student_update_is_dated
BEFORE UPDATE OF number, given_name, family_name, email, status, max_credits, version, updated_at ON student
FOR EACH ROW
EXECUTE FUNCTION date_the_update();

CREATE TRIGGER student_keeps_its_id
BEFORE UPDATE OF id ON student FOR EACH ROW
WHEN (NEW.id <> OLD.id)
EXECUTE FUNCTION refuse('a student keeps the id');

CREATE FUNCTION keep_the_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erasure WHERE student_id = OLD.id) THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER student_who_is_erased_stays_so
BEFORE UPDATE ON student FOR EACH ROW
EXECUTE FUNCTION keep_the_erasure('an erasure is permanent');

CREATE FUNCTION keep_the_student() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM student_course WHERE student_id = OLD.id AND status <> 'void') THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    DELETE FROM student_course WHERE student_id = OLD.id;
    -- The foreign keys would delete these too, and their changes would come after its own.
    DELETE FROM token WHERE student_id = OLD.id;
    DELETE FROM hold WHERE student_id = OLD.id;
    RETURN OLD;
END
$$;

CREATE TRIGGER student_with_enrolments_stays
BEFORE DELETE ON student FOR EACH ROW
EXECUTE FUNCTION keep_the_student('a student who has enrolments is not deleted');

CREATE TRIGGER student_insert_leaves_a_change
AFTER INSERT ON student FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'student', '', 'number', 'given_name', 'family_name', 'email', 'status', 'max_credits', 'groups'
);

CREATE TRIGGER student_update_leaves_a_change
AFTER UPDATE OF number, given_name, family_name, email, status, max_credits, groups ON student FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'student', '', 'number', 'given_name', 'family_name', 'email', 'status', 'max_credits', 'groups'
);

CREATE TRIGGER student_delete_leaves_a_change
AFTER DELETE ON student FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'student', '', 'number', 'given_name', 'family_name', 'email', 'status', 'max_credits', 'groups'
);

CREATE TABLE student_word (
    word       text COLLATE "C" NOT NULL,
    student_id bigint NOT NULL,
    CONSTRAINT student_word_key PRIMARY KEY (word, student_id),
    CONSTRAINT student_word_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
);

CREATE INDEX student_word_by_student ON student_word (student_id);

CREATE FUNCTION find_the_student() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM student_word WHERE student_id = NEW.id;
    END IF;
    INSERT INTO student_word (word, student_id)
    SELECT word, student_id FROM student_search WHERE student_id = NEW.id;
    RETURN NULL;
END
$$;

-- In SQLite, a new student is updated at once, and found by the trigger below.
CREATE TRIGGER student_insert_is_found
AFTER INSERT ON student FOR EACH ROW
EXECUTE FUNCTION find_the_student();

CREATE TRIGGER student_update_is_found
AFTER UPDATE ON student FOR EACH ROW
WHEN (
    NEW.family_sort <> OLD.family_sort
    OR NEW.given_sort <> OLD.given_sort
    -- An apostrophe is in no sort key.
    OR NEW.family_name::text <> OLD.family_name::text
    OR NEW.given_name::text IS DISTINCT FROM OLD.given_name::text
    OR NEW.number::text IS DISTINCT FROM OLD.number::text
    OR NEW.email::text IS DISTINCT FROM OLD.email::text
)
EXECUTE FUNCTION find_the_student();

CREATE TABLE erasure (
    student_id bigint NOT NULL PRIMARY KEY,
    erased_at  text COLLATE "C" NOT NULL,
    erased_by  text COLLATE "C" NOT NULL,
    reason     text COLLATE "C" NOT NULL,
    CONSTRAINT erasure_erased_at_is_time CHECK (is_moment(erased_at)),
    CONSTRAINT erasure_reason_length CHECK (length(reason) BETWEEN 1 AND 500)
);

CREATE FUNCTION need_a_blank_student() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
            SELECT 1 FROM student
            WHERE id = NEW.student_id
                AND family_name = 'Erased'
                AND given_name IS NULL
                AND number IS NULL
                AND email IS NULL
                AND status = 'inactive'
        )
        OR EXISTS (SELECT 1 FROM erasure WHERE student_id = NEW.student_id)
        OR EXISTS (
            SELECT 1 FROM student_course
            WHERE student_id = NEW.student_id AND status IN ('enrolled', 'waitlisted')
        )
    THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER erasure_needs_a_blank_student
BEFORE INSERT ON erasure FOR EACH ROW
EXECUTE FUNCTION need_a_blank_student('the record of a student is blanked before it is erased');

CREATE TRIGGER erasure_is_never_updated
BEFORE UPDATE ON erasure FOR EACH ROW
EXECUTE FUNCTION refuse('an erasure is permanent');

CREATE TRIGGER erasure_is_never_deleted
BEFORE DELETE ON erasure FOR EACH ROW
EXECUTE FUNCTION refuse('an erasure is permanent');

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

CREATE TRIGGER term_update_is_dated
BEFORE UPDATE ON term FOR EACH ROW
EXECUTE FUNCTION date_the_update();

CREATE TRIGGER term_insert_leaves_a_change
AFTER INSERT ON term FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'term', '', 'code', 'title', 'start_on', 'end_on', 'max_credits', 'drop_until', 'enroll_from', 'enroll_until'
);

CREATE TRIGGER term_update_leaves_a_change
AFTER UPDATE OF code, title, start_on, end_on, max_credits, drop_until, enroll_from, enroll_until ON term
FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'term', '', 'code', 'title', 'start_on', 'end_on', 'max_credits', 'drop_until', 'enroll_from', 'enroll_until'
);

CREATE TRIGGER term_delete_leaves_a_change
AFTER DELETE ON term FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'term', '', 'code', 'title', 'start_on', 'end_on', 'max_credits', 'drop_until', 'enroll_from', 'enroll_until'
);

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

CREATE TRIGGER course_insert_has_codes_in_open_to
BEFORE INSERT ON course FOR EACH ROW
WHEN (NOT is_code_list(NEW.open_to))
EXECUTE FUNCTION refuse('a list of codes has each code once, without white space');

CREATE TRIGGER course_update_has_codes_in_open_to
BEFORE UPDATE OF open_to ON course FOR EACH ROW
WHEN (NOT is_code_list(NEW.open_to))
EXECUTE FUNCTION refuse('a list of codes has each code once, without white space');

CREATE TRIGGER course_insert_has_codes_in_counts_as
BEFORE INSERT ON course FOR EACH ROW
WHEN (NOT is_code_list(NEW.counts_as))
EXECUTE FUNCTION refuse('a list of codes has each code once, without white space');

CREATE TRIGGER course_update_has_codes_in_counts_as
BEFORE UPDATE OF counts_as ON course FOR EACH ROW
WHEN (NOT is_code_list(NEW.counts_as))
EXECUTE FUNCTION refuse('a list of codes has each code once, without white space');

CREATE TRIGGER course_insert_has_times_in_early_access
BEFORE INSERT ON course FOR EACH ROW
WHEN (NOT is_early_access(NEW.early_access))
EXECUTE FUNCTION refuse('early access has a time for each code once, without white space');

CREATE TRIGGER course_update_has_times_in_early_access
BEFORE UPDATE OF early_access ON course FOR EACH ROW
WHEN (NOT is_early_access(NEW.early_access))
EXECUTE FUNCTION refuse('early access has a time for each code once, without white space');

CREATE TRIGGER course_update_is_dated
BEFORE UPDATE ON course FOR EACH ROW
EXECUTE FUNCTION date_the_update();

-- A term that gets another code changes its courses: so they get a new version.
CREATE FUNCTION follow_the_term() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END
$$;

CREATE TRIGGER course_version_follows_term
BEFORE UPDATE OF term ON course FOR EACH ROW
WHEN (NEW.term::text IS DISTINCT FROM OLD.term::text AND NEW.version = OLD.version)
EXECUTE FUNCTION follow_the_term();

CREATE TRIGGER course_keeps_its_id
BEFORE UPDATE OF id ON course FOR EACH ROW
WHEN (NEW.id <> OLD.id)
EXECUTE FUNCTION refuse('a course keeps the id');

-- So the changes of the parts come before its own.
CREATE FUNCTION remove_the_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM course_requirement WHERE course_id = OLD.id;
    DELETE FROM course_meeting WHERE course_id = OLD.id;
    RETURN OLD;
END
$$;

CREATE TRIGGER course_delete_removes_the_parts
BEFORE DELETE ON course FOR EACH ROW
EXECUTE FUNCTION remove_the_parts();

CREATE FUNCTION keep_the_course() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM student_course WHERE course_id = OLD.id AND status <> 'void') THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    DELETE FROM student_course WHERE course_id = OLD.id;
    RETURN OLD;
END
$$;

CREATE TRIGGER course_with_enrolments_stays
BEFORE DELETE ON course FOR EACH ROW
EXECUTE FUNCTION keep_the_course('a course that has enrolments is not deleted');

CREATE TRIGGER course_insert_leaves_a_change
AFTER INSERT ON course FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'course', '', 'code', 'section', 'title', 'instructor', 'term', 'credits', 'capacity', 'waitlist_capacity',
    'promotion', 'enroll_from', 'enroll_until', 'drop_until', 'status', 'repeatable', 'open_to', 'early_access',
    'counts_as'
);

CREATE TRIGGER course_update_leaves_a_change
AFTER UPDATE OF code, section, title, instructor, term, credits, capacity, waitlist_capacity, promotion, enroll_from,
    enroll_until, drop_until, status, repeatable, open_to, early_access, counts_as ON course
FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'course', '', 'code', 'section', 'title', 'instructor', 'term', 'credits', 'capacity', 'waitlist_capacity',
    'promotion', 'enroll_from', 'enroll_until', 'drop_until', 'status', 'repeatable', 'open_to', 'early_access',
    'counts_as'
);

CREATE TRIGGER course_delete_leaves_a_change
AFTER DELETE ON course FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'course', '', 'code', 'section', 'title', 'instructor', 'term', 'credits', 'capacity', 'waitlist_capacity',
    'promotion', 'enroll_from', 'enroll_until', 'drop_until', 'status', 'repeatable', 'open_to', 'early_access',
    'counts_as'
);

CREATE TABLE course_code (
    course_id bigint NOT NULL,
    code      citext COLLATE "C" NOT NULL,
    CONSTRAINT course_code_key PRIMARY KEY (course_id, code),
    CONSTRAINT course_code_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
);

CREATE FUNCTION make_the_codes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM course_code WHERE course_id = NEW.id;
    END IF;
    INSERT INTO course_code (course_id, code) VALUES (NEW.id, NEW.code);
    INSERT INTO course_code (course_id, code)
    SELECT NEW.id, atom FROM json_each(NEW.counts_as)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER course_insert_makes_codes
AFTER INSERT ON course FOR EACH ROW
EXECUTE FUNCTION make_the_codes();

CREATE TRIGGER course_update_makes_codes
AFTER UPDATE OF code, counts_as ON course FOR EACH ROW
WHEN (NEW.code::text <> OLD.code::text OR NEW.counts_as <> OLD.counts_as)
EXECUTE FUNCTION make_the_codes();

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

CREATE TRIGGER course_requirement_insert_leaves_a_change
AFTER INSERT ON course_requirement FOR EACH ROW
EXECUTE FUNCTION leave_a_change('course', 'requirement', 'choice', 'code', 'kind');

CREATE TRIGGER course_requirement_update_leaves_two_changes
AFTER UPDATE ON course_requirement FOR EACH ROW
EXECUTE FUNCTION leave_a_change('course', 'requirement', 'choice', 'code', 'kind');

CREATE TRIGGER course_requirement_delete_leaves_a_change
AFTER DELETE ON course_requirement FOR EACH ROW
EXECUTE FUNCTION leave_a_change('course', 'requirement', 'choice', 'code', 'kind');

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

CREATE TRIGGER course_meeting_insert_leaves_a_change
AFTER INSERT ON course_meeting FOR EACH ROW
EXECUTE FUNCTION leave_a_change('course', 'meeting', 'weekday', 'from=from_time', 'to=to_time', 'room', 'start_on', 'end_on', 'every');

CREATE TRIGGER course_meeting_update_leaves_two_changes
AFTER UPDATE ON course_meeting FOR EACH ROW
EXECUTE FUNCTION leave_a_change('course', 'meeting', 'weekday', 'from=from_time', 'to=to_time', 'room', 'start_on', 'end_on', 'every');

CREATE TRIGGER course_meeting_delete_leaves_a_change
AFTER DELETE ON course_meeting FOR EACH ROW
EXECUTE FUNCTION leave_a_change('course', 'meeting', 'weekday', 'from=from_time', 'to=to_time', 'room', 'start_on', 'end_on', 'every');

CREATE TABLE course_word (
    word      text COLLATE "C" NOT NULL,
    course_id bigint NOT NULL,
    CONSTRAINT course_word_key PRIMARY KEY (word, course_id),
    CONSTRAINT course_word_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
);

CREATE INDEX course_word_by_course ON course_word (course_id);

CREATE FUNCTION find_the_course() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM course_word WHERE course_id = NEW.id;
    END IF;
    INSERT INTO course_word (word, course_id)
    SELECT word, course_id FROM course_search WHERE course_id = NEW.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER course_insert_is_found
AFTER INSERT ON course FOR EACH ROW
EXECUTE FUNCTION find_the_course();

CREATE TRIGGER course_update_is_found
AFTER UPDATE OF code, section, title, instructor ON course FOR EACH ROW
WHEN (
    NEW.code::text <> OLD.code::text
    OR NEW.section::text IS DISTINCT FROM OLD.section::text
    OR NEW.title::text <> OLD.title::text
    OR NEW.instructor::text IS DISTINCT FROM OLD.instructor::text
)
EXECUTE FUNCTION find_the_course();

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

CREATE TRIGGER hold_insert_leaves_a_change
AFTER INSERT ON hold FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'hold', '', 'student_id', 'reason', 'placed_at', 'placed_by', 'released_at', 'released_by'
);

CREATE TRIGGER hold_update_leaves_a_change
AFTER UPDATE OF student_id, reason, placed_at, placed_by, released_at, released_by ON hold FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'hold', '', 'student_id', 'reason', 'placed_at', 'placed_by', 'released_at', 'released_by'
);

CREATE TRIGGER hold_delete_leaves_a_change
AFTER DELETE ON hold FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'hold', '', 'student_id', 'reason', 'placed_at', 'placed_by', 'released_at', 'released_by'
);

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

-- Gives the next id, and refuses any other: so the ids have no gaps, and are in the order of the commits.
CREATE FUNCTION number_the_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    next bigint := 1 + coalesce((SELECT max(id) FROM student_course_event), 0);
BEGIN
    IF NEW.id <> next THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    NEW.id := next;
    RETURN NEW;
END
$$;

CREATE TRIGGER student_course_event_is_numbered
BEFORE INSERT ON student_course_event FOR EACH ROW
EXECUTE FUNCTION number_the_event('history is append-only');

CREATE FUNCTION move_on_the_waitlist() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.from_status IS DISTINCT FROM 'waitlisted'
        OR NEW.to_status <> 'waitlisted'
        OR NEW.reason IS NULL
        OR NEW.position IS NULL
        OR EXISTS (
            SELECT 1 FROM student_course
            WHERE course_id = NEW.course_id AND status = 'waitlisted'
                AND queue_number = NEW.queue_number AND queue_fraction = NEW.queue_fraction
                AND student_id <> NEW.student_id
        )
    THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER student_course_event_moves_on_the_waitlist
BEFORE INSERT ON student_course_event FOR EACH ROW
WHEN (
    (NEW.queue_number IS NOT NULL OR NEW.queue_fraction IS NOT NULL OR NEW.position IS NOT NULL)
    AND NEW.corrects IS NULL
)
EXECUTE FUNCTION move_on_the_waitlist('the events give the places in a waitlist');

CREATE FUNCTION take_over_a_free_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.to_status <> 'waitlisted'
        OR NEW.from_status IS NOT DISTINCT FROM 'waitlisted'
        OR NOT EXISTS (
            SELECT 1 FROM student_course_event AS first
            WHERE first.id = NEW.place_of
                AND first.course_id = NEW.course_id
                AND first.to_status = 'waitlisted'
                AND first.from_status IS DISTINCT FROM 'waitlisted'
                AND NOT EXISTS (
                    SELECT 1 FROM student_course
                    WHERE student_id = first.student_id AND course_id = first.course_id
                        AND student_id <> NEW.student_id AND status <> 'void'
                )
        )
        OR EXISTS (
            SELECT 1 FROM student_course
            WHERE course_id = NEW.course_id AND status = 'waitlisted'
                AND queue_number = NEW.place_of AND queue_fraction = ''
        )
    THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER student_course_event_takes_over_a_free_place
BEFORE INSERT ON student_course_event FOR EACH ROW
WHEN (NEW.place_of IS NOT NULL AND NEW.corrects IS NULL)
EXECUTE FUNCTION take_over_a_free_place('the events give the places in a waitlist');

CREATE TRIGGER student_course_event_is_never_deleted
BEFORE DELETE ON student_course_event FOR EACH ROW
EXECUTE FUNCTION refuse('history is append-only');

-- Nothing but a reason and an actor that are erased is changed.
CREATE FUNCTION keep_the_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (
            NEW.id, NEW.student_id, NEW.course_id, NEW.from_status, NEW.to_status, NEW.effective_at, NEW.recorded_at,
            NEW.overridden, NEW.place_of, NEW.corrects, NEW.restores, NEW.passed, NEW.grade, NEW.queue_number,
            NEW.queue_fraction, NEW.position, NEW.instead_of
        ) IS DISTINCT FROM (
            OLD.id, OLD.student_id, OLD.course_id, OLD.from_status, OLD.to_status, OLD.effective_at, OLD.recorded_at,
            OLD.overridden, OLD.place_of, OLD.corrects, OLD.restores, OLD.passed, OLD.grade, OLD.queue_number,
            OLD.queue_fraction, OLD.position, OLD.instead_of
        )
        OR NOT (
            NEW.reason IS NOT DISTINCT FROM OLD.reason
            OR NEW.reason IS NULL AND EXISTS (SELECT 1 FROM erasure WHERE student_id = OLD.student_id)
        )
        OR NOT (
            NEW.actor IS NOT DISTINCT FROM OLD.actor
            OR EXISTS (SELECT 1 FROM erased_actor WHERE actor = OLD.actor AND remains = NEW.actor)
        )
    THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER student_course_event_is_never_updated
BEFORE UPDATE ON student_course_event FOR EACH ROW
EXECUTE FUNCTION keep_the_event('history is append-only');

-- Refuses an event that does not continue its enrollment's last one.
CREATE FUNCTION follow_the_last() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last record;
BEGIN
    SELECT to_status, effective_at, recorded_at INTO last FROM student_course_event
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id AND id < NEW.id
    ORDER BY id DESC LIMIT 1;
    IF NOT EXISTS (
            SELECT 1 FROM student_course
            WHERE student_id = NEW.student_id AND course_id = NEW.course_id AND status = NEW.to_status
        )
        OR (NEW.passed IS NOT NULL) <> (NEW.to_status = 'completed')
        OR NEW.grade IS NOT NULL AND NEW.to_status <> 'completed'
        OR NEW.corrects IS NULL
        AND (NEW.restores IS NOT NULL OR NEW.to_status = 'void' AND NEW.from_status IS DISTINCT FROM 'void')
        OR (NEW.corrects IS NULL OR NEW.to_status = 'void')
        AND NEW.from_status IS DISTINCT FROM last.to_status
        OR NEW.recorded_at < last.recorded_at
        OR NEW.effective_at < last.effective_at
        AND NEW.corrects IS NULL
        AND coalesce(NEW.from_status, '') <> 'void'
        AND NEW.to_status <> 'void'
    THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_course_event_follows_the_last
AFTER INSERT ON student_course_event FOR EACH ROW
EXECUTE FUNCTION follow_the_last('history is append-only');

-- Refuses a correction of anything but the latest change that stands, and one that restores anything but the change
-- before it. A void corrects the first.
CREATE FUNCTION correct_the_latest() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    corrected record;
    restored record;
    before record;
    place bigint;
    moved record;
    is_right boolean;
BEGIN
    IF NEW.to_status = 'void' THEN
        SELECT id, effective_at INTO corrected FROM enrollment_event
        WHERE student_id = NEW.student_id
            AND course_id = NEW.course_id
            AND id < NEW.id
            AND to_status <> 'void'
            AND coalesce(superseded_by, NEW.id) = NEW.id
        ORDER BY id LIMIT 1;
        is_right := NEW.restores IS NULL
            AND (NEW.corrects, NEW.effective_at) IS NOT DISTINCT FROM (corrected.id, corrected.effective_at);
    ELSE
        SELECT id, to_status INTO corrected FROM enrollment_event
        WHERE student_id = NEW.student_id
            AND course_id = NEW.course_id
            AND id < NEW.id
            AND from_status IS DISTINCT FROM to_status
            AND coalesce(superseded_by, NEW.id) = NEW.id
        ORDER BY id DESC LIMIT 1;
        SELECT id, to_status, effective_at, passed, grade INTO restored FROM enrollment_event
        WHERE student_id = NEW.student_id
            AND course_id = NEW.course_id
            AND id < NEW.corrects
            AND from_status IS DISTINCT FROM to_status
            AND coalesce(superseded_by, NEW.id) = NEW.id
        ORDER BY id DESC LIMIT 1;
        SELECT to_status, effective_at INTO before FROM enrollment_event
        WHERE student_id = NEW.student_id
            AND course_id = NEW.course_id
            AND id < coalesce(NEW.restores, NEW.corrects)
            AND superseded_by IS NULL
        ORDER BY id DESC LIMIT 1;
        SELECT coalesce(place_of, id) INTO place FROM student_course_event
        WHERE id = coalesce(NEW.restores, NEW.corrects)
            AND to_status = 'waitlisted'
            AND NEW.to_status = 'waitlisted';
        SELECT queue_number, queue_fraction INTO moved FROM enrollment_event
        WHERE NEW.to_status = 'waitlisted'
            AND student_id = NEW.student_id
            AND course_id = NEW.course_id
            AND id BETWEEN coalesce(NEW.restores, NEW.corrects) AND NEW.corrects
            AND queue_number IS NOT NULL
            AND coalesce(superseded_by, NEW.id) = NEW.id
        ORDER BY id DESC LIMIT 1;
        is_right := NEW.from_status IS DISTINCT FROM NEW.to_status
            AND NEW.corrects IS NOT DISTINCT FROM corrected.id
            AND coalesce(corrected.to_status <> 'void', false)
            AND (
                NEW.restores IS NULL
                OR (NEW.restores, NEW.to_status, NEW.effective_at, NEW.passed, NEW.grade)
                    IS NOT DISTINCT FROM
                    (restored.id, restored.to_status, restored.effective_at, restored.passed, restored.grade)
            )
            AND NEW.from_status IS NOT DISTINCT FROM before.to_status
            AND coalesce(before.to_status = 'void' OR before.effective_at <= NEW.effective_at, true)
            AND NEW.place_of IS NOT DISTINCT FROM place
            AND (NEW.queue_number, NEW.queue_fraction)
                IS NOT DISTINCT FROM (moved.queue_number, moved.queue_fraction);
    END IF;
    IF NOT is_right THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_course_event_corrects_the_latest
AFTER INSERT ON student_course_event FOR EACH ROW
WHEN (NEW.corrects IS NOT NULL)
EXECUTE FUNCTION correct_the_latest('history is append-only');

-- The enrollment follows its events. PostgreSQL runs triggers in the order of their names: the checks above come first.

CREATE FUNCTION follow_a_correction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE student_course
    SET (enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade, passed_at) = (
        SELECT enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade, passed_at
        FROM enrollment_version
        WHERE event_id = NEW.id
    )
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_course_follows_a_correction
AFTER INSERT ON student_course_event FOR EACH ROW
WHEN (NEW.corrects IS NOT NULL)
EXECUTE FUNCTION follow_a_correction();

CREATE FUNCTION follow_the_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE student_course
    SET passed = NEW.passed,
        grade = NEW.grade,
        passed_at = CASE WHEN NEW.passed THEN NEW.effective_at ELSE passed_at END
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_course_outcome_follows_the_events
AFTER INSERT ON student_course_event FOR EACH ROW
WHEN (NEW.to_status = 'completed' AND NEW.corrects IS NULL)
EXECUTE FUNCTION follow_the_outcome();

-- Sets the queue number to the id of the event by which the student joined the waitlist.
CREATE FUNCTION follow_the_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE student_course
    SET (queue_number, queue_fraction) = (
        SELECT number, fraction FROM place_by_events(NEW.student_id, NEW.course_id, NEW.to_status)
    )
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_course_queue_follows_the_events
AFTER INSERT ON student_course_event FOR EACH ROW
WHEN (NEW.from_status = 'waitlisted' OR NEW.to_status = 'waitlisted' OR NEW.corrects IS NOT NULL)
EXECUTE FUNCTION follow_the_queue();

-- After the commit, every process of the service answers those who wait for an event.
CREATE FUNCTION announce_the_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY student_course_event;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_course_event_is_announced
AFTER INSERT ON student_course_event FOR EACH STATEMENT
EXECUTE FUNCTION announce_the_event();

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
            ELSE changed_at
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

CREATE TRIGGER student_course_insert_does_not_jump_the_queue
BEFORE INSERT ON student_course FOR EACH ROW
WHEN (NEW.queue_number <> 0 OR NEW.queue_fraction <> '')
EXECUTE FUNCTION refuse('the events give the places in a waitlist');

-- The place on the waitlist that the events give to a student who waits; 0 and '' to others.
CREATE FUNCTION place_by_events(
    of_student bigint, of_course bigint, of_status text, OUT number bigint, OUT fraction text
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT coalesce(queue_number, place_of, id), queue_fraction INTO number, fraction
    FROM enrollment_event
    WHERE of_status = 'waitlisted'
        AND student_id = of_student
        AND course_id = of_course
        AND to_status = 'waitlisted'
        AND (from_status IS DISTINCT FROM 'waitlisted' OR queue_number IS NOT NULL)
        AND superseded_by IS NULL
    ORDER BY id DESC LIMIT 1;
    number := coalesce(number, 0);
    fraction := coalesce(fraction, '');
END
$$;

CREATE FUNCTION keep_the_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place record;
BEGIN
    SELECT number, fraction INTO place FROM place_by_events(NEW.student_id, NEW.course_id, NEW.status);
    IF NEW.queue_number <> place.number OR NEW.queue_fraction <> place.fraction THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER student_course_update_does_not_jump_the_queue
BEFORE UPDATE OF queue_number, queue_fraction ON student_course FOR EACH ROW
WHEN (
    NOT (
        NEW.version > OLD.version
        AND OLD.status = 'waitlisted'
        AND NEW.status = 'waitlisted'
        AND NEW.change_reason IS NOT NULL
        AND NEW.corrects IS NOT DISTINCT FROM OLD.corrects
        AND NEW.queue_fraction <> ''
    )
)
EXECUTE FUNCTION keep_the_place('the events give the places in a waitlist');

CREATE TRIGGER student_course_keeps_its_key
BEFORE UPDATE OF student_id, course_id ON student_course FOR EACH ROW
WHEN (NEW.student_id <> OLD.student_id OR NEW.course_id <> OLD.course_id)
EXECUTE FUNCTION refuse('an enrolment keeps its student and its course');

CREATE TRIGGER student_course_version_never_falls
BEFORE UPDATE ON student_course FOR EACH ROW
WHEN (NEW.version < OLD.version)
EXECUTE FUNCTION refuse('the version of an enrolment never falls');

CREATE TRIGGER student_course_is_never_deleted
BEFORE DELETE ON student_course FOR EACH ROW
WHEN (OLD.status <> 'void')
EXECUTE FUNCTION refuse('an enrolment is dropped, never deleted');

-- Adds the event of a new enrollment. The version becomes at least the number of its events.
CREATE FUNCTION record_the_insert() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last record;
    events bigint;
BEGIN
    SELECT to_status, effective_at, recorded_at INTO last FROM student_course_event
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id
    ORDER BY id DESC LIMIT 1;
    INSERT INTO student_course_event (
        student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden,
        place_of, corrects, restores, passed, grade, instead_of
    )
    VALUES (
        NEW.student_id,
        NEW.course_id,
        last.to_status,
        NEW.status,
        coalesce(NEW.effective_at, greatest(NEW.changed_at, last.effective_at)),
        greatest(NEW.changed_at, last.recorded_at),
        NEW.changed_by,
        NEW.change_reason,
        NEW.overridden,
        NEW.place_of,
        NEW.corrects,
        NEW.restores,
        CASE WHEN NEW.status = 'completed' THEN coalesce(NEW.passed, true) END,
        CASE WHEN NEW.status = 'completed' THEN NEW.grade END,
        CASE WHEN NEW.status = 'waitlisted' THEN NEW.instead_of END
    );
    IF last.to_status IS NOT NULL THEN
        SELECT count(*) INTO events FROM student_course_event
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
        UPDATE student_course SET version = events
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id AND version < events;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_course_insert_is_recorded
AFTER INSERT ON student_course FOR EACH ROW
EXECUTE FUNCTION record_the_insert();

-- Whether an update is more than what an erasure blanks, and more than what the events say already.
CREATE FUNCTION is_a_change(old_row student_course, new_row student_course) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    last bigint;
BEGIN
    IF new_row.status <> old_row.status
        OR new_row.changed_at <> old_row.changed_at
        OR new_row.effective_at IS DISTINCT FROM old_row.effective_at
        OR new_row.overridden IS DISTINCT FROM old_row.overridden
        OR new_row.place_of IS DISTINCT FROM old_row.place_of
        OR new_row.corrects IS DISTINCT FROM old_row.corrects
        OR new_row.restores IS DISTINCT FROM old_row.restores
        OR new_row.instead_of IS DISTINCT FROM old_row.instead_of AND new_row.status = 'waitlisted'
        OR (new_row.queue_number, new_row.queue_fraction) <> (old_row.queue_number, old_row.queue_fraction)
        AND new_row.version > old_row.version
    THEN
        RETURN true;
    END IF;
    IF new_row.change_reason IS DISTINCT FROM old_row.change_reason AND NOT (
        new_row.change_reason IS NULL
        AND EXISTS (SELECT 1 FROM erasure WHERE student_id = new_row.student_id)
    ) THEN
        RETURN true;
    END IF;
    IF new_row.changed_by IS DISTINCT FROM old_row.changed_by AND NOT EXISTS (
        SELECT 1 FROM erased_actor WHERE actor = old_row.changed_by AND remains = new_row.changed_by
    ) THEN
        RETURN true;
    END IF;
    last := (
        SELECT max(id) FROM student_course_event
        WHERE student_id = new_row.student_id AND course_id = new_row.course_id
    );
    IF (new_row.enrolled_at, new_row.waitlisted_at, new_row.completed_at, new_row.dropped_at)
        IS DISTINCT FROM (old_row.enrolled_at, old_row.waitlisted_at, old_row.completed_at, old_row.dropped_at)
        AND NOT EXISTS (
            SELECT 1 FROM enrollment_version
            WHERE event_id = last
                AND (enrolled_at, waitlisted_at, completed_at, dropped_at) IS NOT DISTINCT FROM
                    (new_row.enrolled_at, new_row.waitlisted_at, new_row.completed_at, new_row.dropped_at)
        )
    THEN
        RETURN true;
    END IF;
    RETURN new_row.status <> 'void'
        AND (new_row.passed, new_row.grade, new_row.passed_at)
            IS DISTINCT FROM (old_row.passed, old_row.grade, old_row.passed_at)
        AND NOT EXISTS (
            SELECT 1 FROM enrollment_version
            WHERE event_id = last
                AND (passed, grade, passed_at) IS NOT DISTINCT FROM
                    (new_row.passed, new_row.grade, new_row.passed_at)
        );
END
$$;

-- Adds the event of a change. Without a new version, it is dated now and has no actor.
CREATE FUNCTION record_the_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_new boolean := NEW.version > OLD.version;
    is_moved boolean := is_new
        AND (NEW.queue_number, NEW.queue_fraction) <> (OLD.queue_number, OLD.queue_fraction);
    corrected bigint := CASE WHEN is_new AND NEW.corrects IS DISTINCT FROM OLD.corrects THEN NEW.corrects END;
    restored bigint := CASE WHEN is_new AND NEW.corrects IS DISTINCT FROM OLD.corrects THEN NEW.restores END;
    at text := CASE WHEN is_new THEN NEW.changed_at ELSE now_as_text() END;
    effective text := CASE WHEN is_new THEN NEW.effective_at END;
    last record;
    event student_course_event;
BEGIN
    IF NOT is_a_change(OLD, NEW) THEN
        RETURN NULL;
    END IF;
    SELECT effective_at, recorded_at INTO last FROM student_course_event
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id
    ORDER BY id DESC LIMIT 1;
    event.student_id := NEW.student_id;
    event.course_id := NEW.course_id;
    event.from_status := OLD.status;
    event.to_status := NEW.status;
    event.recorded_at := greatest(at, last.recorded_at);
    IF is_new THEN
        event.actor := NEW.changed_by;
        event.reason := NEW.change_reason;
        event.overridden := NEW.overridden;
    END IF;
    IF NEW.status = 'completed' THEN
        event.passed := coalesce(NEW.passed, true);
        event.grade := NEW.grade;
    ELSIF NEW.status = 'waitlisted' THEN
        event.instead_of := NEW.instead_of;
    END IF;
    IF is_moved THEN
        SELECT count(*) INTO event.position FROM student_course
        WHERE course_id = NEW.course_id
            AND status = 'waitlisted'
            AND (queue_number, queue_fraction) <= (NEW.queue_number, NEW.queue_fraction);
    END IF;

    IF NEW.status = 'void' AND OLD.status <> 'void' THEN
        -- It is void from its beginning.
        SELECT min(id) INTO corrected FROM enrollment_event
        WHERE student_id = NEW.student_id
            AND course_id = NEW.course_id
            AND superseded_by IS NULL
            AND to_status <> 'void';
        SELECT effective_at INTO event.effective_at FROM student_course_event WHERE id = corrected;
    ELSIF effective IS NOT NULL THEN
        event.effective_at := effective;
    ELSIF NEW.status = OLD.status THEN
        -- What stays as it was has been so since then.
        event.effective_at := last.effective_at;
    ELSE
        event.effective_at := greatest(at, last.effective_at);
    END IF;

    event.corrects := corrected;
    event.restores := restored;
    IF corrected IS NULL THEN
        IF is_new AND NEW.place_of IS DISTINCT FROM OLD.place_of THEN
            event.place_of := NEW.place_of;
        END IF;
        IF is_moved THEN
            event.queue_number := NEW.queue_number;
            event.queue_fraction := NEW.queue_fraction;
        END IF;
    ELSE
        IF NEW.status <> 'void' THEN
            -- What held before the corrected event, or before the restored one.
            event.from_status := (
                SELECT to_status FROM enrollment_event
                WHERE student_id = NEW.student_id
                    AND course_id = NEW.course_id
                    AND id < coalesce(restored, corrected)
                    AND superseded_by IS NULL
                ORDER BY id DESC LIMIT 1
            );
        END IF;
        IF NEW.status = 'waitlisted' THEN
            SELECT coalesce(place_of, id) INTO event.place_of FROM student_course_event
            WHERE id = coalesce(restored, corrected) AND to_status = 'waitlisted';
            -- What is waitlisted again is in the place to which it was moved last, if it was.
            SELECT queue_number, queue_fraction INTO event.queue_number, event.queue_fraction
            FROM enrollment_event
            WHERE student_id = NEW.student_id
                AND course_id = NEW.course_id
                AND id BETWEEN coalesce(NEW.restores, NEW.corrects) AND NEW.corrects
                AND queue_number IS NOT NULL
                AND superseded_by IS NULL
            ORDER BY id DESC LIMIT 1;
        END IF;
    END IF;

    INSERT INTO student_course_event SELECT (event).*;
    UPDATE student_course SET version = OLD.version + 1
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id AND NOT is_new;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_course_update_is_recorded
AFTER UPDATE ON student_course FOR EACH ROW
WHEN (
    (
        NEW.status, NEW.changed_at, NEW.effective_at, NEW.overridden, NEW.place_of, NEW.corrects, NEW.restores,
        NEW.instead_of, NEW.change_reason, NEW.changed_by, NEW.enrolled_at, NEW.waitlisted_at, NEW.completed_at,
        NEW.dropped_at, NEW.passed, NEW.grade, NEW.passed_at
    ) IS DISTINCT FROM (
        OLD.status, OLD.changed_at, OLD.effective_at, OLD.overridden, OLD.place_of, OLD.corrects, OLD.restores,
        OLD.instead_of, OLD.change_reason, OLD.changed_by, OLD.enrolled_at, OLD.waitlisted_at, OLD.completed_at,
        OLD.dropped_at, OLD.passed, OLD.grade, OLD.passed_at
    )
    OR NEW.version > OLD.version
    AND (NEW.queue_number, NEW.queue_fraction) <> (OLD.queue_number, OLD.queue_fraction)
)
EXECUTE FUNCTION record_the_update();

-- Refuses a seat, or a place to wait, that a course does not have. The arguments are the status and the rule, which is
-- the text of the refusal. A course is looked at once for each statement, since one can enroll thousands. A student who
-- came later, by the same statement, for whom the rule was overridden, has not taken the place of another.
CREATE FUNCTION need_room() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    override text := '%"' || TG_ARGV[1] || '"%';
    -- The last event of each course that needs room.
    claims bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        claims := ARRAY (
            SELECT max(event.id)
            FROM new_row
            JOIN student_course_event AS event USING (student_id, course_id)
            WHERE new_row.status = TG_ARGV[0] AND coalesce(new_row.overridden, '') NOT LIKE override
            GROUP BY course_id
        );
    ELSE
        claims := ARRAY (
            SELECT max(event.id)
            FROM new_row
            JOIN old_row USING (student_id, course_id)
            JOIN student_course_event AS event USING (student_id, course_id)
            WHERE new_row.status = TG_ARGV[0]
                AND old_row.status <> TG_ARGV[0]
                AND NOT (new_row.version > old_row.version AND coalesce(new_row.overridden, '') LIKE override)
            GROUP BY course_id
        );
    END IF;
    IF claims = '{}' THEN
        RETURN NULL;
    END IF;
    IF EXISTS (
        SELECT 1
        FROM student_course_event AS claim
        JOIN course ON course.id = claim.course_id
        WHERE claim.id = ANY (claims)
            AND CASE TG_ARGV[0] WHEN 'enrolled' THEN capacity ELSE waitlist_capacity END < (
                SELECT count(*) FROM student_course
                WHERE course_id = claim.course_id AND status = TG_ARGV[0]
            ) - (
                SELECT count(*) FROM student_course_event AS later
                WHERE later.course_id = claim.course_id
                    AND later.id > claim.id
                    AND later.to_status = TG_ARGV[0]
                    AND later.from_status IS DISTINCT FROM TG_ARGV[0]
            )
    ) THEN
        RAISE check_violation USING MESSAGE = TG_ARGV[1];
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_course_insert_needs_a_seat
AFTER INSERT ON student_course REFERENCING NEW TABLE AS new_row FOR EACH STATEMENT
EXECUTE FUNCTION need_room('enrolled', 'course_full');

CREATE TRIGGER student_course_insert_needs_a_place_to_wait
AFTER INSERT ON student_course REFERENCING NEW TABLE AS new_row FOR EACH STATEMENT
EXECUTE FUNCTION need_room('waitlisted', 'waitlist_full');

CREATE TRIGGER student_course_update_needs_a_seat
AFTER UPDATE ON student_course REFERENCING OLD TABLE AS old_row NEW TABLE AS new_row FOR EACH STATEMENT
EXECUTE FUNCTION need_room('enrolled', 'course_full');

CREATE TRIGGER student_course_update_needs_a_place_to_wait
AFTER UPDATE ON student_course REFERENCING OLD TABLE AS old_row NEW TABLE AS new_row FOR EACH STATEMENT
EXECUTE FUNCTION need_room('waitlisted', 'waitlist_full');

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

CREATE TRIGGER token_insert_leaves_a_change
AFTER INSERT ON token FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'token', '', 'name', 'role', 'student_id', 'created_at', 'created_by', 'expires_at', 'revoked_at', 'revoked_by'
);

CREATE TRIGGER token_update_leaves_a_change
AFTER UPDATE OF name, role, student_id, created_at, created_by, expires_at, revoked_at, revoked_by ON token
FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'token', '', 'name', 'role', 'student_id', 'created_at', 'created_by', 'expires_at', 'revoked_at', 'revoked_by'
);

CREATE TRIGGER token_delete_leaves_a_change
AFTER DELETE ON token FOR EACH ROW
EXECUTE FUNCTION leave_a_change(
    'token', '', 'name', 'role', 'student_id', 'created_at', 'created_by', 'expires_at', 'revoked_at', 'revoked_by'
);

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

CREATE TRIGGER import_stays
BEFORE DELETE ON import FOR EACH ROW
EXECUTE FUNCTION refuse('an import is undone, never deleted');

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

CREATE TRIGGER school_keeps_its_key
BEFORE UPDATE ON school FOR EACH ROW
WHEN (NEW.key <> OLD.key OR NEW.id <> OLD.id)
EXECUTE FUNCTION refuse('the school keeps its key');

CREATE TRIGGER school_stays
BEFORE DELETE ON school FOR EACH ROW
EXECUTE FUNCTION refuse('the school is never deleted');

INSERT INTO school (id) VALUES (1);

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

---------------------------------------------------------------------------------------------------
-- Every table
---------------------------------------------------------------------------------------------------

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'acting', 'course', 'course_code', 'course_meeting', 'course_requirement', 'course_word', 'deleted_id',
        'erasure', 'hold', 'import', 'kept_answer', 'letter', 'record_change', 'school', 'session', 'sign_in_link',
        'source_record', 'student', 'student_course', 'student_course_event', 'student_word', 'term', 'token'
    ]
    LOOP
        EXECUTE format(
            'CREATE TRIGGER one_writer_at_a_time BEFORE INSERT OR UPDATE OR DELETE ON %I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION take_the_write_lock()',
            name
        );
        -- No trigger of a row fires for it, and so nothing would be refused, and nothing recorded.
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE TRUNCATE ON %I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION refuse(''rows are deleted, never truncated'')',
            name || '_is_never_truncated', name
        );
    END LOOP;

    FOREACH name IN ARRAY ARRAY[
        'course', 'hold', 'import', 'session', 'sign_in_link', 'source_record', 'student', 'term', 'token'
    ]
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE INSERT ON %I'
            ' FOR EACH ROW WHEN (NEW.id IS NULL) EXECUTE FUNCTION give_an_id()',
            name || '_is_given_an_id', name
        );
        EXECUTE format(
            'CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS old_row'
            ' FOR EACH STATEMENT EXECUTE FUNCTION keep_the_deleted_id()',
            name || '_id_is_kept', name
        );
    END LOOP;
END
$$;
