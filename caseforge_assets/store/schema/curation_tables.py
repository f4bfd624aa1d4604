"""The tables of what people make of use cases: decisions, comments, and portfolios.

A decision is bound to the candidate as it was chosen. When a node's candidates are made anew, it stays with the one that it was made on; when a person edits
them, it goes on with the edited one.
"""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.schema.columns import framework_reference, id_column, metadata, now_column, reference, time_column
from caseforge_assets.store.schema.constants import listed

use_case = Table(
    "use_case",
    metadata,
    id_column(),
    framework_reference(),
    reference("candidate_id", "candidate.id", comment="as it was chosen"),
    Column("status", Text, nullable=False, server_default=UseCaseStatus.idea),
    Column("reason", Text, nullable=False, server_default="", comment="why it stands where it stands"),
    Column("owner", Text, nullable=False, server_default="", comment="who brings it forward; empty: nobody yet"),
    Column("review_on", Date, comment="when it is to be looked at again"),
    Column("tags", ARRAY(Text), nullable=False, server_default="{}"),
    Column(
        "revision", Integer, nullable=False, server_default="1", comment="how often it was decided: an edit names the one it was made from"
    ),
    Column("changed_by", Text, nullable=False),
    now_column("changed_at"),
    CheckConstraint(f"status in {listed(UseCaseStatus)}", name="status"),
    Index("uq_use_case_candidate", "candidate_id", unique=True),
    Index(None, "framework_key", "status"),
    Index("ix_use_case_review", "review_on", postgresql_where=text("review_on is not null")),
)

use_case_comment = Table(
    "use_case_comment",
    metadata,
    id_column(),
    reference("use_case_id", "use_case.id"),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False, comment="markdown"),
    now_column("written_at"),
    time_column("removed_at"),
    Index(None, "use_case_id", "id"),
)

portfolio = Table(
    "portfolio",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, server_default="", comment="markdown"),
    Column("owner", Text, nullable=False, comment="the caller who made it"),
    Column("is_shared", Boolean, nullable=False, server_default="false", comment="everybody sees it, and editors change it"),
    Column("revision", Integer, nullable=False, server_default="1"),
    now_column("created_at"),
    now_column("changed_at"),
    time_column("removed_at"),
    Index("uq_portfolio_name", "owner", "name", unique=True, postgresql_where=text("removed_at is null")),
)

portfolio_entry = Table(
    "portfolio_entry",
    metadata,
    id_column(),
    reference("portfolio_id", "portfolio.id"),
    reference("use_case_id", "use_case.id"),
    Column("position", Integer, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("added_by", Text, nullable=False),
    now_column("added_at"),
    Index("uq_portfolio_entry", "portfolio_id", "use_case_id", unique=True),
    Index(None, "use_case_id"),
)
