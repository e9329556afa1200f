package register

import (
	"tenure/handlers/ory"
	"tenure/tenancy/fault"
)

// What Hydra says, word for word.
const (
	offSentence      = "Dynamic registration is not enabled."
	secretSentence   = "It is not allowed to choose your own OAuth2 Client secret."
	strategySentence = "It is not allowed to choose your own access token strategy."
	decodeSentence   = "Unable to decode the request body. Is it valid JSON?"
)

// forbidden refuses what a client may not say of itself. What it has already
// may be sent back: shown is what a read shows it, nil for a new client.
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
