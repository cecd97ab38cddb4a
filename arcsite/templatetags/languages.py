from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from arcsite.languages import Offer, offers

register = template.Library()


@register.simple_tag(takes_context=True)
def offered_languages(context: Context) -> list[Offer]:
    return offers(context.get("request"))


@register.filter
def isolated(code: str) -> SafeString:
    """A code inside a sentence: written from the left, and in one piece, in every language."""
    return format_html('<bdi dir="ltr">{}</bdi>', code)
