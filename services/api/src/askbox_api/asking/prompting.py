"""From a question and its passages to the messages that a chat model reads. The words are in `prompts/`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError

from askbox_api.domain import Hit, Message, NumberedHit, Turn

PROMPTS = Path(__file__).parent / "prompts"


class PromptFile:
    """A prompt file: a Jinja template with the blocks `system` and `user` and the sentence `abstention`.

    `system` is the first message, where the request brings none of its own; `frame` is what the last one holds beside
    question and passages. What is filled in is never read as a template. Raises ValueError naming the file and what
    it lacks, or what cannot be read as a template.
    """

    def __init__(self, path: Path) -> None:
        environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701  a model reads plain text
        sample = {"passages": [{"n": 1, "heading": "", "text": ""}], "question": ""}
        try:
            self._template = environment.from_string(path.read_text(encoding="utf-8"))
            module = self._template.make_module(sample)
        except (TemplateError, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: this prompt file cannot be used: {error}") from error
        self.abstention = str(getattr(module, "abstention", ""))
        missing = [name for name in ("system", "user") if name not in self._template.blocks]
        missing += [] if self.abstention else ["abstention"]
        if missing:
            raise ValueError(f"{path}: a prompt file needs {', '.join(missing)}")
        self.system = self._render("system")
        self.frame = self.user("", ())

    def user(self, question: str, hits: Sequence[NumberedHit]) -> str:
        """The last message: the passages with their numbers, then the question."""
        return self._render("user", question=question, passages=[_shown(hit) for hit in hits])

    def abstains(self, answer: str) -> bool:
        """Whether an answer is the sentence of abstention, give or take case, quotes and the full stop."""
        return _bare(answer) == _bare(self.abstention)

    def _render(self, block: str, **values: Any) -> str:
        context = self._template.new_context({"abstention": self.abstention, **values})
        return "".join(self._template.blocks[block](context)).strip()


def messages(
    prompt: PromptFile, question: str, *, hits: Sequence[NumberedHit], turns: Sequence[Turn], system: str
) -> tuple[Message, ...]:
    """The stable text first and the question last, so that the server's prompt cache holds."""
    return (
        Message("system", system),
        *(Message(turn.role, turn.content) for turn in turns),
        Message("user", prompt.user(question, hits)),
    )


def heading(hit: Hit) -> str:
    """What names a passage in one line: its title and the headings above it."""
    parts = [hit.passage.title, *hit.passage.headings]
    return " › ".join(part for part in dict.fromkeys(parts) if part)


def _shown(numbered: NumberedHit) -> dict[str, object]:
    return {"n": numbered.n, "heading": heading(numbered.hit), "text": numbered.hit.passage.text}


def _bare(text: str) -> str:
    return text.strip(" \t\r\n\"'“”‘’*_.").casefold()
