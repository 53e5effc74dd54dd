"""Documents made at random from the schema: no fault, no word of Python, whatever they ask."""

from tests.api.client import Client
from tests.api.test_bad_input import assert_clean
from tests.fuzz.documents import documents

COUNT = 120


async def test_random_documents(api: Client) -> None:
    """Each is answered or refused in words; `python -m bench.fuzz` does the same with ten thousand."""
    ids = [(await api.opted_in())["id"] for _ in range(3)]
    ids.append((await api.changed("createGroup", "group { id }", name="Guests"))["group"]["id"])
    ids += [topic["id"] for topic in (await api.query("{ topics { id } }"))["topics"]]
    for document in documents(COUNT, 6, ids):
        assert_clean(await api.post({"query": document}))
