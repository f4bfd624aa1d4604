"""From a finished batch to contents: fetched whole, judged, recorded; what nothing answered is settled. What an answer is worth is said by `batches` and `stages`."""
