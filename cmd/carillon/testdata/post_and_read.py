"""Posts a contact and reads it back with the client that openapi-python-client made of the contract, and nothing else."""

import sys

from carillon_client import AuthenticatedClient
from carillon_client.api.contacts import accept_contact, find_contact, get_contact
from carillon_client.models import ContactRequest, Problem

url, key = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)
body = {
    "division": "NORTH", "reference": "GENERATED-1", "class": "BILL", "type": "PAYREMIND", "account": "NF-900001",
    "recipient": {"name": ["Ada Baker"], "phone": "(212) 555-0142", "email": "ada@example.com"},
    "data": {"amount": "$84.10", "due": "June 3"},
}
accepted = accept_contact.sync(client=client, idempotency_key="generated-1", body=ContactRequest.from_dict(body))
contact = get_contact.sync(id=accepted.contact, client=client)
found = find_contact.sync(client=client, reference="GENERATED-1")
assert contact.id == found.id == accepted.contact, (accepted, contact, found)
assert [m.id for m in accepted.messages] == [m.id for m in contact.messages][:1], contact
refused = accept_contact.sync(client=client, idempotency_key="generated-2", body=ContactRequest.from_dict({**body, "type": "NONE"}))
assert isinstance(refused, Problem) and refused.errors, refused
print("posted and read", contact.id, contact.messages[0].channel.value)
