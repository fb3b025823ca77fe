"""From settings to a working box: the only place that names adapters."""

from dataclasses import dataclass

from askbox_api.asking.answering import Asking
from askbox_api.asking.generating import GenerationSettings
from askbox_api.asking.preparing import Preparing
from askbox_api.asking.prompting import PROMPTS, PromptFile
from askbox_api.asking.slots import Slots
from askbox_api.ingesting.ingesting import Ingesting
from askbox_api.models.window import Windows
from askbox_api.ports import LanguageModel, PassageStore
from askbox_api.settings import Settings


@dataclass(frozen=True, slots=True)
class Box:
    """All that routes need. Open it before use, and close it after."""

    settings: Settings
    store: PassageStore
    model: LanguageModel
    asking: Asking
    ingesting: Ingesting

    async def open(self) -> None:
        """Take what the adapters need."""
        await self.store.open()

    async def close(self) -> None:
        """Give it back."""
        await self.model.close()
        await self.store.close()


def build(settings: Settings) -> Box:
    """The box that the settings describe; nothing is opened yet. Raises ValueError for a broken prompt file."""
    store = _store(settings)
    model = _model(settings)
    windows = Windows(fixed=settings.llm_window, read=model.window)
    prompt = PromptFile(settings.prompt_file or PROMPTS / "chat.jinja")
    asking = Asking(
        preparing=Preparing(store=store, model=model, default_model=settings.llm_model, windows=windows, prompt=prompt),
        model=model,
        slots=Slots(at_once=settings.generations, waiting=settings.queue, patience=settings.queue_timeout),
        windows=windows,
        prompt=prompt,
        settings=GenerationSettings(
            first_token_timeout=settings.first_token_timeout, whole_timeout=settings.answer_timeout
        ),
    )
    return Box(settings, store, model, asking, Ingesting(store, passage_size=settings.passage_size))


def _store(settings: Settings) -> PassageStore:
    # Adapters are imported where they are chosen: each costs start-up time and memory.
    match settings.store:
        case "embedded":
            from askbox_api.stores.embedded import EmbeddedStore

            return EmbeddedStore(data_dir=settings.data_dir, search_timeout=settings.search_timeout)
        case "elasticsearch":
            from askbox_api.stores.elasticsearch import ElasticsearchStore

            return ElasticsearchStore(
                url=settings.elasticsearch_url,
                username=settings.elasticsearch_username,
                password=settings.elasticsearch_password.get_secret_value(),
                api_key=settings.elasticsearch_api_key.get_secret_value(),
                prefix=settings.elasticsearch_prefix,
                shards=settings.elasticsearch_shards,
                replicas=settings.elasticsearch_replicas,
                search_timeout=settings.search_timeout,
            )


def _model(settings: Settings) -> LanguageModel:
    from askbox_api.servers.openai_compatible import OpenAICompatible

    return OpenAICompatible(base_url=settings.llm_base_url, api_key=settings.llm_api_key.get_secret_value())
