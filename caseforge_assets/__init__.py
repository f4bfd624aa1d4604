"""CaseForge: from a process framework to process documents and AI use-case candidates, through OpenAI's Batch API.

The folders are the flow of the data, in this order:

frameworks     a workbook or table becomes nodes
contexts       a node becomes what the model is told about it
stages         what is generated: one folder a stage, with its request, its judge, its record
batches        custom ids, JSONL lines, packing, states, outcomes, what happens next
costs          tokens, prices, estimates, budgets
reports        coverage, costs, exports

The doors lead outside: settings (environment and caseforge.toml), store (PostgreSQL), artifacts (files),
openai_batch (the provider). The verbs, one function a file, are commands. The shells call the commands:
defs (Dagster), cli, batch_server (the local Batch API server).
"""
