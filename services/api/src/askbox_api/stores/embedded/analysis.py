"""How text becomes terms in the embedded store: the same as Elasticsearch's English analysis, as far as measured.

Knows tantivy's tokenizers and filters; not what is indexed or searched.
"""

import tantivy

ANALYSIS_VERSION = 1  # raise it with any change here: indexes of another version are rebuilt
ANALYZER = "askbox"

_WORDS = (
    r"\d+(?:,\d+)+(?:\.\d+)*"
    r"|[\p{Han}\p{Hiragana}]"
    r"|[\w&&[^\p{Han}\p{Hiragana}]]+(?:['.][\w&&[^\p{Han}\p{Hiragana}]]+)*"
)
_STOP_WORDS = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they "
    "this to was will with"
).split()
_APOSTROPHES = str.maketrans("\u2019\u2018", "''")


def build_analyzer() -> tantivy.TextAnalyzer:
    """Standard tokens, lower case, Elasticsearch's 33 English stop words, porter2."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(_WORDS))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.custom_stopword(_STOP_WORDS))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def straighten(text: str) -> str:
    """Typographic apostrophes as plain ones; to be done to passages and queries before the analyzer sees them."""
    return text.translate(_APOSTROPHES)
