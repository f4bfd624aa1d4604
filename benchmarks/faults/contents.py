"""Contents against the answers in the server's own files: each is its own request's, and about its own node."""

from __future__ import annotations

import re

from sqlalchemy import create_engine, text

from benchmarks.faults.server_files import answers_given
from benchmarks.faults.world import NODE_NAME, Project

CONTENTS = """
select c.stage, c.body, a.custom_id, nv.name,
       array(select k.title from caseforge.candidate k where k.content_id = c.id order by k.position) as titles
from caseforge.content c
join caseforge.attempt a on a.id = c.attempt_id
join caseforge.node_version nv on nv.node_id = c.node_id
where c.reused_from is null order by c.id
"""
NAMED = re.compile(rf"\b{NODE_NAME} \d+\b", re.IGNORECASE)
MARKS = re.compile(r"\W+")


def misplaced(project: Project) -> list[str]:
    """A text for each content that its request's answer does not hold, or that is about another node."""
    answers: dict[str, list[str]] = {}
    for answer in answers_given(project):
        answers.setdefault(answer.custom_id, []).append(MARKS.sub(" ", answer.text))
    engine = create_engine(project.database_url)
    with engine.connect() as connection:
        rows = connection.execute(text(CONTENTS)).all()
    engine.dispose()
    wrong = []
    for row in rows:
        parts = [MARKS.sub(" ", part) for part in (row.titles or [row.body])]
        given = answers.get(row.custom_id)
        if given is not None and not any(all(part in answer for part in parts) for answer in given):
            wrong.append(f"{row.stage} of {row.name} is not what {row.custom_id} was answered")
        named = NAMED.search(" ".join(row.titles) or row.body)
        if named is None or named[0].lower() != row.name.lower():
            wrong.append(f"{row.stage} of {row.name} is about {named[0] if named else 'nothing'}")
    return wrong
