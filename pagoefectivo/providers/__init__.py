"""The PSPs: what each one can do as data, and the objects that speak and listen for an account."""
