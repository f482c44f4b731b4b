"""The figures of dashboards: read in one query for all, and said where they differ."""
