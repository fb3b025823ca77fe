"""Prompt files: what they must hold, and that nothing filled in is read as a template."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.api.asking.conftest import MakeHits

from askbox_api.asking.prompting import PROMPTS, PromptFile, heading, messages
from askbox_api.domain import Hit, Message, NumberedHit, Turn

ABSTENTION = '{% set abstention = "I do not know." %}'
SYSTEM = "{% block system %}Say: {{ abstention }}{% endblock %}"
USER = "{% block user %}{% for p in passages %}[{{ p.n }}] {{ p.text }}{% endfor %} {{ question }}{% endblock %}"

Prompt = Callable[[str], PromptFile]


@pytest.fixture
def prompt(tmp_path: Path) -> Prompt:
    """The prompt file with this content."""

    def make(content: str) -> PromptFile:
        path = tmp_path / "own.jinja"
        path.write_text(content, encoding="utf-8")
        return PromptFile(path)

    return make


@pytest.fixture(scope="session")
def shipped() -> PromptFile:
    return PromptFile(PROMPTS / "chat.jinja")


def numbered(hits: list[Hit]) -> list[NumberedHit]:
    return [NumberedHit(n, hit) for n, hit in enumerate(hits, start=1)]


def test_a_prompt_file_of_ones_own_is_used(prompt: Prompt, make_hits: MakeHits) -> None:
    own = prompt(ABSTENTION + SYSTEM + USER)

    assert own.system == "Say: I do not know."
    assert own.user("Why?", numbered(make_hits("Because."))) == "[1] Because. Why?"
    assert own.abstention == "I do not know."


@pytest.mark.parametrize(
    ("content", "lacks"),
    [
        (ABSTENTION + USER, "needs system$"),
        (ABSTENTION + SYSTEM, "needs user$"),
        ('{% set abstention = "" %}' + SYSTEM + USER, "needs abstention$"),
        ("{% block system %}a{% endblock %}" + USER, "needs abstention$"),
        ("", "needs system, user, abstention$"),
        (SYSTEM + USER, "'abstention' is undefined"),
        (ABSTENTION + SYSTEM + "{% block user %}", "Unexpected end of template"),
        (ABSTENTION + SYSTEM + "{% block user %}{% for p in passages %}{{ p.txt }}{% endfor %}{% endblock %}", "txt"),
        (ABSTENTION + SYSTEM + "{% block user %}{{ nobody }}{% endblock %}", "'nobody' is undefined"),
    ],
)
def test_a_broken_prompt_file_is_refused_with_its_path_and_what_is_wrong(
    prompt: Prompt, tmp_path: Path, content: str, lacks: str
) -> None:
    with pytest.raises(ValueError, match=lacks) as error:
        prompt(content)

    assert str(tmp_path / "own.jinja") in str(error.value)


def test_a_prompt_file_that_is_no_text_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "own.jinja"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(ValueError, match=r"own\.jinja"):
        PromptFile(path)


@settings(deadline=None, max_examples=100)
@given(
    question=st.text() | st.sampled_from(["{{ 7 * 7 }}", "{% block user %}", "{# x #}"]),
    text=st.text() | st.just("{{ question }} {% raw %}"),
    title=st.text() | st.just("{{ abstention }}"),
)
def test_what_is_filled_in_is_never_a_template(
    question: str, text: str, title: str, shipped: PromptFile, make_hits: MakeHits
) -> None:
    sent = shipped.user(question, numbered(make_hits(text, title=title)))

    assert sent == f"Passages:\n\n[1] {title}\n{text}\n\nQuestion: {question}".strip()


def test_messages_are_system_turns_and_the_question_last(shipped: PromptFile, make_hits: MakeHits) -> None:
    turns = [Turn("user", "Hello?"), Turn("assistant", "Yes.")]

    sent = messages(shipped, "Why?", hits=numbered(make_hits("Because.")), turns=turns, system="Be kind.")

    assert sent[:3] == (Message("system", "Be kind."), Message("user", "Hello?"), Message("assistant", "Yes."))
    assert sent[3].role == "user"
    assert sent[3].content.endswith("Question: Why?")


@pytest.mark.parametrize(
    "answer",
    [
        "The documents do not answer this question.",
        "the documents do not answer this question",
        '"The documents do not answer this question."',
        '"The documents do not answer this question".',
        " **The documents do not answer this question.**\n",
        "“The documents do not answer this question”",
    ],
)
def test_the_sentence_of_abstention_is_recognised_in_other_clothes(shipped: PromptFile, answer: str) -> None:
    assert shipped.abstains(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "28 GB.",
        "The documents do not answer this question. But I guess 28 GB.",
        "They do not answer this question.",
    ],
)
def test_other_answers_are_none(shipped: PromptFile, answer: str) -> None:
    assert not shipped.abstains(answer)


def test_a_heading_names_each_part_once(make_hits: MakeHits) -> None:
    (hit,) = make_hits("text", title="Models")

    assert heading(hit) == "Models"
    assert heading(make_hits("text")[0]) == ""
