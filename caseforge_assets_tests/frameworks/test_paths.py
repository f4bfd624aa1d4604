"""The whole way to a process in one cell: in its name, in a column of its own, in what names its parent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from caseforge_assets.frameworks import ReadResult
from caseforge_assets_tests.frameworks.outlines import only_problem, outline

Read = Callable[..., ReadResult]
TREE = ["1 Sell", "  1.1 Win", "    1.1.1 Ask", "  1.2 Keep", "2 Buy"]
WAYS = [("Sell",), ("Sell", "Win"), ("Sell", "Win", "Ask"), ("Sell", "Keep"), ("Buy",)]
SIGNS = [" > ", ">", " / ", "/", "\\", " » ", " › ", " → ", "::", " - ", " | "]


def rows(sign: str, column: Callable[[tuple[str, ...], str], str]) -> str:
    return "".join(f"{column(way, sign.join(way))};d\n" for way in WAYS)


@pytest.mark.parametrize("sign", SIGNS)
def test_names_that_are_paths(read: Read, sign: str) -> None:
    result = read("Process;Description\n" + rows(sign, lambda _, text: text))
    assert outline(result) == TREE
    assert result.edition is not None
    assert "Hierarchy path: each process has the whole path to it." in result.edition.reading
    assert result.edition.nodes[2].identity == "Sell › Win › Ask"


@pytest.mark.parametrize("header", ["Path", "Breadcrumb", "Area Path", "displayName", "Pfad"])
def test_a_column_of_paths_with_and_without_the_name_at_its_end(read: Read, header: str) -> None:
    assert outline(read(f"{header};Name;Description\n" + rows(" > ", lambda way, text: f"{text};{way[-1]}"))) == TREE
    assert outline(read(f"{header};Name;Description\n" + rows("/", lambda way, _: f"{'/'.join(way[:-1])};{way[-1]}"))) == TREE
    assert outline(read(f"{header};Description\n" + rows("/", lambda _, text: f"/{text}"))) == TREE


def test_what_stands_in_paths_only_is_there_too(read: Read) -> None:
    result = read("Path,Description\nSell > Win > Ask,d\nSell > Win > Tell,e\nBuy > Order,f\n")
    assert outline(result) == ["1 Sell", "  1.1 Win", "    1.1.1 Ask", "    1.1.2 Tell", "2 Buy", "  2.1 Order"]
    coded = read("Code,Path,Name\nx7,Sell,Win\nx8,Sell,Keep\n")
    assert outline(coded) == ["1 Sell", "  1.1 Win", "  1.2 Keep"]
    assert "all codes are made from the paths instead" in "".join(warning.message for warning in coded.warnings)


def test_parents_that_are_paths(read: Read) -> None:
    assert outline(read("Parent;Name;Description\n" + rows(" > ", lambda way, _: f"{' > '.join(way[:-1])};{way[-1]}"))) == TREE


def test_codes_in_the_parts_of_paths(read: Read) -> None:
    assert outline(read("Process\n1 Sell\n1 Sell > 1.4 Win\n1 Sell > 1.4 Win > 1.4.2 Ask\n")) == ["1 Sell", "  1.4 Win", "    1.4.2 Ask"]


@pytest.mark.parametrize(
    "names",
    [
        ["Sell/Win", "Order/Pay", "Input/Output"],
        ["Input", "Input/Output", "Sell", "Sell/Buy"],
        ["Lead → Order", "Order → Cash", "Order → Delivery", "Procure → Pay"],
        ["Sell - now", "Buy - later", "Buy - never"],
    ],
)
def test_signs_that_names_have_make_no_tree(read: Read, names: list[str]) -> None:
    result = read("Process\n" + "".join(f"{name}\n" for name in names))
    assert outline(result) == [f"{number} {name}" for number, name in enumerate(names, 1)]
    assert result.warnings[0].message.startswith("a.csv: All processes are on the top level")


@pytest.mark.parametrize("name", ["Sell > Win > {}", "<b>{}</b> <i>now</i>", "Sell - {}"])
def test_where_codes_say_what_is_above_names_with_signs_are_names(read: Read, name: str) -> None:
    coded = "".join(f"{code};{name.format(code)};d\n" for code in ("1", "1.1", "1.2", "1.2.1"))
    result = read(f"Code;Name;Description\n1;Sell;d\n{coded[coded.index(chr(10)) + 1 :]}")
    assert [line.split()[0] for line in outline(result)] == ["1", "1.1", "1.2", "1.2.1"]
    assert outline(result)[3] == f"    1.2.1 {name.format('1.2.1')}"


def test_paths_that_are_asked_for(read: Read) -> None:
    assert outline(read("Process\nLead → Order\nProcure → Pay\n", hierarchy="path")) == ["1 Lead", "  1.1 Order", "2 Procure", "  2.1 Pay"]
    assert "--hierarchy path needs a column of paths" in only_problem(read("Process\nSell\nBuy\n", hierarchy="path"))


@pytest.mark.parametrize("place", ["https://firm.example/sell", r"C:\docs\sell.docx", r"\\server\docs\sell.docx"])
def test_addresses_are_no_paths_of_processes(read: Read, place: str) -> None:
    assert outline(read(f"Name,Path\nSell,{place}\nWin,{place}x\n")) == ["1 Sell", "2 Win"]


def test_paths_that_have_the_name_in_some_rows_only_are_refused(read: Read) -> None:
    message = only_problem(read("Path,Name\nSell,Sell\nSell,Win\nSell > Keep,Keep\n"))
    assert "The path ends with the process's own name in some rows (such as row 2), and in others not" in message


def test_a_path_that_stands_twice_is_refused(read: Read) -> None:
    assert 'The process "Sell > Win" stands in row 3 already' in only_problem(
        read("Path\nSell\nSell > Win\nSell > Win > Ask\nSell > Win\n")
    )
