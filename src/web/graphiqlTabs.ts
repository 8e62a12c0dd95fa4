/** What a tab of GraphiQL opens with. `variables` and `headers` are JSON. */
export interface Tab {
  query: string;
  variables?: string;
  headers?: string;
}

/** A bearer token for each scope. */
export interface Tokens {
  identity: string;
  access: string;
}

/**
 * The queries that GraphiQL opens with, in the order in which a newcomer would try them. The ids are the sandbox's;
 * the name of a query is the title of its tab.
 */
export function exampleTabs(tokens?: Tokens): Tab[] {
  return [
    bothSystems,
    manyContacts,
    relationships,
    jointMember,
    salesAccount,
    partialAnswer,
    entities,
    guarded(identityQuery, tokens?.identity),
    guarded(accessQuery, tokens?.access),
  ];
}

function guarded(query: string, token: string | undefined): Tab {
  return token === undefined ? { query } : { query, headers: json({ authorization: `Bearer ${token}` }) };
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

const bothSystems: Tab = {
  query: `# One query, both systems. Run it: Ctrl-Enter,
# or the button with the arrow. An id says where
# the contact lives: pms is the property
# management system, cas360 the company register.
# What a system does not keep is null. The two
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

const manyContacts: Tab = {
  query: `# Any number of contacts, up to 1,000 a list,
# answered in the order of the ids (which are in
# Variables, below). In a list or under an alias,
# all cas360 contacts go out in one call, and none
# is fetched twice.
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
  variables: json({
    ids: ['cas360:1001', 'cas360:1002', 'cas360:1003', 'cas360:20001', 'cas360:20002', 'cas360:30001', 'cas360:30002'],
    oneMore: 'cas360:1004',
    again: 'cas360:20001',
  }),
};

const relationships: Tab = {
  query: `# Roles in companies and trusts. The register is
# asked for them only where a query selects them,
# and in the call that fetches the contact anyway.
# Take "(current: true)" away to see ended ones.
query Relationships {
  anne: contact(id: "cas360:555742") {
    name
    relationships(current: true) {
      type
      parentType
      startDate
      endDate
      current
      company {
        id
      }
    }
  }
  council: contact(id: "cas360:54") {
    name
  }
}
`,
};

const jointMember: Tab = {
  query: `# A joint member stands for several contacts, the
# primary one first. Without an address of its own
# it shows that of its first representative.
query JointMember {
  contact(id: "cas360:40005") {
    name
    contactType
    address {
      id
      lines
      city
      state
      postCode
    }
    representatives {
      id
      name
      address {
        id
        city
      }
    }
  }
}
`,
};

const salesAccount: Tab = {
  query: `# Only the property management system knows the
# account that sales are booked on. The company is
# a reference: an id by which another subgraph
# tells the rest.
query SalesAccount {
  contact(id: "pms:4711") {
    name
    status
    salesAccount {
      id
      accountCode
      exportStatus
      exportedDate
      companyName
      company {
        id
      }
    }
    guest {
      role
      preferences
    }
  }
}
`,
};

const partialAnswer: Tab = {
  query: `# What goes wrong costs only its own place. The
# first contact is there. No contact has the second
# id: null, and no error. The third is no id: null,
# and an error whose path says where. Programs go
# by extensions.code, and by extensions.retryable:
# may the same request succeed later?
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

const entities: Tab = {
  query: `# How a gateway asks when other subgraphs name
# contacts. Each representation (in Variables,
# below) is answered at its own place: the last
# one is malformed and costs only itself. A sales
# account is found through its contact.
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
  variables: json({
    representations: [
      { __typename: 'Contact', id: 'cas360:54' },
      { __typename: 'Contact', id: 'pms:4711' },
      { __typename: 'Address', id: 'pms:4711/51' },
      { __typename: 'SalesAccount', id: 'pms:902', contact: { id: 'pms:4711' } },
      { __typename: 'Contact', id: 'malformed' },
    ],
  }),
};

const identityQuery = `# Guarded fields: they need a token with the scope
# contact:identity, in Headers, below:
# {"authorization": "Bearer ..."}. Take it out, and
# the fields are null with the error FORBIDDEN,
# while the names stay.
query GuardedIdentity {
  contacts(ids: ["cas360:555742", "pms:4711"]) {
    name
    dateOfBirth
    placeOfBirth {
      place
      country {
        name
      }
    }
    identityDocuments {
      passportNumber
      taxNumber
    }
    verification {
      idChecked
      identityConfirmedDate
    }
  }
}
`;

const accessQuery = `# The other scope, contact:access: keys to doors,
# and the login. Its token (in Headers, below) does
# not open the other scope: the date of birth is
# refused.
query GuardedAccess {
  contact(id: "pms:4711") {
    name
    cognitoId
    doorAccess {
      saltoRegistrationStatus
      saltoKeysLastUpdated
      keyCardCode
    }
    dateOfBirth
  }
}
`;
