"""Render a mail from its templates in the reader's language, and send it."""

from collections.abc import Mapping, Sequence
from email.charset import QP, Charset
from email.mime.image import MIMEImage
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from saleor_serials.extensions.drawing.picture import Picture
from saleor_serials.host.shapes import Sender

# Seconds, for each answer of the mail server. Some are slow with mails that they then accept.
_SMTP_TIMEOUT = 30

_LOCALE = Path(__file__).parent / "locale"
# The languages of the templates, by Django's codes.
LANGUAGES = frozenset(
    {"en", *(folder.name.replace("_", "-").lower() for folder in _LOCALE.iterdir())}
)

# Keeps lines of any length, and the spaces at their ends.
_ENCODING = Charset("utf-8")
_ENCODING.body_encoding = QP


def language_for(code: str | None) -> str:
    """Choose the mail's language for a language code: the same, else its base language, or English.

    Always returns one of ``LANGUAGES``.
    """
    parts = (code or "").strip().lower().replace("_", "-").split("-")
    varieties = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((variety for variety in varieties if variety in LANGUAGES), "en")


def send(
    template: str,
    context: Mapping[str, Any],
    *,
    sender: Sender,
    to: Sequence[str],
    language: str | None,
    pictures: Mapping[str, Picture] = MappingProxyType({}),
) -> None:
    """Render the templates of this name and send the mail; raises what the mail backend raises.

    ``pictures`` are attached inline, by the ids that the HTML refers to (`cid:`).
    """
    if getattr(sender.connection, "timeout", _SMTP_TIMEOUT) is None:
        sender.connection.timeout = _SMTP_TIMEOUT
    chosen = language_for(language)
    with translation.override(chosen):
        values = {
            **context,
            "language": chosen,
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
            "shop_name": sender.shop_name,
        }
        subject, text, html = (
            render_to_string(f"saleor_serials/{template}.{part}", values)
            for part in ("subject.txt", "txt", "html")
        )
    mail = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=text,
        from_email=sender.from_email,
        to=list(to),
        connection=sender.connection,
    )
    mail.encoding = _ENCODING
    mail.attach_alternative(html, "text/html")
    # Mail programs show related parts inline, and do not list them as attachments.
    mail.mixed_subtype = "related"
    for content_id, picture in pictures.items():
        mail.attach(_part(content_id, picture))
    mail.send()


def _part(content_id: str, picture: Picture) -> MIMEImage:
    part = MIMEImage(picture.content, _subtype=picture.type.removeprefix("image/"))
    part.add_header("Content-ID", f"<{content_id}>")
    part.add_header("Content-Disposition", "inline", filename=f"{content_id}.{picture.format}")
    return part
