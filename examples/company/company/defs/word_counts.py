"""An asset of the company's own, below one of CaseForge's."""

import dagster as dg
import pandas as pd

NODES = dg.DynamicPartitionsDefinition(name="sales_nodes")  # one partition a process: FRAMEWORK_nodes


@dg.asset(ins={"documents": dg.AssetIn(["sales", "process_documents"])}, partitions_def=NODES)
def word_counts(documents: pd.DataFrame) -> dg.MaterializeResult:
    """The number of words of each process document."""
    return dg.MaterializeResult(metadata={"words": int(documents["document"].str.split().str.len().sum())})
