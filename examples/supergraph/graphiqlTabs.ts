import { guarded, type Tab, type Tokens } from '../../src/web/graphiqlTabs.js';

/** Over all three subgraphs, and both systems behind the contacts. */
export const QUERY = `{
  booking(id: "B-2041") {
    arrival
    booker { name companies { name } }
    guests { name greeting address { city } bookings { id } }
    account { accountCode company { name keyContact { email } } }
  }
}`;

/** The examples in GraphiQL's menu. Each crosses subgraphs. */
export function supergraphTabs(tokens: Tokens): Tab[] {
  return [
    { query: acrossAll },
    { query: fromContacts, variables: JSON.stringify({ ids: ['cas360:555742', 'pms:4711', 'cas360:54'] }, null, 2) },
    { query: companies },
    guarded(birthdays, 'contact:identity', tokens.identity),
    guarded(keys, 'contact:access', tokens.access),
  ];
}

const acrossAll = `# One booking, over all three subgraphs and both systems behind the contacts.
# The bookings subgraph has only ids of contacts. The gateway asks the others for the rest.
query AcrossAll ${QUERY}
`;

const fromContacts = `# The other way round: contacts first, then their bookings and companies.
query FromContacts($ids: [ID!]!) {
  contacts(ids: $ids) {
    name
    bookings {
      id
      arrival
    }
    companies {
      name
    }
  }
}
`;

const companies = `# Companies, each with the contact to call. The companies subgraph owns them.
query Companies {
  companies {
    name
    keyContact {
      name
      phone
      bookings {
        id
      }
    }
  }
}
`;

const birthdays = `# Dates of birth need the scope contact:identity. The gateway passes the token in Headers, below, on.
# Without it they are null with the error FORBIDDEN, and the names stay.
query Birthdays {
  bookings {
    id
    guests {
      name
      dateOfBirth
    }
  }
}
`;

const keys = `# Keys to doors need the scope contact:access, in Headers, below.
query Keys {
  booking(id: "B-2041") {
    guests {
      name
      doorAccess {
        saltoRegistrationStatus
        keyCardCode
      }
    }
  }
}
`;
