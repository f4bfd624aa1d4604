"""Files that people take with them from pages: a node's at once, a branch's when it is made; for whoever may see the framework."""

from __future__ import annotations

import io

import docx
import pytest

from caseforge_assets.access.roles import Role
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.portal_pages import HTML, links, page, read, words
from caseforge_assets_tests.workbench import KEY, SHOP


@pytest.mark.slow
def test_nodes_and_branches_are_taken_as_files(serve: Serve) -> None:
    served = serve()
    served.bench.load([*SHOP[:3]], key="other")
    served.bench.generate("1.1.1", "1.1.2", "2.1.1")
    reader = served.client(Role.reader, KEY)
    node = f"/frameworks/{KEY}/nodes/1.1.1"
    shown = links(page(reader, node))
    files = [link for link in shown if "/file?" in link]
    assert files == [
        f"{node}/file?stage={stage}&as={kind}"
        for stage, kind in (("process_details", "docx"), ("process_details", "bpmn"), ("usecases", "docx"))
    ]
    answers = {link: reader.get(link) for link in files}
    assert [answer.status_code for answer in answers.values()] == [200, 200, 200]
    word = docx.Document(io.BytesIO(answers[files[0]].content))
    assert [line.text for line in word.paragraphs if line.style and line.style.name == "Title"] == ["Process Details - Advertise"]
    assert b"process id=" in answers[files[1]].content
    assert f'filename="{KEY}-1.1.1-process_details.docx"' in answers[files[0]].headers["content-disposition"]
    assert reader.get(f"/frameworks/{KEY}/nodes/1.1.3/file?stage=process_details&as=bpmn").status_code == 422
    assert reader.get(f"/frameworks/{KEY}/nodes/1.1.1/file?stage=nothing").status_code == 404
    assert reader.get("/frameworks/other/nodes/1.1.1/file?stage=usecases").status_code == 404

    branch = next(link for link in links(page(reader, f"/frameworks/{KEY}/nodes/1.1")) if "/export" in link)
    form = page(reader, branch)
    assert form.xpath("//input[@name='nodes']/@value") == ["1.1.*"]
    ready = read(reader.post(f"/frameworks/{KEY}/export", data={"as": "docx", "nodes": "1.1.*"}, headers=HTML))
    (file,) = [link for link in links(ready) if link.endswith("/file")]
    book = reader.get(file)
    said = [line.text for line in docx.Document(io.BytesIO(book.content)).paragraphs]
    assert "1.1.1 Process Details - Advertise" in said
    assert not any("2.1.1" in line for line in said)
    assert served.client(Role.reader, "other").get(file.removesuffix("/file")).status_code == 404
    assert "7.7" in words(read(reader.post(f"/frameworks/{KEY}/export", data={"as": "docx", "nodes": "7.7"}, headers=HTML), 404))
    assert "as:" in words(read(reader.post(f"/frameworks/{KEY}/export", data={"as": "exe"}, headers=HTML), 422))
