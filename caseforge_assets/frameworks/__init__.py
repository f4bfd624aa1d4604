"""Process frameworks: files become rows, rows become nodes. No network, no database, no environment.

In the order of the flow: source (which kind of file is it), package and workbook (Excel), opendocument, xlsb and binary_workbook (other workbooks),
delimited (CSV), json_records → sheets; words, columns and tables → the table; rows, cells, codes, entries → entries; levels, or hierarchy with parents and
depths → their parents; apqc (what official workbooks have beside their table); tree → nodes; reading (one function over all of it), reading_words (what
it says of how it read). Afterwards: keys, targets, summary, kept_codes. problems is what is wrong with a file, sizes whether it is too large,
records is what comes out. sample is a framework to try things with.
"""

from caseforge_assets.frameworks.files.source import WORKBOOK_SUFFIXES
from caseforge_assets.frameworks.keys import node_path, nodes_by_code, partition_key
from caseforge_assets.frameworks.reading import read_exported_sheet, read_framework
from caseforge_assets.frameworks.records import OF_ONES_OWN, Edition, Kpi, Limits, Node, Problem, ReadResult, TableForm
from caseforge_assets.frameworks.sample import sample_path
from caseforge_assets.frameworks.summary import read_result_json
from caseforge_assets.frameworks.targets import select_targets

__all__ = [
    "OF_ONES_OWN",
    "WORKBOOK_SUFFIXES",
    "Edition",
    "Kpi",
    "Limits",
    "Node",
    "Problem",
    "ReadResult",
    "TableForm",
    "node_path",
    "nodes_by_code",
    "partition_key",
    "read_exported_sheet",
    "read_framework",
    "read_result_json",
    "sample_path",
    "select_targets",
]
