"""Measures a click: `python -m benchmarks.clicks 60 1545` starts `dagster dev` on a made-up framework of so many nodes each.

"Materialize all" on what is good, as the dialog asks for it, from the click to green; scattered failures; pages in a browser.
"""
