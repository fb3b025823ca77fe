"""Where sentences begin and end, and which words carry meaning."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askbox_api.sentences import content_words, sentences

PROSE = st.text(alphabet="aB1 .!?…。\n\r\t\"')[]【】,’”", max_size=60) | st.text(max_size=60)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@settings(deadline=None, max_examples=400)
@given(PROSE)
def test_spans_are_in_order_trimmed_and_hold_every_letter(text: str) -> None:
    spans = list(sentences(text))

    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(start < end for start, end in spans)
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)
    assert "".join("".join(text[start:end] for start, end in spans).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ("What?! No way... Really?", ["What?!", "No way...", "Really?"]),
        (
            "Use e.g. Llama, i.e. Meta's, cf. Touvron et al. 2023.",
            ["Use e.g. Llama, i.e. Meta's, cf. Touvron et al. 2023."],
        ),
        ("Ask Dr. Smith or Mrs. J. Doe. They know.", ["Ask Dr. Smith or Mrs. J. Doe.", "They know."]),
        ("It takes 3.5 GB. Version 1.2.3 takes 4.", ["It takes 3.5 GB.", "Version 1.2.3 takes 4."]),
        ("See Fig. 3 and Sec. 4. 5 GB are enough.", ["See Fig. 3 and Sec. 4.", "5 GB are enough."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("It is so (really.) And “this”. ‘That’ too.", ["It is so (really.)", "And “this”.", "‘That’ too."]),
        ("这是一。这是二！「三。」四", ["这是一。", "这是二！", "「三。」", "四"]),
        ("It is so. [1] But why? [2, 3] So.【4】 Yes.", ["It is so. [1]", "But why? [2, 3]", "So.【4】", "Yes."]),
        ("It is so [1]. But why [2]?", ["It is so [1].", "But why [2]?"]),
        ('One."\n"Two," he said.\n[1] three\n"four"', ['One."', '"Two," he said.\n[1]', "three", '"four"']),
        ('{\n"a": 1\n}', ["{", '"a": 1', "}"]),
        ("No stop\n[1] and a mark", ["No stop", "[1] and a mark"]),
        ("- one\n- two\r\n\r\nthree", ["- one", "- two", "three"]),
        ("See https://a.b/c.html?d=E.F for it. Then go.", ["See https://a.b/c.html?d=E.F for it.", "Then go."]),
        ("Say node.js. then go on.", ["Say node.js. then go on."]),
        ("Это так. Éa va. Ok.", ["Это так.", "Éa va.", "Ok."]),
        ("", []),
        (" \n\t", []),
        ("...", ["..."]),
    ],
)
def test_sentences_are_cut_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@pytest.mark.parametrize("text", ["." * 300_000, "a." + " " * 300_000, "." + ")" * 300_000, ".[1]" * 100_000])
def test_hostile_texts_cost_no_more_than_their_length(text: str) -> None:
    # With backtracking these took minutes.
    assert sum(end - start for start, end in sentences(text)) == len(text.strip())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("How much memory does the model need?", ["much", "memory", "model", "need"]),
        ("Models' layers, layered", ["model", "layer", "layer"]),
        ("Meta’s model isn't v1.5-large", ["meta", "model", "isn't", "v1.5", "large"]),
        ("模型 GPU", ["模", "型", "gpu"]),
        ("___ ... \x00", []),
        ("the of and", []),
    ],
)
def test_words_that_carry_meaning(text: str, words: list[str]) -> None:
    assert content_words(text) == words


@settings(deadline=None, max_examples=200)
@given(st.text())
def test_any_text_has_words(text: str) -> None:
    assert all(content_words(text))
