"""The web, split by audience."""
