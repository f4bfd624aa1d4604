"""The tables of access: accounts, their roles, tokens of programs, sessions of browsers, failed sign-ins, and the audit log.

Passwords are kept as argon2 hashes, tokens and session ids as SHA-256 digests: none of them can be read from here.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Numeric, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from caseforge_assets.access.roles import Role
from caseforge_assets.store.schema.columns import id_column, metadata, now_column, reference, time_column
from caseforge_assets.store.schema.constants import listed

account = Table(
    "account",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True, comment="what the person signs in with, and is recorded as"),
    Column("password_hash", Text, comment="argon2; NULL: signs in elsewhere"),
    Column("issuer", Text, comment="the OpenID provider, or the proxy, that vouches for the person; NULL: the password does"),
    Column("subject", Text, comment="what that one calls the person"),
    Column("limit_usd", Numeric(14, 6), comment="the most that the plans which the person approves may cost in all; NULL: no limit"),
    Column("created_by", Text, nullable=False),
    now_column("created_at"),
    time_column("disabled_at"),
    UniqueConstraint("issuer", "subject"),
)

account_role = Table(
    "account_role",
    metadata,
    id_column(),
    reference("account_id", "account.id"),
    Column("role", Text, nullable=False),
    Column("framework_key", Text, comment="NULL: in all frameworks"),
    Column("given_by", Text, nullable=False),
    now_column("given_at"),
    CheckConstraint(f"role in {listed(Role)}", name="role"),
    Index("uq_account_role", "account_id", "role", text("coalesce(framework_key, '')"), unique=True),
)

api_token = Table(
    "api_token",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False, unique=True, comment="SHA-256 of the token"),
    Column("role", Text, nullable=False),
    Column("framework_key", Text, comment="NULL: in all frameworks"),
    Column("limit_usd", Numeric(14, 6), comment="the most that the plans which it approves may cost in all; NULL: no limit"),
    Column("created_by", Text, nullable=False),
    now_column("created_at"),
    time_column("expires_at"),
    time_column("last_used_at"),
    time_column("revoked_at"),
    Column("revoked_by", Text),
    CheckConstraint(f"role in {listed(Role)}", name="role"),
)

web_session = Table(
    "web_session",
    metadata,
    id_column(),
    Column("digest", Text, nullable=False, unique=True, comment="SHA-256 of the session's id, which only the browser has"),
    reference("account_id", "account.id", nullable=True),
    Column("name", Text, nullable=False, comment="who it is of; without an account, the user of this machine"),
    now_column("created_at"),
    now_column("last_seen_at"),
    time_column("ended_at"),
)

failed_sign_in = Table(
    "failed_sign_in",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    now_column("failed_at"),
    Index(None, "name", "failed_at"),
    Index(None, "address", "failed_at"),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    id_column(),
    now_column("done_at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False, comment="such as plan.approved"),
    Column("subject", Text, nullable=False, comment="what was acted on, such as plan 12"),
    Column("framework_key", Text, comment="NULL: it concerns several, or none"),
    Column("details", JSONB, nullable=False, server_default="{}"),
    Index(None, "framework_key", "id"),
    Index(None, "subject", "id"),
)
