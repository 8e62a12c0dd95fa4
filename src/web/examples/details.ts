export const relationships = {
  query: `# Roles in companies and trusts, in the same call that fetches the contact. Without (current: true), ended roles too.
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
  query: `# A joint member stands for several contacts. Without an address of its own it shows that of its first representative.
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
  query: `# The account that sales are booked on. Only the property management system has it.
# The company is a reference: another subgraph answers the rest.
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
