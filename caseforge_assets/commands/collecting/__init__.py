"""From a finished batch to contents: fetched whole, judged, recorded; what nothing answered is settled."""
