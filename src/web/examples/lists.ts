export const bothSystems = {
  query: `# One query, both systems: pms is the property management system, cas360 the company register.
# The two cas360 contacts take one call. What a system does not keep is null.
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
  query: `# Up to 1,000 contacts in a list, in the order of the ids (in Variables, below).
# All cas360 contacts go out in one call, also those under an alias. None is fetched twice.
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
  query: `# An error costs only its own place.
# No contact has the second id: null, without an error. The third is not an id: null, and an error whose path says where.
# Programs read extensions.code, and extensions.retryable: whether the same request may succeed later.
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
  query: `# How a gateway asks for contacts that other subgraphs name.
# The last representation (in Variables, below) is malformed and costs only itself.
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
