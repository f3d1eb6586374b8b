"""A receiver in Django: ``path("orders", django_receiver(receiver))``."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from .receiver import MAX_BODY_BYTES, TOO_LARGE, Receiver, Verdict


def django_receiver(receiver: Receiver) -> Callable[[HttpRequest], HttpResponse]:
    """A view, without the check for forgeries of forms: what it takes is signed."""

    @csrf_exempt
    def discue_receiver(request: HttpRequest) -> HttpResponse:
        verdict = _verdict(receiver, request)
        return HttpResponse(status=verdict.status, headers=dict(verdict.headers))

    return discue_receiver


def _verdict(receiver: Receiver, request: HttpRequest) -> Verdict:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        return TOO_LARGE
    try:
        body = request.body
    except RequestDataTooBig:
        return TOO_LARGE
    return receiver.receive(body, request.headers)
