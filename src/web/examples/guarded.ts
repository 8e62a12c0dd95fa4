export const identityQuery = `# Guarded fields: they need a token
# with the scope contact:identity, in
# Headers, below:
# {"authorization": "Bearer ..."}.
# Take it out, and the fields are
# null with the error FORBIDDEN,
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

export const accessQuery = `# The other scope, contact:access:
# keys to doors, and the login. Its
# token (in Headers, below) does not
# open the other scope: the date of
# birth is refused.
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
