export const identityQuery = `# These fields need a token with the scope contact:identity, in Headers, below: {"authorization": "Bearer ..."}.
# Without it they are null with the error FORBIDDEN, and the names stay.
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

export const accessQuery = `# Keys to doors, and the login, need the scope contact:access.
# Its token does not open contact:identity: the date of birth is refused.
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
