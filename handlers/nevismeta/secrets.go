package nevismeta

import (
	"context"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// firstSecret is what a new client authenticates with: the secret written, a
// generated one of 32 hex, or none for a public client and for one that proves
// itself with a key.
func (h *handler) firstSecret(ctx context.Context, body *clientBody) (*snapshots.NewSecret, []fault.Field, error) {
	var probe document.Client
	body.applyMethod(&probe, keeper{})
	if body.ClientSecret != nil {
		if probe.Public() {
			return nil, errPublicSecret(), nil
		}
		if faults := checkSecret(*body.ClientSecret); len(faults) > 0 {
			return nil, faults, nil
		}
		secret, err := h.Store.ChosenSecret(ctx, *body.ClientSecret)
		return secret, nil, err
	}
	if !needsSecret(probe.TokenEndpointAuthMethod) {
		return nil, nil, nil
	}
	secret, err := h.Store.GenerateSecret(h.ids.Hex())
	return secret, nil, err
}

func errPublicSecret() []fault.Field {
	return []fault.Field{{Path: "/client_secret", Rule: "public-secret", Message: "a public client has no secret"}}
}

func needsSecret(method string) bool {
	return method == methodBasic || method == "client_secret_post" || method == "client_secret_jwt"
}

// nextSecret is the secret that an edit brings: the one written if it is not
// the present one, a generated one for a client that starts to need one, or nil.
func (h *handler) nextSecret(ctx context.Context, scope tenancy.Scope, ref snapshots.Ref, body *clientBody,
	validFrom *history.Millis) (*snapshots.NewSecret, []fault.Field, error) {
	at := h.Store.Now().Millis()
	if validFrom != nil {
		at = max(at, *validFrom)
	}
	if body.ClientSecret == nil {
		starts, err := h.startsToNeed(ctx, scope, ref, body, at)
		if !starts || err != nil {
			return nil, nil, err
		}
		secret, err := h.Store.GenerateSecret(h.ids.Hex())
		return secret, nil, err
	}
	same, err := h.Store.SecretMatches(ctx, scope, ref, *body.ClientSecret, at)
	if same || err != nil {
		return nil, nil, err
	}
	return h.firstSecret(ctx, body)
}

// startsToNeed reports whether the edit makes a client that has no secret
// authenticate with one. A client that did so before keeps what it has, be it
// none: another system may have registered it that way, or it is only planned
// and its secret with it.
func (h *handler) startsToNeed(ctx context.Context, scope tenancy.Scope, ref snapshots.Ref, body *clientBody,
	at history.Millis) (bool, error) {
	var probe document.Client
	body.applyMethod(&probe, keeper{})
	if !needsSecret(probe.TokenEndpointAuthMethod) {
		return false, nil
	}
	if has, err := h.Store.HasSecret(ctx, scope, ref, at); has || err != nil {
		return false, err
	}
	base, err := snapshots.Snapshots[document.Client](ctx, h.Store, scope, ref, &at, false)
	if err != nil || len(base) == 0 {
		return true, err
	}
	found, err := snapshots.Snapshot[document.Client](ctx, h.Store, scope, snapshots.ByRef(ref), base[0])
	if err != nil {
		return false, err
	}
	method := found.Content.TokenEndpointAuthMethod
	return method != "" && !needsSecret(method), nil
}
