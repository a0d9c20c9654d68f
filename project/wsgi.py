"""The shop as a WSGI application. While developing it also serves the static files, of the back office too."""

from __future__ import annotations

import os

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

application = get_wsgi_application()
if settings.DEBUG:
    application = StaticFilesHandler(application)
