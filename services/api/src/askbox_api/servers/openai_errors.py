"""What went wrong at an OpenAI-shaped server, as an error of ours that names the server and the remedy.

What the server itself said is not repeated: it may hold the question.
"""

import openai

from askbox_api.errors import ModelNotFound, ModelUnavailable


def before_first_token(error: openai.OpenAIError, *, model: str, server: str) -> ModelNotFound | ModelUnavailable:
    """The error of ours for one that came instead of an answer."""
    match error:
        case openai.APITimeoutError():
            return ModelUnavailable(f"the model's server at {server} took too long to connect", remedy=start(server))
        case openai.APIConnectionError():
            return ModelUnavailable(f"the model's server at {server} does not answer", remedy=start(server))
        case openai.NotFoundError() if "model" in _message(error):
            return ModelNotFound(
                f"the model {model!r} is not at {server}", remedy=f"Get it with `ollama pull {model}`."
            )
        case openai.NotFoundError():
            return ModelUnavailable(
                f"{server} has no /chat/completions",
                remedy="Set ASKBOX_LLM_BASE_URL to the root of an OpenAI-compatible API; it mostly ends in /v1.",
            )
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return ModelUnavailable(
                f"{server} refuses the API key ({error.status_code})", remedy="Set ASKBOX_LLM_API_KEY."
            )
        case openai.BadRequestError() if "does not support chat" in _message(error):
            return ModelUnavailable(f"{model!r} is not a chat model", remedy="Set ASKBOX_LLM_MODEL to a chat model.")
        case openai.APIStatusError(status_code=429 | 503):
            return ModelUnavailable(f"the model's server at {server} is busy", remedy="Ask again in a moment.")
        case openai.APIStatusError():
            return ModelUnavailable(
                f"the model's server at {server} answered {error.status_code}", remedy="See the log of that server."
            )
        case _:
            return ModelUnavailable(f"the model's server at {server} could not be asked", remedy=start(server))


def start(server: str) -> str:
    """What to do about a server that is not there."""
    return f"Start it (Ollama: `ollama serve`), or set ASKBOX_LLM_BASE_URL if it is not at {server}."


def _message(error: openai.APIStatusError) -> str:
    body = error.body
    message = body.get("message") if isinstance(body, dict) else body
    return message if isinstance(message, str) else ""
