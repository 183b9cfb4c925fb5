"""The open figures: what any program and any page of another site may read, under a contract for years."""
