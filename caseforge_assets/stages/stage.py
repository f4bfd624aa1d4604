"""The stage record, its version, and the request made from it; what differs between stages stands in their folders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from caseforge_assets.stages.canonical import fingerprint
from caseforge_assets.stages.judgement import Answer, Content, Item, Judgement
from caseforge_assets.stages.made_with import DEFAULT_MODEL, StageSettings
from caseforge_assets.stages.model_rules import CHAT_COMPLETIONS
from caseforge_assets.stages.quality import NodeFacts, Quality
from caseforge_assets.stages.templates import Templates
from caseforge_assets.stages.texts.plain_answers import judge_plainly

__all__ = [
    "DEFAULT_MODEL",
    "JudgeFailed",
    "Source",
    "Stage",
    "StageSettings",
    "StageUnknown",
    "definition_version",
    "known_as",
    "request_body",
    "stage_version",
]


class JudgeFailed(Exception):
    """A stage's judge does not work; nothing is wrong with the answer."""


class StageUnknown(LookupError):
    """A stage that is named somewhere is not among those in use: it may have been taken out of the project."""


@dataclass(frozen=True)
class Source:
    """The material that a request is made from.

    Attributes:
        name: The node's name.
        context: What the model is told about the node: its ancestors and itself.
        kpis: The framework's official indicators for the node, a line each.
        upstream: The body of the content that the stage reads; None for a stage that reads none.
        chosen: The node's items that people have chosen, in their order, for a stage that says from which they are chosen.
    """

    name: str
    context: str
    kpis: tuple[str, ...] = ()
    upstream: str | None = None
    chosen: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One kind of content.

    Attributes:
        key: Its name in code, tables and commands.
        title: Its name for people, in the plural.
        inputs: Name of the asset that holds its requests.
        outputs: Name of the asset that holds its answers.
        content: Name of the asset that holds its content.
        validity: What a good answer is called in the asset's check, such as `sections_complete`.
        reads: Key of the stage whose content it reads; None for the context alone.
        max_tokens_setting: The setting that holds its budget.
        default_max_completion_tokens: Its budget without that setting.
        max_max_completion_tokens: How far a retry may raise the budget.
        typical_input_tokens: Input tokens of a typical request.
        typical_output_tokens: Completion tokens of a typical answer, measured with gpt-5, thinking included.
        template_version: The versions of its templates.
        definition: Everything else its requests are made of, as text: templates, sections, rules.
        content_title: From a node's name to the title of its content.
        build_messages: From a source to the chat messages; the system message is the same for all sources.
        response_format: OpenAI's `response_format`, or None for plain text.
        judge_text: The judgement on an answer that has text.
        item_uid: From a node's code and an item's position (the first is 1) to the item's id, unique in a framework.
        items_name: What its items are called, in the plural, as a name of tables and files; empty for a stage whose content has none.
        item_columns: For tables that people see, from a column's name to the field of an item that stands in it.
        idea_fields: Fields of an item that tell its idea, beside its title: by these it is seen whether two items are the same idea. Empty: items are not compared.
        level_shares: Of a field of items that has levels, as its measure of quality counts them, the share of all items that each level is to have.
        templates: Its templates; None for a stage whose templates cannot be replaced.
        files: Names of the templates' files, and of what lies beside them, that a folder of one's own may replace.
        measure: From a content and its node to its quality; None for a stage whose content is not measured.
        render_items: From some of a content's items to a body of these alone; None where a body is only had as a whole.
        read_items: From a body as `render_items` makes it, changed by a person, the items before, and how their texts are shown and taken back, to the items now;
            it raises ValueError with what is wrong. None where items cannot be changed so.
        with_fields: From an item and some of its fields as a person wrote them, the title among them, to the item with these; it raises ValueError with what is wrong.
        language: Tag of the language that its texts are asked for in; empty where nothing is said of it.
        language_rules: What is said beside the language, such as how headings are to be written then.
        language_line: What is said of the language after the instructions; empty where its templates say it themselves.
        tells_thinking: Whether its judge heeds `Answer.may_be_thinking`; otherwise a text that holds such thinking is no content.
        chosen_from: Key of a stage with items. The stage is then asked for where people have chosen some of these only, and made from them, too;
            what is chosen differently makes its content stale.
        on_by_default: Whether a project has it without saying so.
        model: The model that it is asked of where nobody names one for it; empty: the one that the project's other stages are asked of.
        dimensions: For a stage that makes vectors: how many numbers each is to have where nobody says otherwise. Each message of its requests is a text, and
            gets one; the beginning of its content, up to the first line break, is for people.
    """

    key: str
    title: str
    inputs: str
    outputs: str
    content: str
    validity: str
    reads: str | None
    max_tokens_setting: str
    default_max_completion_tokens: int
    max_max_completion_tokens: int
    typical_input_tokens: int
    typical_output_tokens: int
    template_version: str
    definition: str
    content_title: Callable[[str], str]
    build_messages: Callable[[Source], list[dict[str, str]]]
    response_format: Mapping[str, Any] | None
    judge_text: Callable[[Answer], Judgement]
    item_uid: Callable[[str, int], str] = "{}-{:02d}".format
    items_name: str = ""
    item_columns: Mapping[str, str] = field(default_factory=dict)
    idea_fields: tuple[str, ...] = ()
    level_shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    templates: Templates | None = None
    files: tuple[str, ...] = ()
    measure: Callable[[Content, NodeFacts], Quality] | None = None
    render_items: Callable[[Sequence[Item]], str] | None = None
    read_items: Callable[[str, Sequence[Item], Callable[[str], str], Callable[[str], str]], tuple[Item, ...]] | None = None
    with_fields: Callable[[Item, Mapping[str, object]], Item] | None = None
    language: str = ""
    language_rules: str = ""
    language_line: str = ""
    tells_thinking: bool = False
    chosen_from: str | None = None
    on_by_default: bool = True
    model: str = ""
    dimensions: int | None = None

    @cached_property
    def known_versions(self) -> dict[tuple[object, ...], str]:
        """Give what `stage_version` has found so far, by style: it hashes all texts of the stage, and is asked for with every look at a node."""
        return {}

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of the stages that it is made from: the one whose content it reads, and the one whose items are chosen."""
        return tuple(key for key in (self.reads, self.chosen_from) if key)

    @property
    def is_list(self) -> bool:
        """Tell whether its content is a list of items; otherwise it is a document."""
        return bool(self.items_name)

    @property
    def makes_vectors(self) -> bool:
        """Tell whether its content is vectors of texts, which nobody reads."""
        return self.dimensions is not None

    @property
    def is_document(self) -> bool:
        """Tell whether its content is a text for people to read."""
        return not self.is_list and not self.makes_vectors

    def shown(self, body: str) -> str:
        """Give what people are shown of its content.

        Args:
            body: The content's.
        """
        return body.partition("\n")[0] if self.makes_vectors else body

    @property
    def answers_in_json(self) -> bool:
        """Tell whether its answers are data, and no text that people may write instead."""
        return self.response_format is not None or self.makes_vectors

    def messages(self, source: Source) -> list[dict[str, str]]:
        """Build the chat messages for a node; the language that texts are asked for in is said at the end of the instructions."""
        built = self.build_messages(source)
        if not self.language_line:
            return built
        first, *others = built
        return [first | {"content": f"{first['content']}\n\n{self.language_line}"}, *others]

    def judge(self, answer: Answer) -> Judgement:
        """Judge any answer to this stage's request, also one without text.

        Args:
            answer: The answer.

        Raises:
            JudgeFailed: The stage's judge does not do what it should. The answer is good or bad, but not lost: it is judged later.
        """
        if self.makes_vectors:
            return self._judge_plain(answer)
        judgement = judge_plainly(answer, self._judge_plain, tells_thinking=self.tells_thinking)
        return judgement if judgement.content is None else replace(judgement, content=judgement.content.storable())

    def _judge_plain(self, answer: Answer) -> Judgement:
        try:
            judgement = self.judge_text(answer)
        except Exception as error:  # a stage may be somebody's own
            raise JudgeFailed(f"the judge of the stage {self.key} failed: {type(error).__name__}: {error}") from error
        if judgement.outcome.good == (judgement.content is None):
            raise JudgeFailed(
                f"the judge of the stage {self.key} says {judgement.outcome}, with{'out' if judgement.content is None else ''} content"
            )
        if judgement.content is not None and judgement.content.items and not self.is_list:
            raise JudgeFailed(f"the stage {self.key} has no items_name, and its judge gives items")
        return judgement


# What versions are made with where the model does not matter: any fixed style would do. This one was the default of the first release, so that what
# projects of its time have told Dagster stays true.
_ANY_STYLE = StageSettings(model="gpt-5", temperature=1.0)


def stage_version(stage: Stage, settings: StageSettings) -> str:
    """Give the version of all that an answer depends on beside its source: 12 hexadecimal characters.

    The token budget is left out: it decides whether an answer is complete, not what it says, so that an answer won
    with a raised budget is as fresh as its neighbours. The endpoint counts where it is not the one that all requests went to at first,
    and the language where one is set.

    Args:
        stage: The stage.
        settings: Its settings.
    """
    style = (settings.model, _number(settings.temperature), settings.reasoning_effort, settings.verbosity)
    known = stage.known_versions.get((*style, settings.endpoint, settings.dimensions))
    if known is None:
        elsewhere = () if settings.endpoint == CHAT_COMPLETIONS else (settings.endpoint,)
        shortened = () if settings.dimensions is None else (settings.dimensions,)
        spoken = [[stage.language, stage.language_line]] if stage.language else []
        asked = [*style, *elsewhere, *shortened]
        known = fingerprint([stage.key, stage.template_version, stage.definition, stage.response_format, asked, *spoken])[:12]
        stage.known_versions[*style, settings.endpoint, settings.dimensions] = known
    return known


def definition_version(stage: Stage) -> str:
    """The same for whatever model, temperature, effort, verbosity and endpoint: the version of a stage's templates, schema and rules alone."""
    return stage_version(stage, _ANY_STYLE)


def shown_stage_version(stage: Stage, settings: StageSettings) -> str:
    """The version that Dagster is told, as the code version of a stage's assets: where content is kept, one and the same for all models."""
    return definition_version(stage) if settings.keeps_content else stage_version(stage, settings)


def request_body(stage: Stage, settings: StageSettings, source: Source, max_completion_tokens: int | None = None) -> dict[str, Any]:
    """Build a request, in the one form in which requests are counted, stored and compared.

    It is that of a chat completion, with `endpoint` in it where the request goes elsewhere; `batches.request_forms` writes the form of its endpoint.

    Args:
        stage: The stage.
        settings: Its settings.
        source: The node's source.
        max_completion_tokens: A budget for this request alone, such as a retry's.

    Returns:
        The request, ready for JSON.
    """
    budget = max_completion_tokens or settings.max_completion_tokens or stage.default_max_completion_tokens
    body: dict[str, Any] = {"model": settings.model, "messages": stage.messages(source), "max_completion_tokens": budget}
    optional = {
        "temperature": _number(settings.temperature),
        "reasoning_effort": settings.reasoning_effort,
        "verbosity": settings.verbosity,
        "response_format": stage.response_format,
        "endpoint": None if settings.endpoint == CHAT_COMPLETIONS else settings.endpoint,
        "dimensions": settings.dimensions,
    }
    return body | {name: value for name, value in optional.items() if value is not None}


def _number(temperature: float | None) -> float | None:
    """Make 1 and 1.0 the same: they differ in JSON, and so would fingerprints."""
    return None if temperature is None else float(temperature)


def known_as(stage: Stage, key: str | None) -> str:
    """Give the name under which versions of a stage are kept: its key, or for those of one framework its key and the framework's."""
    return f"{stage.key} of {key}" if key else stage.key
