package register

import (
	"tenure/handlers/ory"
	"tenure/snapshots"
	"tenure/tenancy/fault"
)

// Hydra's words.
const (
	offSentence      = "Dynamic registration is not enabled."
	secretSentence   = "It is not allowed to choose your own OAuth2 Client secret."
	strategySentence = "It is not allowed to choose your own access token strategy."
	decodeSentence   = "Unable to decode the request body. Is it valid JSON?"
)

// errOff answers for every setup into which nobody may register, whether or not it
// exists.
func errOff() error { return fault.New(fault.NotFound, snapshots.CodeRegistrationOff, offSentence) }

// errCredentials answers every invalid credential and every unknown client, so that
// the two cannot be told apart.
func errCredentials() error { return fault.New(fault.Unauthenticated, "", ory.BadCredentials) }

// hideSetup is the error of a registration: errOff if there is no such setup or no
// registration, errCredentials if the token is not valid any more.
func hideSetup(err error) error {
	switch fault.Of(err).Kind {
	case fault.NotFound, fault.Forbidden:
		return errOff()
	case fault.Unauthenticated:
		return errCredentials()
	}
	return err
}

// hideClient is the error of a management call: errCredentials if it would show
// whether the client exists.
func hideClient(err error) error {
	switch fault.Of(err).Kind {
	case fault.NotFound, fault.Unauthenticated, fault.Forbidden:
		return errCredentials()
	}
	return err
}

// forbidden refuses members that a client may not set. It may send back what it has
// already: shown is what a read shows it, nil for a new client.
func forbidden(in, shown *ory.Client) error {
	switch {
	case in.ClientSecret != "" && shown != nil:
		return fault.New(fault.Forbidden, "", secretSentence)
	case in.ClientSecret != "":
		return ory.BadRequest(secretSentence)
	case in.Metadata != nil:
		return ory.InvalidMetadata("'metadata' cannot be set for dynamic client registration")
	}
	if shown == nil {
		shown = &ory.Client{}
	}
	switch {
	case in.AccessTokenStrategy != "" && in.AccessTokenStrategy != shown.AccessTokenStrategy:
		return ory.BadRequest(strategySentence)
	case in.SkipConsent && !shown.SkipConsent:
		return ory.InvalidRequest("'skip_consent' cannot be set for dynamic client registration")
	case isTrue(in.SkipLogoutConsent) && !isTrue(shown.SkipLogoutConsent):
		return ory.InvalidRequest("'skip_logout_consent' cannot be set for dynamic client registration")
	}
	return nil
}

func isTrue(b *bool) bool { return b != nil && *b }
