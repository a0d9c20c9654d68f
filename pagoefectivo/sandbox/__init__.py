"""The sandbox: another company, reached over HTTP only. It shares no code with the rest of the package."""
