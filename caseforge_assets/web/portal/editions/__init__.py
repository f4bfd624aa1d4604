"""Pages of a framework as a whole: tree, heat map, comparisons, loading. A node's are `nodes`."""
