"""Measures of texts by their words: what a text is about, what is new in it, how it ends; with the lists of words. The score that stages make of them is `quality`, a record beside this room."""
