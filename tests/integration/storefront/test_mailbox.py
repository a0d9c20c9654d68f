"""The demo's mailbox: every mail is kept and readable on a phone, and only where everybody may read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import NoReverseMatch, include, path, reverse

from project import mailbox
from project.shop import urls as shop

urlpatterns = [path("", include(([*shop.urlpatterns, *shop.MAILBOX], "shop")))]
with_mailbox = pytest.mark.urls(__name__)


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> str:
    """The name of the one mail that lies in the box."""
    settings.EMAIL_BACKEND, settings.MAILBOX_DIR = "project.mailbox.Backend", str(tmp_path / "mailbox")
    mail = EmailMultiAlternatives("Tu código", "en texto", to=["maria@example.pe"])
    mail.attach_alternative('<html><head></head><a href="/v/">“con” HTML</a></html>', "text/html")
    assert mail.send() == 1
    (only,) = mailbox.newest()
    return only.name


@with_mailbox
def test_a_mail_is_kept_whole_and_shown_in_a_frame_that_can_run_nothing(kept: str, client: Client) -> None:
    found = mailbox.mail_named(kept)
    assert found is not None
    assert (found.subject, found.to, found.text.strip()) == ("Tu código", "maria@example.pe", "en texto")
    assert "“con” HTML" in found.html
    listed = client.get("/mailbox/").content.decode()
    assert "Tu código" in listed
    page = client.get(f"/mailbox/{kept}/").content.decode()
    assert "&lt;base target=&quot;_top&quot;&gt;" in page
    assert "allow-scripts" not in page


@with_mailbox
def test_no_name_leads_out_of_the_box(kept: str, client: Client) -> None:
    for name in ("..", "../secret_key", f"{kept}.eml", "secret_key", "20261127T141507055086-a45be7c6"):
        assert client.get(f"/mailbox/{name}/").status_code == 404, name
    assert mailbox.mail_named("../mailbox/" + kept) is None


def test_a_shop_that_is_not_being_developed_has_no_mailbox_page() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("shop:mailbox")
