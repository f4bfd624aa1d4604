"""The keys of `[service]`: how `caseforge serve` listens, and how it knows who is calling."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ServiceSettings(BaseModel):
    """The `[service]` table. What is secret of it stands in the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=8321, ge=1, le=65535)
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="names that browsers may call the service by, beside those of this machine"
    )
    max_upload_mb: int = Field(default=50, ge=1, le=1_000, description="the largest workbook that may be uploaded")
