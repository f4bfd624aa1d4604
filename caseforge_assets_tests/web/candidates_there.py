"""Candidates of all kinds, and which there are, as the store says without the rows that lists are read from."""

from __future__ import annotations

from typing import Any

from caseforge_assets_tests.web.conftest import Served

TRUTH = """
select k.candidate_uid, k.title, k.fields, nv.code, nv.position, k.position, q.score from caseforge.candidate k
join caseforge.content c on c.id = k.content_id and c.is_current join caseforge.target_node nv on nv.node_id = k.node_id
left join caseforge.quality q on q.content_id = c.id where k.is_current and k.framework_key = 'shop' order by nv.position, k.position
"""
LEVELS = ("Low", "Medium", "High")


def truth(served: Served) -> list[dict[str, Any]]:
    """All current candidates with their columns as people read them."""
    return [
        {
            "uid": uid,
            "code": code,
            "place": (position, item),
            "score": score,
            "category": fields["category"],
            "complexity": LEVELS[fields["complexity_score"] - 1],
            "roi": fields["estimated_roi"],
            "risk": fields["risk_level"],
            "title": title,
        }
        for uid, title, fields, code, position, item, score in served.bench.query(TRUTH)
    ]


def spread(served: Served) -> None:
    """Gives the columns more different values than simulated answers have, and one candidate none of one."""
    served.bench.change("""
    update caseforge.candidate set fields = fields || jsonb_build_object(
        'category', (array['automation', 'analytics', 'integration'])[1 + id % 3], 'complexity_score', 1 + id % 3,
        'estimated_roi', (array['Low', 'Medium', 'High'])[1 + (id / 2) % 3], 'risk_level', (array['High', 'Low'])[1 + (id / 5) % 2])
    """)
    served.bench.change("update caseforge.quality set score = 50 + content_id % 4 * 7")
    served.bench.change("update caseforge.candidate set former_uids = former_uids")
