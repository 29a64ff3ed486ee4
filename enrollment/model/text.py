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
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0" + "\U000e0000-\U000e0fff"
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

# The punctuation and symbols of the larger blocks, and characters that show nothing: no code has
# them. A code has letters, marks and digits of any script, and the characters of _BETWEEN.
_NOT_IN_CODES = (
    r"""\x00-\x1f!"$%()*,;<-@\[-\^`{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7\u034f\u061c\u115f\u1160"""
    r"\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u3164"
    rf"{SURROGATES}\ue000-\uf8ff\ufe00-\ufe1f\ufe30-\ufe6f\ufeff-\uff0f\uff1a-\uff20\uff3b-\uff40"
    r"\uff5b-\uff65\uffa0\uffe0-\uffff"
    "\U0001f000-\U0001faff\U000e0000-\U0010ffff"
)
_BETWEEN = r"\- ._/&':"
CODE_LENGTH = 32
# A code can end with + or #, and does not begin with a mark, which would join what is before it.
CODE_PATTERN = (
    rf"^[^{_NOT_IN_CODES}{_BETWEEN}+#\u0300-\u036f]"
    rf"(?:[^{_NOT_IN_CODES}]*[^{_NOT_IN_CODES}{_BETWEEN}])?{END}"
)
CODE_RULE = "letters and digits of any script, with spaces and . _ / + - & ' # : between them"
