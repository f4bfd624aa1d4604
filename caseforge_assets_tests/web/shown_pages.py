"""All pages of the portal by their routes, with addresses that have something to show, and a workbench on which they have."""

from __future__ import annotations

from dataclasses import replace

from caseforge_assets.commands.editing.edit_content import ContentOf, Taken, edit_content
from caseforge_assets.stages.stages import Stages
from caseforge_assets_tests.choices import ALL, decide
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, OpenBench, Workbench, renamed

HOSTILE = (
    "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\"> [go](javascript:document.title='taken') \u202eEVIL "
    + "W" * 300
)
NODE = f"/frameworks/{KEY}/nodes/1.1.1"
# What is answered with a file or a part of a page is no page.
SHOWN = {
    "/": ["/"],
    "/keys": ["/keys"],
    "/search": ["/search?q=advertise", "/search", "/search?q=%3Cscript%3E"],
    "/use-cases": ["/use-cases", "/use-cases?view=cards", "/use-cases?q=nothing+of+the+kind"],
    "/use-cases/{candidate_id}": ["/use-cases/1", "/use-cases/2"],
    "/use-cases/{candidate_id}/edit": ["/use-cases/1/edit"],
    "/ideas": ["/ideas"],
    "/ideas/{candidate_id}": ["/ideas/1", "/ideas/3"],
    "/matrix": ["/matrix"],
    "/portfolios": ["/portfolios"],
    "/portfolios/{portfolio_id}": ["/portfolios/1"],
    "/portfolios/compare": ["/portfolios/compare?left=1&right=2", "/portfolios/compare"],
    "/decisions": ["/decisions", "/decisions?taken=3&portfolio=1"],
    "/specifications": ["/specifications?portfolio=1", "/specifications?candidate=1&candidate=4"],
    "/reviews": ["/reviews", "/reviews?owner=nobody"],
    "/money": ["/money", "/money?by=stage"],
    "/report": ["/report"],
    "/plans": ["/plans", "/plans?state=all"],
    "/plans/new": ["/plans/new"],
    "/plans/{plan_id}": ["/plans/1", "/plans/3"],
    "/batches": ["/batches"],
    "/batches/{batch_id}": ["/batches/1"],
    "/failed": ["/failed"],
    "/alerts": ["/alerts"],
    "/compare": [f"/compare?left={KEY}&right=other", "/compare"],
    "/upload": ["/upload"],
    "/frameworks/{key}": [
        f"/frameworks/{KEY}",
        f"/frameworks/{KEY}?depth=3",
        f"/frameworks/{KEY}?view=heat",
        f"/frameworks/{KEY}?view=heat&by=value&stage=usecases&under=1",
        f"/frameworks/{KEY}?under=1.1",
    ],
    "/frameworks/{key}/editions": [f"/frameworks/{KEY}/editions"],
    "/frameworks/{key}/export": [f"/frameworks/{KEY}/export?nodes=1.1.*"],
    "/frameworks/{key}/nodes/{code:path}": [NODE, f"/frameworks/{KEY}/nodes/1.1", f"/frameworks/{KEY}/nodes/2.1.3"],
    "/frameworks/{key}/nodes/{code:path}/ask": [f"{NODE}/ask?stage=process_details"],
    "/frameworks/{key}/nodes/{code:path}/edit": [f"{NODE}/edit?stage=process_details", f"{NODE}/edit?stage=usecases"],
    "/frameworks/{key}/nodes/{code:path}/follows": [f"{NODE}/follows?stage=process_details"],
    "/frameworks/{key}/nodes/{code:path}/versions": [f"{NODE}/versions?stage=process_details"],
    "/frameworks/{key}/nodes/{code:path}/history": [f"{NODE}/history?stage=process_details"],
}
NO_PAGES = {
    "/static/{name}",
    "/portfolios/{portfolio_id}/file",
    "/frameworks/{key}/tree",
    "/frameworks/{key}/nodes/{code:path}/file",
    "/frameworks/{key}/use-cases/{uid:path}",
    "/exports/{export_id}",  # has a name of its own each time
    "/exports/{export_id}/file",
}


def bench_for_all_pages(bench: OpenBench) -> Workbench:
    """A workbench with something on every page, much of it hostile."""
    shop = replace(bench(), stages=Stages(ALL))
    shop.load()
    shop.load([*SHOP[:3]], key="other")
    shop.load(renamed("1.1.1", "Advertise <script>document.title = 'taken'</script>"))
    shop.generate("1.1.1", "2.1.1")
    decide(shop, "shortlisted", "1.1.1-UC01", "2.1.1-UC01")
    shop.generate("1.1.1", stages=ALL[2:])
    shop.draft("1.1.2")
    for table, column in (("candidate", "title"), ("use_case", "owner"), ("use_case", "reason")):
        shop.change(f"update caseforge.{table} set {column} = left(:text || {column}, 380) where id % 2 = 1", text=HOSTILE)
    with shop.store.begin() as connection:
        edit_content(
            connection,
            shop.project,
            ContentOf(KEY, shop.ids("1.1.1")[0], PROCESS),
            Taken(f"# {HOSTILE}\n\n{HOSTILE}"),
            by="Ben",
            anyway=True,
        )
    shop.change("update caseforge.use_case set tags = array['quick win', :text], review_on = '2020-01-01'", text=HOSTILE[:59])
    shop.change(
        "insert into caseforge.use_case_comment (use_case_id, author, text) select id, 'Ben', :text from caseforge.use_case", text=HOSTILE
    )
    shop.change("update caseforge.framework set title = left(:text, 180)", text=HOSTILE)
    shop.change("update caseforge.framework_version set label = left(:text, 90)", text=HOSTILE)
    shop.change(
        "insert into caseforge.alert (rule, subject, framework_key, severity, text) values ('failed_share', :text, :key, 'critical', :text)",
        text=HOSTILE,
        key=KEY,
    )
    for name in (f"Mine {HOSTILE[:150]}", "Other"):
        shop.change(
            "insert into caseforge.portfolio (name, description, owner, is_shared) values (:name, :text, 'anna', true)",
            name=name,
            text=HOSTILE,
        )
    shop.change(
        """insert into caseforge.portfolio_entry (portfolio_id, use_case_id, position, note, added_by)
        select p.id, u.id, u.id, :text, 'anna' from caseforge.use_case u, caseforge.portfolio p""",
        text=HOSTILE,
    )
    return shop
