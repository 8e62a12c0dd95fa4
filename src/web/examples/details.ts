export const relationships = {
  query: `# Roles in companies and trusts. The
# register is asked for them only
# where a query selects them, and in
# the call that fetches the contact
# anyway. Take "(current: true)" away
# to see ended ones.
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

export const jointMember = {
  query: `# A joint member stands for several
# contacts, the primary one first.
# Without an address of its own it
# shows that of its first
# representative.
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

export const salesAccount = {
  query: `# Only the property management system
# knows the account that sales are
# booked on. The company is a
# reference: an id by which another
# subgraph tells the rest.
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
