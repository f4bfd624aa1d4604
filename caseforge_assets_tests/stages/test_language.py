"""A framework's language: what is asked, which headings are read, what is measured, and that nothing changes where none is set."""

from pathlib import Path

import pytest

from caseforge_assets.settings import ConfigurationError, load_settings
from caseforge_assets.stages.canonical import fingerprint
from caseforge_assets.stages.discovery import Asking, find_stages
from caseforge_assets.stages.judgement import Answer, Content
from caseforge_assets.stages.languages import checked_tag, language_name
from caseforge_assets.stages.measuring.word_lists import language_of, languages_with_words
from caseforge_assets.stages.process_details.sections import BUILT_IN, translated_headings
from caseforge_assets.stages.quality import NodeFacts, Quality, readable
from caseforge_assets.stages.stage import Source, Stage, StageSettings, definition_version, request_body, stage_version
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

KNOWN = ("de", "fr", "es", "it", "pt", "nl")
SOURCE = Source("Process invoices", "Process: Process invoices", ("Cost per invoice",), "Doc")
PARAGRAPHS = (
    "Die Prüfung vergleicht jede Eingangsrechnung mit Bestellung und Wareneingang, bevor das Unternehmen zahlt. Auslöser ist der Eingang des Belegs, das Ende die Freigabe.",
    "Belege erfassen: Der Sachbearbeiter liest Rechnungsnummer, Betrag und Steuersatz aus. Abweichungen klären: Er fragt den Einkauf nach einer Gutschrift.",
    "Nötig sind Bestellung, Lieferschein und Rahmenvertrag; ohne gebuchten Wareneingang ruht die Rechnung. Stammdaten des Lieferanten kommen aus dem ERP-System.",
    "1. Die Poststelle scannt den Beleg. 2. Das System schlägt eine Bestellung vor. 3. Bei einer Differenz über zwei Prozent geht die Rechnung in die Klärung.",
    "Eine freigegebene Rechnung mit Buchungssatz, ein Protokoll der Klärung für die Revision sowie eine Mahnsperre, solange der Streit mit dem Lieferanten läuft.",
    "Die Leitung der Buchhaltung verantwortet den Ablauf, der Einkauf bestätigt Preise, das Lager bestätigt Mengen. Beträge ab 50.000 Euro zeichnet der Vorstand.",
    "Skontofristen stehen im Kalender der Gruppe, weil sonst ein Teil des Nachlasses verfällt. Doppelte Rechnungen findet ein Abgleich von Betrag und Datum.",
    "Rechnungen ohne Bestellnummer bleiben liegen; hilfreich ist ein Hinweis an den Lieferanten mit dem ersten Auftrag. Fehlbuchungen fallen erst im Abschluss auf.",
    "Durchlaufzeit vom Eingang bis zur Freigabe, Anteil der Rechnungen ohne Rückfrage, genutztes Skonto. Als Frühindikator dient die Zahl der offenen Klärungen.",
    "Ein Erfassungssystem mit Texterkennung übergibt die Kopfdaten an das ERP-System; Streitfälle verfolgt der Einkauf noch in einer Tabelle von Hand.",
)


def in_language(*languages: tuple[str, str]) -> dict[str, Stage]:
    return {stage.key: stage for stage in find_stages(asking=Asking(languages=languages))}


def document(language: str) -> str:
    headings = translated_headings(language)
    return "\n\n".join(f"## {headings[entry.name][0]}\n\n{text}" for entry, text in zip(BUILT_IN.entries, PARAGRAPHS, strict=True))


def answer(text: str) -> Answer:
    return Answer(text, "stop", None, None, None, None)


def measured(facts: NodeFacts, language: str, text: str | None = None) -> Quality:
    measure = in_language(("", language))["process_details"].measure
    assert measure is not None
    return measure(Content(text or document("de")), facts)


@pytest.mark.parametrize(
    ("key", "version", "definition", "request_hash"),
    [
        ("process_details", "9049f231d48f", "72417359b744", "aa9d8ea6355f69c3b2317fd18e9f115387a3131ad48767ca4dacc832e6e5923c"),
        ("usecases", "7f01c7f69268", "abd3e3d3b064", "dcda133ab8cae4de83a283526ac5367214e156b84154b43eb1c112e03fbf4c9a"),
    ],
)
def test_without_a_language_requests_and_versions_are_what_they_were(key: str, version: str, definition: str, request_hash: str) -> None:
    """Another value here makes all users pay again."""
    stage = next(stage for stage in find_stages() if stage.key == key)
    assert (stage_version(stage, StageSettings()), definition_version(stage)) == (version, definition)
    assert fingerprint(request_body(stage, StageSettings(), SOURCE)) == request_hash


def test_a_last_line_asks_for_the_language_and_says_which_headings_are_read() -> None:
    german, english = in_language(("", "de")), {stage.key: stage for stage in find_stages()}
    for known in stages_as_they_come():
        key, one = known.key, german[known.key]
        system, user = (message["content"] for message in one.messages(SOURCE))
        before, said = english[key].messages(SOURCE)[0]["content"], system.splitlines()[-1]
        assert system == f"{before}\n\n{said}"
        assert "German (de)" in said
        assert user == english[key].messages(SOURCE)[1]["content"]
        assert stage_version(one, StageSettings()) != stage_version(english[key], StageSettings())
    line = german["process_details"].language_line
    assert all(f"{translated_headings('de')[entry.name][0]} (for {entry.name})" in line for entry in BUILT_IN.entries)
    assert "headings of the sections in English" in in_language(("", "pl"))["process_details"].language_line


def test_stages_of_a_framework_may_differ() -> None:
    mixed = in_language(("usecases", "fr"))
    assert (mixed["process_details"].language, mixed["usecases"].language) == ("", "fr")
    assert mixed["process_details"].messages(SOURCE) == stages_as_they_come()["process_details"].messages(SOURCE)


@pytest.mark.parametrize("language", KNOWN)
def test_headings_of_a_language_are_read_and_mean_one_section_each(language: str) -> None:
    headings = translated_headings(language)
    assert list(headings) == [entry.name for entry in BUILT_IN.entries]
    meant = [form.casefold() for forms in headings.values() for form in dict.fromkeys(forms)]
    assert len(meant) == len(set(meant))
    one = in_language(("", f"{language}-x-test"))["process_details"]
    judged = one.judge(answer(document(language)))
    assert (judged.outcome, judged.notes) == ("ok", ())
    other = document(language)
    for forms in headings.values():
        other = other.replace(f"## {forms[0]}\n", f"### **{forms[-1].replace(' and ', ' & ')}:**\n")
    assert one.judge(answer(other)).outcome == "ok"
    assert stages_as_they_come()["process_details"].judge(answer(document(language))).outcome == "sections_missing"


def test_english_headings_are_read_in_every_language() -> None:
    text = document("de")
    for entry in BUILT_IN.entries:
        text = text.replace(f"## {translated_headings('de')[entry.name][0]}\n", f"## {entry.name}\n")
    assert in_language(("", "de"))["process_details"].judge(answer(text)).notes == ()
    assert in_language(("", "ja"))["process_details"].judge(answer(text)).outcome == "ok"


def test_what_cannot_be_held_against_an_english_node_is_left_out_and_said() -> None:
    english = NodeFacts("Verify accounts payable invoices", "Compares each invoice with its order and the goods received.", (), "en")
    before = stages_as_they_come()["process_details"].measure
    assert before is not None
    assert before(Content(document("de")), english).score < 30
    found = measured(english, "de")
    assert found.parts["own_node"] is None
    assert found.parts["repetition"] is not None
    assert found.parts["substance"] == 100
    assert found.score > 50  # the sections are short
    assert not any("its node" in fault for fault in found.limits)
    assert found.figures["not_measured"] == {"own_node": "the framework is written in English (en), the text is in German (de)"}


def test_a_german_node_is_looked_for_in_its_german_text() -> None:
    own = NodeFacts("Eingangsrechnungen prüfen", "Vergleicht die Rechnung mit Bestellung und Wareneingang.", (), "de")
    foreign = NodeFacts("Fuhrpark instand halten", "Plant die Wartung der Fahrzeuge in der Werkstatt.", (), "de")
    assert (measured(own, "de").parts["own_node"] or 0) > 50
    assert measured(foreign, "de").parts["own_node"] == 0
    assert "not_measured" not in measured(own, "de").figures


def test_a_language_without_lists_of_words_has_no_figures_that_need_them() -> None:
    polish = "\n\n".join(
        f"## {entry.name}\n\n{'Faktura jest porównywana z zamówieniem przez księgowość. ' * 12}" for entry in BUILT_IN.entries
    )
    found = measured(NodeFacts("Verify invoices", "", (), "en"), "pl", polish)
    assert [name for name, points in found.parts.items() if points is None] == ["own_node", "kpis", "repetition", "substance"]
    assert found.signature is None
    missing = found.figures["not_measured"]
    assert isinstance(missing, dict)
    assert missing["repetition"] == "there are no lists of words for Polish (pl)"
    assert found.figures["repeated_share"] is None


def test_a_text_in_another_language_than_the_one_asked_for_is_a_fault() -> None:
    body = "The clerk compares the invoice with the order and asks the buyer for a correction in writing. " * 8
    text = "\n\n".join(f"## {entry.name}\n\n{body}" for entry in BUILT_IN.entries)
    assert "it is written in English (en), not in German (de)" in measured(NodeFacts("Verify invoices", "", (), "en"), "de", text).limits
    assert [language_of(text) for text in (body, document("de"), "Faktura " * 60, "der die das")] == ["en", "de", "", ""]
    assert languages_with_words() == ("en", "de")


@pytest.mark.parametrize(
    ("text", "tag"), [("DE", "de"), ("pt-br", "pt-BR"), ("ZH-hant-tw", "zh-Hant-TW"), ("gsw", "gsw"), ("de-CH-1996", "de-CH-1996")]
)
def test_tags_are_written_in_one_form(text: str, tag: str) -> None:
    assert checked_tag(text) == tag


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("german", 'write "de" for German'),
        ("Deutsch", 'write "de" for German'),
        ("de_DE.UTF-8", 'write "de-DE" for German'),
        ("jp", 'write "ja" for Japanese'),
        ("eng", 'write "en" for English'),
        ("xx", "such as"),
        ("de-", "such as"),
        ("qwertz", "such as"),
    ],
)
def test_what_is_no_tag_is_refused_with_the_one_that_was_meant(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"is not the tag of a language.*{hint}"):
        checked_tag(text)


def test_a_language_is_shown_by_its_english_name() -> None:
    assert [language_name(tag) for tag in ("de", "pt-BR", "gsw")] == ["German (de)", "Portuguese (pt-BR)", "the language gsw"]


def project(folder: Path, text: str, **files: str) -> Path:
    (folder / "caseforge.toml").write_text(text, encoding="utf-8")
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_jinja", ".jinja")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


TWO = """templates = "ours"

[frameworks.german]
title = "German"
source = "a.csv"
language = "de"
templates = "german_ones"

[frameworks.french]
title = "French"
source = "b.csv"
language = { usecases = "fr" }

[frameworks.plain]
title = "Plain"
source = "c.csv"
"""


def test_frameworks_of_different_languages_and_templates_stand_side_by_side(tmp_path: Path) -> None:
    ours = {"ours__usecases__user_jinja": "{{ context }} {{ document }} ours", "ours__process_details__user_jinja": "{{ context }} ours"}
    own = {"german_ones__process_details__user_jinja": "{{ context }} auf {{ language }}"}
    stages = load_settings(project(tmp_path, TWO, **ours, **own)).stages
    shared = {stage.key: stage for stage in stages}
    spoken = {key: {name: stages.in_framework(stage, key) for name, stage in shared.items()} for key in ("german", "french", "plain")}
    assert spoken["german"]["process_details"].messages(SOURCE)[1]["content"].endswith("auf German (de)")
    assert spoken["german"]["process_details"].language_line == ""
    assert spoken["german"]["usecases"].messages(SOURCE)[1]["content"].endswith("Doc ours")
    assert "German (de)" in spoken["german"]["usecases"].messages(SOURCE)[0]["content"]
    assert "French (fr)" in spoken["french"]["usecases"].messages(SOURCE)[0]["content"]
    assert spoken["french"]["process_details"].messages(SOURCE) == shared["process_details"].messages(SOURCE)
    assert spoken["plain"] == shared
    versions = {stage_version(of_framework["usecases"], StageSettings()) for of_framework in spoken.values()}
    assert len(versions) == 3


@pytest.mark.parametrize(
    ("change", "files", "fault"),
    [
        (('language = "de"', 'language = "german"'), {}, r'caseforge.toml, line 6: frameworks.german.language: .*write "de"'),
        (
            ('{ usecases = "fr" }', '{ uscases = "fr" }'),
            {},
            "frameworks.french.language.uscases: there is no such stage .did you mean usecases",
        ),
        (
            ("", ""),
            {"german_ones__usecases__user_jinja": "{{ document }} {{ langage }}"},
            "german_ones/usecases/user.jinja, line 1: .*did you mean language",
        ),
        (("", ""), {"german_ones__usecase__user_jinja": "x"}, "german_ones/usecase: there is no stage of this name"),
        (
            ('"german_ones"', '"nowhere"'),
            {},
            "nowhere: there is no such folder of templates; `caseforge config templates nowhere` makes one",
        ),
    ],
)
def test_what_is_wrong_with_a_framework_is_refused_with_its_place(
    tmp_path: Path, change: tuple[str, str], files: dict[str, str], fault: str
) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "german_ones").mkdir()
    with pytest.raises(ConfigurationError, match=fault):
        load_settings(project(tmp_path, TWO.replace(*change) if change[0] else TWO, **files))


def test_a_text_is_measured_by_the_words_of_its_own_language_or_else_of_the_one_asked_for() -> None:
    facts = NodeFacts("Versand", language="de")
    english = "The owner of the process looks at the list of the orders and says which of them are to be sent on the same day. " * 3
    short, other = readable("Kurz.", "de-AT", facts), readable(english, "de-AT", facts)
    assert (short.words, short.wrong, short.own_words) == ("de", "", True)
    assert (other.words, other.wrong, other.own_words) == ("en", "it is written in English (en), not in German (de-AT)", False)
    assert readable("Kort.", "nl", facts).words == ""
