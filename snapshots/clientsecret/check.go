package clientsecret

import (
	"fmt"

	"tenure/snapshots/credential"
	"tenure/tenancy/fault"
)

// Check holds the least that a secret needs which a person or another
// system chose, on every surface, and refuses what is a hash of one. Its path is "/client_secret".
func Check(plain string) []fault.Field {
	if form := credential.Form(plain); form != "" {
		return []fault.Field{{Path: "/client_secret", Rule: "hash", Message: "this is a " + form +
			" hash and not a secret: its client could not prove itself; tenure import hydra takes hashes over from the other system's database"}}
	}
	if credential.Strong(plain) {
		return nil
	}
	return []fault.Field{{Path: "/client_secret", Rule: "client-secret", Message: fmt.Sprintf(
		"a chosen secret needs %d characters that are not all alike, or %d bits by an estimate", credential.MinCharacters, credential.MinBits)}}
}
