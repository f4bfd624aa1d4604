"""The keys of `[service]`: how `caseforge serve` listens, and how it knows who is calling."""

from __future__ import annotations

import os
from datetime import timedelta
from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from caseforge_assets.access.roles import Grant, grant_from

USUAL_WORKERS = 4


def _checked_network(text: str) -> str:
    ip_network(text)
    return text


def _checked_grant(text: str) -> str:
    grant_from(text)
    return text


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Network = Annotated[str, AfterValidator(_checked_network)]
GroupRoles = Annotated[tuple[Annotated[str, AfterValidator(_checked_grant)], ...], BeforeValidator(_as_list)]


class ServiceSettings(BaseModel):
    """The `[service]` table. What is secret of it stands in the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=8321, ge=1, le=65535)
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/]+)?$",
        description="where people reach the pages, such as https://caseforge.example.org; Dagster's pages lead there. Empty: they do not",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="names that browsers may call the service by, beside those of this machine"
    )
    workers: int = Field(default=0, ge=0, le=64, description="how many processes answer; 0: one a core, up to 4")
    max_upload_mb: int = Field(default=50, ge=1, le=1_000, description="the largest workbook that may be uploaded")
    webhook_allow: tuple[Network, ...] = Field(default=(), description="networks that webhooks may be in besides the public internet")
    kept_answers_mb: int = Field(
        default=32,
        ge=0,
        le=10_000,
        description="memory of a process for answers and pages that are given again until something changes; 0: none",
    )
    events_days: int = Field(default=90, ge=7, description="for how long events and their deliveries to webhooks are kept")
    metrics_peers: tuple[Network, ...] = Field(
        default=(), description="addresses that may read /metrics without a token, beside this machine"
    )
    behind_tls_proxy: bool = Field(default=False, description="whether whoever is before the service speaks TLS to browsers")
    tls_cert: str = Field(default="", description="file of the certificate, with those of its issuers, relative to caseforge.toml")
    tls_key: str = Field(default="", description="file of its key")
    idle_minutes: int = Field(default=60, ge=1, description="after which an unused session of a browser ends")
    session_hours: int = Field(default=12, ge=1, description="after which any session of a browser ends")
    proxy_header: str = Field(
        default="", description="header in which a proxy names the person that it let in; believed from proxy_peers only"
    )
    proxy_groups_header: str = Field(default="", description="header in which it names the person's groups, with commas between them")
    proxy_peers: tuple[Network, ...] = Field(default=(), description="addresses of the proxy")
    oidc_issuer: str = Field(default="", description="address of the OpenID provider")
    oidc_client_id: str = ""
    oidc_scope: str = Field(default="openid profile email", pattern=r"(^|.* )openid( .*|$)")
    oidc_name_claim: str = Field(default="preferred_username", description="claim that a new account is called by")
    oidc_groups_claim: str = Field(default="groups", description="claim that lists the person's groups")
    roles_by_group: dict[str, GroupRoles] = Field(default_factory=dict, description="roles of a group: planner, or planner in KEY")

    @model_validator(mode="after")
    def _whole(self) -> ServiceSettings:
        if bool(self.proxy_header) != bool(self.proxy_peers):
            raise ValueError("proxy_header and proxy_peers belong together: a header is believed from these addresses alone")
        if self.proxy_groups_header and not self.proxy_header:
            raise ValueError("proxy_groups_header goes with proxy_header")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError("tls_cert and tls_key belong together")
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise ValueError("oidc_issuer and oidc_client_id belong together")
        if self.oidc_issuer and not self.oidc_issuer.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
            raise ValueError("oidc_issuer begins with https://")
        return self

    @property
    def processes(self) -> int:
        """Counts the processes that answer."""
        return self.workers or min(os.cpu_count() or 1, USUAL_WORKERS)

    @property
    def vouched_for(self) -> bool:
        """Tells whether others vouch for people: an OpenID provider, or a proxy."""
        return bool(self.oidc_issuer or self.proxy_header)

    @property
    def encrypted(self) -> bool:
        """Tells whether browsers reach the service over TLS."""
        return bool(self.tls_cert) or self.behind_tls_proxy

    @property
    def idle(self) -> timedelta:
        """After which an unused session ends."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def lifetime(self) -> timedelta:
        """After which any session ends."""
        return timedelta(hours=self.session_hours)

    def grants_of(self, groups: list[str]) -> list[Grant]:
        """The roles that groups give, each once."""
        texts = [text for group in groups for text in self.roles_by_group.get(group, ())]
        return list(dict.fromkeys(grant_from(text) for text in texts))
