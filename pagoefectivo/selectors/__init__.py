"""Reading: what doors show, in a fixed number of queries. Nothing here writes."""
