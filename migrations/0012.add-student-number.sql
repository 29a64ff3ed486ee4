-- Students have a number, need only one name, share emails, and are listed by a sort key of their names.
-- depends: 0011.add-sections

-- How a character is sorted and searched: as its base, without case and accents. One that is not here stands for
-- itself. From the decompositions of Unicode 14, with the Latin letters that it does not decompose.
CREATE TABLE letter (
    letter TEXT NOT NULL,
    base   TEXT NOT NULL,
    CONSTRAINT letter_key PRIMARY KEY (letter)
) STRICT, WITHOUT ROWID;

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
SELECT char(column1), char(column2)
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
    )
    UNION ALL
    SELECT code + 1, last FROM span WHERE code < last
)

INSERT INTO letter (letter, base)
SELECT char(code), ''
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
    )
    UNION ALL
    SELECT code + 1, last FROM span WHERE code < last
)

INSERT INTO letter (letter, base)
SELECT char(code), ' '
FROM span;

-- SQLite cannot drop a constraint, so the table is made again, as in 0010. Foreign keys are off.
CREATE TEMP TABLE old_student AS
SELECT id, given_name, family_name, email, status, version, max_credits
FROM student;

-- The highest id ever given: no id is given twice.
CREATE TEMP TABLE old_sequence AS
SELECT name, seq FROM sqlite_sequence WHERE name = 'student';

DROP TABLE student;

-- A name has at most 100 characters as a reader counts them, which can be more code points.
CREATE TABLE student (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    number      TEXT    COLLATE NOCASE,
    given_name  TEXT    COLLATE NOCASE,
    family_name TEXT    NOT NULL COLLATE NOCASE,
    email       TEXT    COLLATE NOCASE,
    status      TEXT    NOT NULL DEFAULT 'active',
    max_credits REAL,
    version     INTEGER NOT NULL DEFAULT 1,
    updated_at  TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    family_sort TEXT    NOT NULL DEFAULT '',
    given_sort  TEXT    NOT NULL DEFAULT '',
    CONSTRAINT student_number_form CHECK (length(number) BETWEEN 1 AND 32 AND number NOT GLOB '*[^!-~]*'),
    CONSTRAINT student_number_unique UNIQUE (number),
    CONSTRAINT student_given_name_length CHECK (length(given_name) BETWEEN 1 AND 500),
    CONSTRAINT student_family_name_length CHECK (length(family_name) BETWEEN 1 AND 500),
    CONSTRAINT student_email_form CHECK (length(email) <= 254 AND email LIKE '_%@_%'),
    CONSTRAINT student_status_known CHECK (status IN ('active', 'inactive')),
    CONSTRAINT student_max_credits_range CHECK (max_credits BETWEEN 0 AND 1000),
    CONSTRAINT student_version_positive CHECK (version >= 1),
    CONSTRAINT student_updated_at_is_time
        CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', updated_at, '+0 days'))
) STRICT;

-- How the names of a student are sorted: each character by its base.
CREATE VIEW student_sort AS
SELECT
    id AS student_id,
    (
        WITH RECURSIVE spelled (place, key) AS (
            SELECT 0, ''
            UNION ALL
            SELECT place + 1, key || coalesce(
                    (SELECT base FROM letter WHERE letter = substr(family_name, place + 1, 1)),
                    substr(family_name, place + 1, 1)
                )
            FROM spelled
            WHERE place < length(family_name)
        )
        SELECT key FROM spelled WHERE place = length(family_name)
    ) AS family_sort,
    coalesce(
        (
            WITH RECURSIVE spelled (place, key) AS (
                SELECT 0, ''
                UNION ALL
                SELECT place + 1, key || coalesce(
                        (SELECT base FROM letter WHERE letter = substr(given_name, place + 1, 1)),
                        substr(given_name, place + 1, 1)
                    )
                FROM spelled
                WHERE place < length(given_name)
            )
            SELECT key FROM spelled WHERE place = length(given_name)
        ),
        ''
    ) AS given_sort
FROM student;

INSERT INTO student (id, given_name, family_name, email, status, max_credits, version)
SELECT id, given_name, family_name, email, status, max_credits, version
FROM old_student
ORDER BY id;

UPDATE student
SET (family_sort, given_sort) = (
    SELECT family_sort, given_sort FROM student_sort WHERE student_id = student.id
);

CREATE INDEX student_by_name ON student (family_sort, given_sort);

CREATE INDEX student_by_email ON student (email);

CREATE INDEX student_by_update ON student (updated_at);

DELETE FROM sqlite_sequence WHERE name = 'student';

INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM old_sequence;

DROP TABLE old_student;

DROP TABLE old_sequence;

CREATE TRIGGER student_insert_is_sorted
AFTER INSERT ON student
BEGIN
    UPDATE student
    SET (family_sort, given_sort) = (
        SELECT family_sort, given_sort FROM student_sort WHERE student_id = NEW.id
    )
    WHERE id = NEW.id;
END;

CREATE TRIGGER student_update_is_sorted
AFTER UPDATE OF family_name, given_name, family_sort, given_sort ON student
WHEN NEW.family_name <> OLD.family_name COLLATE BINARY
    OR NEW.given_name IS NOT OLD.given_name COLLATE BINARY
    OR NEW.family_sort <> OLD.family_sort
    OR NEW.given_sort <> OLD.given_sort
BEGIN
    UPDATE student
    SET (family_sort, given_sort) = (
        SELECT family_sort, given_sort FROM student_sort WHERE student_id = NEW.id
    )
    WHERE id = NEW.id;
END;

-- The service sets `updated_at` itself. A write that leaves it as it was, or sets it back, is dated now.
CREATE TRIGGER student_update_is_dated
AFTER UPDATE OF number, given_name, family_name, email, status, max_credits, version, updated_at ON student
WHEN NEW.updated_at < OLD.updated_at
    OR NEW.updated_at = OLD.updated_at AND NEW.updated_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN
    UPDATE student SET updated_at = max(OLD.updated_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    WHERE id = NEW.id;
END;

CREATE TRIGGER student_with_enrolments_stays
BEFORE DELETE ON student
WHEN EXISTS (SELECT 1 FROM student_course WHERE student_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'a student who has enrolments is not deleted');
END;

CREATE TRIGGER student_keeps_its_id
BEFORE UPDATE OF id ON student
WHEN NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'a student keeps the id');
END;
