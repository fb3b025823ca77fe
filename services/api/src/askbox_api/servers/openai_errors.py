"""What went wrong at an OpenAI-shaped server, as an error of ours that names the server and the remedy.

What the server itself said is not repeated: it may hold the question.
"""

import orjson

from askbox_api.errors import ModelNotFound, ModelUnavailable


def unreachable(error: Exception, *, server: str) -> ModelUnavailable:
    """The error of ours where no answer came at all."""
    if isinstance(error, TimeoutError):
        return ModelUnavailable(f"the model's server at {server} took too long to connect", remedy=start(server))
    return ModelUnavailable(f"the model's server at {server} does not answer", remedy=start(server))


def refused(status: int, body: bytes, *, model: str, server: str) -> ModelNotFound | ModelUnavailable:
    """The error of ours for an answer that is not 200."""
    said = _message(body)
    match status:
        case 404 if "model" in said:
            return ModelNotFound(
                f"the model {model!r} is not at {server}", remedy=f"Get it with `ollama pull {model}`."
            )
        case 404:
            return ModelUnavailable(
                f"{server} has no /chat/completions",
                remedy="Set ASKBOX_LLM_BASE_URL to the root of an OpenAI-compatible API; it mostly ends in /v1.",
            )
        case 401 | 403:
            return ModelUnavailable(f"{server} refuses the API key ({status})", remedy="Set ASKBOX_LLM_API_KEY.")
        case 400 if "does not support chat" in said:
            return ModelUnavailable(f"{model!r} is not a chat model", remedy="Set ASKBOX_LLM_MODEL to a chat model.")
        case 429 | 503:
            return ModelUnavailable(f"the model's server at {server} is busy", remedy="Ask again in a moment.")
        case _:
            return ModelUnavailable(
                f"the model's server at {server} answered {status}", remedy="See the log of that server."
            )


def start(server: str) -> str:
    """What to do about a server that is not there."""
    return f"Start it (Ollama: `ollama serve`), or set ASKBOX_LLM_BASE_URL if it is not at {server}."


def _message(body: bytes) -> str:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    error = said.get("error") if isinstance(said, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    return message if isinstance(message, str) else ""
