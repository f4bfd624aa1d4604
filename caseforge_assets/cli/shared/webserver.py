"""A running Dagster webserver, asked over GraphQL as its own pages do: which code locations it has, and whether they loaded.

Nothing of Dagster is imported here: a question takes a tenth of a second. What is asked about sensors is in `sensors`, what
`load` wants of it in `reloading`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from caseforge_assets.settings import ConfigurationError

if TYPE_CHECKING:
    import httpx2

CONNECT_S = 1.0
ANSWER_S = 30.0
ERROR_LINES = 3
PROJECT_IDENTITY = "caseforge_project"  # as `defs.names` has it
_LOCAL = ("localhost", "127.0.0.1", "::1")
_WORKSPACE = """{ workspaceOrError { __typename ... on PythonError { message } ... on Workspace { locationEntries { name locationOrLoadError {
  __typename ... on PythonError { message className causes { message className } } ... on RepositoryLocation { repositories { name sensors { name } assetGroups { groupName }
    allTopLevelResourceDetails { name configuredValues { key value } } } } } } } } }"""
_RELOAD = """mutation ($name: String!) { reloadRepositoryLocation(repositoryLocationName: $name) { __typename
  ... on UnauthorizedError { message } ... on ReloadNotSupported { message } ... on RepositoryLocationNotFound { message }
  ... on PythonError { message } } }"""


class WebserverError(Exception):
    """The webserver refused something, or cannot do it; the text says what to do."""


class NoWebserver(WebserverError):
    """Nothing answers at the address, or something that is not Dagster."""


class ReadOnlyWebserver(WebserverError):
    """The webserver was started to look only."""


class BrokenLocation(WebserverError):
    """The webserver could not load the code."""


class OtherProject(WebserverError):
    """The webserver shows something, but not CaseForge."""


class ForeignProject(WebserverError):
    """The webserver shows CaseForge, but another project of it."""


@dataclass(frozen=True)
class Repository:
    """The contents of a code location; `project` says which project it shows, and is empty where an older CaseForge shows it."""

    location: str
    name: str
    sensors: frozenset[str]
    groups: frozenset[str]
    project: str = ""


@dataclass(frozen=True)
class Location:
    """A code location: its repositories, or why it could not be loaded."""

    name: str
    repositories: tuple[Repository, ...]
    error: str | None


class Webserver:
    """A Dagster webserver at an address."""

    def __init__(self, url: str, answer_s: float = ANSWER_S) -> None:
        """Takes the address as it is configured; nothing is sent yet.

        Raises:
            ConfigurationError: it is not one of a web page.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.scheme not in ("http", "https"):
            raise ConfigurationError("CASEFORGE_WEBSERVER_URL must be an address such as http://127.0.0.1:3000")
        self.host, self.port = host, port or (443 if parts.scheme == "https" else 80)
        self.url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))  # as it may be shown: without a password
        self._url, self._answer_s = url, answer_s

    @property
    def is_local(self) -> bool:
        """True where it is on this machine."""
        return self.host in _LOCAL

    def ask(self, query: str, **variables: Any) -> Any:
        """Sends a query or mutation, and gives the value of its only field.

        Raises:
            WebserverError: no webserver answers, it is read-only, or it answers with an error.
        """
        answer = self._post({"query": query, "variables": variables})
        found = next(iter((answer.get("data") or {}).values()), None)
        if answer.get("errors") or found is None:
            messages = [str(error.get("message", "")) for error in answer.get("errors") or ()]
            raise WebserverError(f"Dagster at {self.url} cannot answer: {first_lines(messages[0], 1) if messages else 'no data'}")
        if found.get("__typename") == "UnauthorizedError":
            raise ReadOnlyWebserver(
                f"The webserver at {self.url} is read-only: it shows everything and changes nothing. Use the other one."
            )
        if "message" in found:
            raise WebserverError(f"Dagster at {self.url} refused: {first_lines(found['message'])}")
        return found

    def locations(self) -> tuple[Location, ...]:
        """All code locations."""
        return tuple(_location(entry) for entry in self.ask(_WORKSPACE)["locationEntries"])

    def reload(self, location: str) -> None:
        """Loads a code location anew. What came of it `locations` tells; the answer to this is partly still of the code before."""
        self.ask(_RELOAD, name=location)

    @cached_property
    def _client(self) -> httpx2.Client:
        import httpx2

        secure = self.url.startswith("https:")  # without, certificates need not be read
        timeout = httpx2.Timeout(self._answer_s, connect=CONNECT_S)
        return httpx2.Client(timeout=timeout, verify=secure, trust_env=not self.is_local)

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        import httpx2

        try:
            response = self._client.post(f"{self._url}/graphql", json=body)
            answer = response.json()
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise NoWebserver(f"No Dagster webserver answers at {self.url}. {_WHAT_TO_DO}") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise WebserverError(f"The webserver at {self.url} did not answer as one does ({type(error).__name__}).") from error
        except ValueError as error:
            raise NoWebserver(self._no_dagster(response.status_code)) from error
        if not isinstance(answer, dict) or not answer.keys() & {"data", "errors"}:
            raise NoWebserver(self._no_dagster(response.status_code))
        return answer

    def _no_dagster(self, status: int) -> str:
        return f"What answers at {self.url} is no Dagster webserver (HTTP {status}). {_WHAT_TO_DO}"


_WHAT_TO_DO = (
    "Start Dagster with `make ui` or `caseforge ui`; if it runs elsewhere, say where: CASEFORGE_WEBSERVER_URL=http://127.0.0.1:3000"
)


def find_repository(webserver: Webserver, sensors: Iterable[str], project: str) -> Repository:
    """This project's part of what a webserver shows; CaseForge is known by its sensors: the location is named by whoever started the webserver.

    Args:
        project: the identity of its database.

    Raises:
        WebserverError: it is not there, could not be loaded, is there twice, or is that of another project.
    """
    locations = webserver.locations()
    caseforge = [repository for location in locations for repository in location.repositories if repository.sensors >= set(sensors)]
    ours = [repository for repository in caseforge if repository.project == project]
    if len(ours) == 1:
        return ours[0]
    if ours:
        names = ", ".join(repository.location for repository in ours)
        raise WebserverError(
            f"Dagster at {webserver.url} shows CaseForge several times ({names}); which is meant cannot be told, use the UI"
        )
    broken = [f"{location.name}: {location.error}" for location in locations if location.error]
    if broken:
        raise BrokenLocation(f"Dagster at {webserver.url} could not load " + "\n".join(broken))
    if caseforge:
        raise ForeignProject(_foreign(webserver, caseforge))
    names = ", ".join(location.name for location in locations) or "none"
    raise OtherProject(f"Dagster at {webserver.url} does not show CaseForge (its code locations: {names}). {_WHAT_TO_DO}")


def _foreign(webserver: Webserver, found: Iterable[Repository]) -> str:
    if not any(repository.project for repository in found):
        return f"Dagster at {webserver.url} was started by an older CaseForge, which does not say what project it shows. Start it anew."
    other = webserver.port + 1
    return (
        f"Dagster at {webserver.url} shows another project: it works on another database than this one. Nothing was changed there. Start this "
        f"project's own (`caseforge ui --port {other}`) and say where it is: CASEFORGE_WEBSERVER_URL=http://127.0.0.1:{other}"
    )


def first_lines(text: str, count: int = ERROR_LINES) -> str:
    """The beginning of an error message: what follows is for who wrote the code."""
    return "\n".join([line for line in text.splitlines() if line.strip()][:count])


def _location(entry: dict[str, Any]) -> Location:
    name, loaded = entry["name"], entry["locationOrLoadError"]
    if loaded is None:
        return Location(name, (), "it is still being loaded")
    if loaded["__typename"] == "PythonError":
        return Location(name, (), first_lines(_own_error(loaded)))
    return Location(name, tuple(_repository(name, found) for found in loaded["repositories"]), None)


def _own_error(error: dict[str, Any]) -> str:
    """Finds the error of the code itself: Dagster puts errors of its own around it, which only say that it was being loaded."""
    chain = [error, *error["causes"]]
    return str(next((link for link in chain if not str(link["className"]).startswith("Dagster")), error)["message"])


def _repository(location: str, found: dict[str, Any]) -> Repository:
    sensors = frozenset(sensor["name"] for sensor in found["sensors"])
    groups = frozenset(group["groupName"] for group in found["assetGroups"])
    return Repository(location, found["name"], sensors, groups, _project(found["allTopLevelResourceDetails"]))


def _project(resources: list[dict[str, Any]]) -> str:
    values = [value for resource in resources if resource["name"] == PROJECT_IDENTITY for value in resource["configuredValues"]]
    return next((str(value["value"]).strip('"') for value in values if value["key"] == "database"), "")
