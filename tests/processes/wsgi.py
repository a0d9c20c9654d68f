"""What gunicorn runs in a drill; loaded whole before it forks, so that a killed worker is replaced within milliseconds."""

from __future__ import annotations

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.processes.settings"

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

application = get_wsgi_application()
_loaded = get_resolver().url_patterns
