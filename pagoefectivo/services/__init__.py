"""The writing floor: transactions live here and only here."""
