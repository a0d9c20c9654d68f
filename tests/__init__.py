"""Every test of the project. Only this folder is a package, so that another's `tests` cannot be taken for it."""
