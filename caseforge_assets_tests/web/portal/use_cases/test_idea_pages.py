"""Ideas that several use cases tell: shown once, opened with their processes, decided on together; and only as far as they are seen."""

from __future__ import annotations

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.commands.mirroring.refresh_similar import refresh_similar
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.portal_pages import HTML, links, page, words
from caseforge_assets_tests.workbench import KEY

TOLD = "Invoice capture with document AI: a document model reads supplier invoices from mailboxes, extracts their fields and posts them to accounts payable."


def test_an_idea_is_shown_once_and_decided_on_for_all_its_processes(serve: Serve) -> None:
    served = serve()
    shop = served.bench
    shop.generate("1.1.1", "2.1.1")
    shop.change(
        """update caseforge.candidate set title = 'Z' || md5(id::text), fields = fields || jsonb_build_object('description',
        (select string_agg('w' || translate(md5(id::text || n), '0123456789', 'ghijklmnop'), ' ') from generate_series(1, 30) n))"""
    )
    shop.change(
        "update caseforge.candidate set title = 'Invoice capture', fields = fields || jsonb_build_object('description', cast(:told as text)) where position = 1",
        told=TOLD,
    )
    refresh_lists(shop.store, shop.project)
    refresh_similar(shop.store, shop.project)
    ids = shop.column("select id from caseforge.candidate where position = 1 and is_current order by 1")
    reader, editor, stranger = served.client(), served.client(Role.editor), served.client(Role.reader, "elsewhere")

    shown = page(reader, "/ideas")
    assert "1 idea told by several use cases" in words(shown)
    (led,) = [link for link in links(shown, "//tbody//a/@href") if link.startswith("/ideas/")]
    assert [words(cell) for cell in shown.xpath("//tbody/tr/td")] == ["2", "2"]
    idea = page(reader, led)
    assert {f"/frameworks/{KEY}/nodes/1.1.1", f"/frameworks/{KEY}/nodes/2.1.1"} <= set(links(idea))
    assert "Shortlist" not in words(idea)
    assert led in links(page(reader, f"/use-cases/{led.rpartition('/')[2]}"))

    number = page(editor, led).xpath("//input[@name='once']/@value")[0]
    fields = {"do": "shortlist", "candidate": ids, "idea": led.rpartition("/")[2], "once": number}
    done = editor.post("/use-cases", data=fields, headers=HTML)
    assert (done.status_code, str(done.url.path)) == (200, led)
    assert "2 use cases were shortlisted" in done.text
    assert shop.column("select status from caseforge.use_case order by 1") == ["shortlisted", "shortlisted"]

    assert stranger.get(led, headers=HTML).status_code == 404
    assert "Invoice capture" not in words(page(stranger, "/ideas"))
    alone = shop.column("select min(id) from caseforge.candidate where position = 2 and is_current")[0]
    assert "1 use case tells this idea" in words(page(reader, f"/ideas/{alone}"))
