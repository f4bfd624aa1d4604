"""The partitions of a framework: its target nodes, registered by the flush in the framework's order."""

import dagster as dg

from caseforge_assets.defs.names import partitions_name


def node_partitions(framework_key: str) -> dg.DynamicPartitionsDefinition:
    """One partition a target node; keys read code and stable id, such as 1.2.4_10039."""
    return dg.DynamicPartitionsDefinition(name=partitions_name(framework_key))
