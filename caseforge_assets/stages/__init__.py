"""The kinds of content: one folder a stage, with its templates, its request, its judge and its record.

A folder in here whose package has a `STAGE` is a stage; nothing else needs to know of it. What all stages share stands
beside them: outcomes and judgements, the stage record itself, canonical JSON, templates; and in the rooms `texts` and `measuring`.
No network, no database, no environment.
"""
