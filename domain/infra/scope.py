"""The one entry to a model's rows: by account. A test refuses every other."""

from typing import TypeVar

from tortoise.models import Model
from tortoise.queryset import QuerySet

from domain.actor import Actor

M = TypeVar("M", bound=Model)


def scoped(model: type[M], actor: Actor) -> QuerySet[M]:
    """The model's rows in the actor's account."""
    return model.filter(account_id=actor.account_id)
