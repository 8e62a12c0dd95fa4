export const bothSystems = {
  query: `# One query, both systems. Run it:
# Ctrl-Enter, or the button with the
# arrow. An id says where the contact
# lives: pms is the property
# management system, cas360 the
# company register. What a system
# does not keep is null. The two
# cas360 contacts take one call.
query BothSystems {
  contacts(
    ids: ["pms:4711", "cas360:54", "cas360:555742"]
  ) {
    id
    source
    contactType
    name
    email
    phone
    address {
      lines
      city
      country {
        code
        name
      }
    }
  }
}
`,
};

export const manyContacts = {
  query: `# Any number of contacts, up to 1,000
# a list, answered in the order of
# the ids (which are in Variables,
# below). In a list or under an
# alias, all cas360 contacts go out
# in one call, and none is fetched
# twice.
query ManyContacts(
  $ids: [ID!]!
  $oneMore: ID!
  $again: ID!
) {
  contacts(ids: $ids) {
    ...Card
  }
  oneMore: contact(id: $oneMore) {
    ...Card
  }
  again: contact(id: $again) {
    ...Card
    registration {
      companyNumber
      incorporationDate
    }
  }
}

fragment Card on Contact {
  id
  contactType
  name
  email
}
`,
  variables: `{
  "ids": [
    "cas360:1001",
    "cas360:1002",
    "cas360:1003",
    "cas360:20001",
    "cas360:20002",
    "cas360:30001",
    "cas360:30002"
  ],
  "oneMore": "cas360:1004",
  "again": "cas360:20001"
}`,
};

export const partialAnswer = {
  query: `# What goes wrong costs only its own
# place. The first contact is there.
# No contact has the second id: null,
# and no error. The third is no id:
# null, and an error whose path says
# where. Programs go by
# extensions.code, and by
# extensions.retryable: may the same
# request succeed later?
query PartialAnswer {
  contacts(
    ids: ["cas360:54", "cas360:999999999", "54"]
  ) {
    id
    name
  }
}
`,
};

export const entities = {
  query: `# How a gateway asks when other
# subgraphs name contacts. Each
# representation (in Variables,
# below) is answered at its own
# place: the last one is malformed
# and costs only itself. A sales
# account is found through its
# contact.
query Entities($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Contact {
      id
      name
    }
    ... on Address {
      id
      city
    }
    ... on SalesAccount {
      id
      accountCode
    }
  }
}
`,
  variables: `{
  "representations": [
    { "__typename": "Contact", "id": "cas360:54" },
    { "__typename": "Contact", "id": "pms:4711" },
    { "__typename": "Address", "id": "pms:4711/51" },
    { "__typename": "SalesAccount", "id": "pms:902", "contact": { "id": "pms:4711" } },
    { "__typename": "Contact", "id": "malformed" }
  ]
}`,
};
