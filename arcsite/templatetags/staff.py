from django import template
from django.template.context import RequestContext

from arcsite import second_factor
from arcsite.staff_pages import StaffPage, pages_for

register = template.Library()


@register.simple_tag(takes_context=True)
def staff_pages(context: RequestContext) -> list[StaffPage]:
    return pages_for(context["request"])


@register.simple_tag(takes_context=True)
def second_factor_missing(context: RequestContext) -> bool:
    return second_factor.is_missing(context["request"])
