"""Process frameworks: files become rows, rows become nodes. No network, no database, no environment.

In the order of the flow: source (which kind of file is it), package and workbook (Excel), delimited (CSV) → sheets;
columns, cells, codes → entries; apqc (what official workbooks have beside their table); tree → nodes;
reading (one function over all of it). Afterwards: keys, targets, summary. problems is what is wrong with a file,
records is what comes out. sample is a framework to try things with.
"""

from caseforge_assets.frameworks.keys import node_path, nodes_by_code, partition_key
from caseforge_assets.frameworks.reading import read_framework
from caseforge_assets.frameworks.records import Edition, Kpi, Limits, Node, Problem, ReadResult
from caseforge_assets.frameworks.sample import sample_path
from caseforge_assets.frameworks.summary import read_result_json
from caseforge_assets.frameworks.targets import select_targets

__all__ = [
    "Edition",
    "Kpi",
    "Limits",
    "Node",
    "Problem",
    "ReadResult",
    "node_path",
    "nodes_by_code",
    "partition_key",
    "read_framework",
    "read_result_json",
    "sample_path",
    "select_targets",
]
