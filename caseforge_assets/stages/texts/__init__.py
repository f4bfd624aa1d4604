"""The text of an answer as models write it, whatever the stage: what stands around it, refusals, characters, and JSON that a strict parser refuses. What stages ask for stands in their folders."""
