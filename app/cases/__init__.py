"""A case (事项) is one run of a workflow. Generic: a new workflow is a new file, and needs nothing here."""
