"""Which characters a text can have, and how long it can be."""

# Text cannot have control characters (they forge log lines), lone surrogates, U+FFFE and U+FFFF
# (they are not characters), or U+10FFFF (a query for a prefix ends at the prefix and U+10FFFF).
# Patterns end with END instead of "$", which would allow a newline at the end.
SURROGATES = r"\ud800-\udfff"
END = r"(?![\s\S])"
ODD = rf"\x00-\x1f\x7f-\x9f\u2028\u2029{SURROGATES}\ufffe\uffff" + "\U0010ffff"
NO_ODD_CHARACTERS = rf"^[^{ODD}]*{END}"
# Characters that show nothing: of zero width, for joining or direction, or as a filler.
INVISIBLE = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
# What is taken off both ends of a value that someone has pasted: blanks, and marks of direction and
# of zero width.
UNSEEN = "".join(filter(str.isspace, map(chr, range(0x3001)))) + (
    "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
# Texts that differ only in white space at either end would look the same. A text begins with a
# character that shows something; in scripts that need them, invisible ones can follow.
TEXT = rf"^[^\s{ODD}{INVISIBLE}](?:[^{ODD}]*[^\s{ODD}])?{END}"
TEXT_RULE = (
    "Expected no control characters, a visible first character, and no white space at the end"
)
# In characters as a reader counts them, and in code points.
NAME_LENGTH = 100
CODE_POINTS_OF_NAME = 500

# Letters, marks and digits of any script, without punctuation, symbols, what shows nothing, and
# what is one of these, or beyond U+FFFF, in normal form C.
# They end at U+FFFF: some readers of patterns take a character beyond it for two, and so cannot
# read a range of them.
_MARKS = r"\u0300-\u034e\u0350-\u036f"
_LETTERS = (
    r"0-9A-Za-z\xaa\xb5\xba\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u0386\u0388-\u061b"
    r"\u061d-\u115e\u1161-\u167f\u1681-\u17b3\u17b6-\u180a\u1810-\u1fee\u1ff0-\u1ffc"
    r"\u1ffe-\u1fff\u2c00-\u2dff\u2e80-\u2fff\u3005-\u3007\u3021-\u302f\u3031-\u3163"
    r"\u3165-\ud7ff\uf900-\ufa6b\ufa6d-\uface\ufad2-\ufad4\ufad8-\ufdff\ufe20-\ufe2f"
    r"\ufe70-\ufefe\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uff9f\uffa1-\uffdf"
)
_BETWEEN = r"\- ._/&':"
CODE_LENGTH = 32
# A code can end with + or #, and does not begin with a mark, which would join what is before it.
CODE_PATTERN = rf"^[{_LETTERS}](?:[{_LETTERS}{_MARKS}{_BETWEEN}+#]*[{_LETTERS}{_MARKS}+#])?{END}"
CODE_RULE = "letters and digits of any script, with spaces and . _ / + - & ' # : between them"
