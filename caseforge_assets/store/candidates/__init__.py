"""Lists of candidates: which are meant, in which order, how many by what. The rows they are read from are kept up in `reading`."""
