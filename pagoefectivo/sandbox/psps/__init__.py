"""The faces of the sandbox: one module per PSP it can pretend to be."""
