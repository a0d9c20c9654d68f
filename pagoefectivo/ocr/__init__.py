"""Pictures of receipts: making them harmless, knowing them again, and reading what is printed on them."""
