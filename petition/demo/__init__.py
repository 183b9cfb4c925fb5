"""The demo: its texts as everybody would write them, and invented people who sign."""
