"""The file of an export, at an address that cannot be guessed and that expires with the file."""

import mimetypes
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponseNotFound, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from saleor_serials.host import api
from saleor_serials.jobs import downloads
from saleor_serials.models import Job


@require_safe
def export_file(request: Any, token: str) -> Any:
    """Send the file that a token is for; 404 for every other token, whatever is wrong with it."""
    with api.reading():
        job = downloads.job_of(token, now=timezone.now())
    if job is None:
        response: Any = HttpResponseNotFound()
    else:
        kind = mimetypes.guess_type(job.file_name)[0] or "application/octet-stream"
        response = StreamingHttpResponse(_parts(job), content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="{job.file_name}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    # The address is a secret: it must not travel to other sites.
    response["Referrer-Policy"] = "no-referrer"
    return response


def _parts(job: Job) -> Iterator[bytes]:
    parts = downloads.parts_of(job)
    while True:
        # Around each read alone: the web server pauses between them.
        with api.reading():
            content = next(parts, None)
        if content is None:
            return
        yield content
