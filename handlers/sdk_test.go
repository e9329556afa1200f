package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	hydra "github.com/ory/hydra-client-go/v2"

	"tenure/snapshots"
)

// sdk is Hydra's published Go client, for a base URL; key is its API key,
// empty for none.
func sdk(base, key string) *hydra.APIClient {
	cfg := hydra.NewConfiguration()
	cfg.Servers = hydra.ServerConfigurations{{URL: base}}
	if key != "" {
		cfg.AddDefaultHeader("Authorization", "Bearer "+key)
	}
	return hydra.NewAPIClient(cfg)
}

// TestSDK uses Hydra's Go client as its users do: against the trusted
// listener, which asks for no key, and against the public one with a key.
func TestSDK(t *testing.T) {
	in := newInstallation(t)
	for name, api := range map[string]*hydra.APIClient{
		"trusted listener": sdk(in.admin.URL, ""),
		"API key":          sdk(in.public.URL, in.editor),
		"of one setup": sdk(in.public.URL+"/modules/"+snapshots.DefaultModule+"/setups/"+string(in.setup),
			in.editor),
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("client", func(t *testing.T) { sdkClient(t, api.OAuth2API) })
			t.Run("pages", func(t *testing.T) { sdkPages(t, api.OAuth2API) })
			t.Run("errors", func(t *testing.T) { sdkErrors(t, api.OAuth2API) })
		})
	}
	t.Run("registration", func(t *testing.T) { sdkRegistration(t, in) })
}

func sdkClient(t *testing.T, api hydra.OAuth2API) {
	ctx := context.Background()
	draft := hydra.NewOAuth2Client()
	draft.SetClientName("from the SDK")
	draft.SetRedirectUris([]string{"https://app.example.org/cb"})
	draft.SetGrantTypes([]string{"authorization_code", "refresh_token"})
	draft.SetScope("openid offline")
	draft.SetOwner("team")
	draft.SetMetadata(map[string]any{"tier": "gold"})
	draft.AdditionalProperties = map[string]any{"device_authorization_grant_access_token_lifespan": "6h"}
	made, res, err := api.CreateOAuth2Client(ctx).OAuth2Client(*draft).Execute()
	succeeded(t, res, err, http.StatusCreated)
	id := made.GetClientId()
	if id == "" || len(made.GetClientSecret()) != 26 || made.GetRegistrationAccessToken() == "" ||
		!strings.HasSuffix(made.GetRegistrationClientUri(), "/oauth2/register/"+id) ||
		!strings.HasSuffix(res.Header.Get("Location"), "/admin/clients/"+id) || !made.HasCreatedAt() {
		t.Errorf("made %s with Location %s", asJSON(t, made), res.Header.Get("Location"))
	}

	got, res, err := api.GetOAuth2Client(ctx, id).Execute()
	succeeded(t, res, err, http.StatusOK)
	if got.GetClientName() != "from the SDK" || got.HasClientSecret() || got.HasRegistrationAccessToken() ||
		got.AdditionalProperties["device_authorization_grant_access_token_lifespan"] != "6h0m0s" ||
		!slices.Equal(got.GetGrantTypes(), []string{"authorization_code", "refresh_token"}) {
		t.Errorf("got %s", asJSON(t, got))
	}

	// Read, change, write: nothing else changes.
	got.SetClientName("renamed")
	set, res, err := api.SetOAuth2Client(ctx, id).OAuth2Client(*got).Execute()
	succeeded(t, res, err, http.StatusOK)
	got.SetUpdatedAt(set.GetUpdatedAt())
	if want, has := asJSON(t, got), asJSON(t, set); has != want {
		t.Errorf("set\n got %s\nwant %s", has, want)
	}
	again, res, err := api.GetOAuth2Client(ctx, id).Execute()
	succeeded(t, res, err, http.StatusOK)
	if want, has := asJSON(t, got), asJSON(t, again); has != want {
		t.Errorf("get after set\n got %s\nwant %s", has, want)
	}

	patched, res, err := api.PatchOAuth2Client(ctx, id).JsonPatch([]hydra.JsonPatch{
		{Op: "add", Path: "/redirect_uris/-", Value: "https://app.example.org/other"},
		{Op: "replace", Path: "/metadata/tier", Value: "silver"},
		{Op: "add", Path: "/frontchannel_logout_uri", Value: "https://app.example.org/out"},
	}).Execute()
	succeeded(t, res, err, http.StatusOK)
	if len(patched.GetRedirectUris()) != 2 || asJSON(t, patched.GetMetadata()) != `{"tier":"silver"}` ||
		patched.GetFrontchannelLogoutUri() != "https://app.example.org/out" || patched.GetClientName() != "renamed" {
		t.Errorf("patched %s", asJSON(t, patched))
	}
	if !patched.GetUpdatedAt().After(again.GetUpdatedAt()) {
		t.Errorf("updated_at %s is not after %s", patched.GetUpdatedAt(), again.GetUpdatedAt())
	}

	spans := hydra.NewOAuth2ClientTokenLifespans()
	spans.SetClientCredentialsGrantAccessTokenLifespan("90m")
	spanned, res, err := api.SetOAuth2ClientLifespans(ctx, id).OAuth2ClientTokenLifespans(*spans).Execute()
	succeeded(t, res, err, http.StatusOK)
	if spanned.GetClientCredentialsGrantAccessTokenLifespan() != "1h30m0s" || len(spanned.GetRedirectUris()) != 2 ||
		spanned.AdditionalProperties["device_authorization_grant_access_token_lifespan"] != nil {
		t.Errorf("with lifespans %s", asJSON(t, spanned))
	}

	// An id of the caller's own, with what a path must escape.
	draft.SetClientId("chosen " + id + "/ü?")
	made, res, err = api.CreateOAuth2Client(ctx).OAuth2Client(*draft).Execute()
	succeeded(t, res, err, http.StatusCreated)
	got, res, err = api.GetOAuth2Client(ctx, made.GetClientId()).Execute()
	succeeded(t, res, err, http.StatusOK)
	if got.GetClientId() != draft.GetClientId() {
		t.Errorf("got the id %q", got.GetClientId())
	}
	for _, id := range []string{id, draft.GetClientId()} {
		res, err = api.DeleteOAuth2Client(ctx, id).Execute()
		succeeded(t, res, err, http.StatusNoContent)
		_, res, err = api.GetOAuth2Client(ctx, id).Execute()
		failed(t, res, err, http.StatusNotFound, "Unable to locate the resource", "")
	}
}

// sdkPages walks a list by its Link header, as Hydra's own tools do.
func sdkPages(t *testing.T, api hydra.OAuth2API) {
	ctx := context.Background()
	const n = 7
	var want []string
	for i := range n {
		draft := hydra.NewOAuth2Client()
		draft.SetClientId(fmt.Sprintf("%s-%d", strings.ReplaceAll(t.Name(), "/", "-"), i))
		draft.SetClientSecret("a secret of the SDK")
		draft.SetClientName(t.Name())
		draft.SetOwner([]string{"even", "odd"}[i%2])
		_, res, err := api.CreateOAuth2Client(ctx).OAuth2Client(*draft).Execute()
		succeeded(t, res, err, http.StatusCreated)
		want = append(want, draft.GetClientId())
	}
	var got []string
	for token, last, pages := "", false, 0; !last; pages++ {
		request := api.ListOAuth2Clients(ctx).ClientName(t.Name()).PageSize(3)
		if token != "" {
			request = request.PageToken(token)
		}
		page, res, err := request.Execute()
		succeeded(t, res, err, http.StatusOK)
		for _, c := range page {
			got = append(got, c.GetClientId())
		}
		if token, last = nextPage(t, res.Header); pages > n {
			t.Fatal("the pages do not end")
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	odd, res, err := api.ListOAuth2Clients(ctx).ClientName(t.Name()).Owner("odd").Execute()
	succeeded(t, res, err, http.StatusOK)
	if len(odd) != n/2 {
		t.Errorf("%d of owner odd", len(odd))
	}
	for _, id := range want {
		res, err := api.DeleteOAuth2Client(ctx, id).Execute()
		succeeded(t, res, err, http.StatusNoContent)
	}
}

// sdkErrors makes every error that the SDK has a model for, and those whose
// model is another than the server's (facts §15): there the status tells.
func sdkErrors(t *testing.T, api hydra.OAuth2API) {
	ctx := context.Background()
	draft := hydra.NewOAuth2Client()
	draft.SetClientId("taken")
	draft.SetClientSecret("a secret of the SDK")
	_, res, err := api.CreateOAuth2Client(ctx).OAuth2Client(*draft).Execute()
	succeeded(t, res, err, http.StatusCreated)
	defer func() {
		res, err := api.DeleteOAuth2Client(ctx, "taken").Execute()
		succeeded(t, res, err, http.StatusNoContent)
	}()
	const (
		missing   = "Unable to locate the resource"
		malformed = "The request was malformed or contained invalid parameters"
		metadata  = "invalid_client_metadata"
	)
	invalid := hydra.NewOAuth2Client()
	invalid.SetTosUri("ftp://example.org/")
	short := hydra.NewOAuth2Client()
	short.SetClientSecret("short")
	fragment := hydra.NewOAuth2Client()
	fragment.SetRedirectUris([]string{"https://app.example.org/#x"})
	spans := hydra.NewOAuth2ClientTokenLifespans()
	bad := hydra.NewOAuth2ClientTokenLifespans()
	bad.SetImplicitGrantIdTokenLifespan("1d")
	patch := func(id string, ops ...hydra.JsonPatch) func() (*http.Response, error) {
		return func() (*http.Response, error) {
			_, res, err := api.PatchOAuth2Client(ctx, id).JsonPatch(ops).Execute()
			return res, err
		}
	}
	for name, c := range map[string]struct {
		call         func() (*http.Response, error)
		status       int
		code, saying string
	}{
		"create: id taken": {func() (*http.Response, error) {
			_, res, err := api.CreateOAuth2Client(ctx).OAuth2Client(*draft).Execute()
			return res, err
		}, 409, "Unable to insert or update resource because a resource with that value exists already", ""},
		"create: broken rule": {func() (*http.Response, error) {
			_, res, err := api.CreateOAuth2Client(ctx).OAuth2Client(*invalid).Execute()
			return res, err
		}, 400, metadata, "tos_uri"},
		"create: redirect URI": {func() (*http.Response, error) {
			_, res, err := api.CreateOAuth2Client(ctx).OAuth2Client(*fragment).Execute()
			return res, err
		}, 400, "invalid_redirect_uri", "fragments"},
		"get: missing": {func() (*http.Response, error) {
			_, res, err := api.GetOAuth2Client(ctx, "missing").Execute()
			return res, err
		}, 404, missing, ""},
		"list: page token": {func() (*http.Response, error) {
			_, res, err := api.ListOAuth2Clients(ctx).PageToken("not one").Execute()
			return res, err
		}, 400, malformed, "pagination"},
		"set: missing": {func() (*http.Response, error) {
			_, res, err := api.SetOAuth2Client(ctx, "missing").OAuth2Client(*hydra.NewOAuth2Client()).Execute()
			return res, err
		}, 404, missing, ""},
		"set: broken rule": {func() (*http.Response, error) {
			_, res, err := api.SetOAuth2Client(ctx, "taken").OAuth2Client(*short).Execute()
			return res, err
		}, 400, metadata, "at least 6"},
		"patch: missing":     {patch("missing", hydra.JsonPatch{Op: "replace", Path: "/owner", Value: "x"}), 404, missing, ""},
		"patch: broken rule": {patch("taken", hydra.JsonPatch{Op: "replace", Path: "/tos_uri", Value: "ftp://x"}), 400, metadata, "tos_uri"},
		"patch: operation":   {patch("taken", hydra.JsonPatch{Op: "test", Path: "/owner", Value: "x"}), 400, "invalid_request", "test"},
		"patch: path":        {patch("taken", hydra.JsonPatch{Op: "remove", Path: "/redirect_uris/7"}), 400, "invalid_request", "/redirect_uris/7"},
		"patch: id":          {patch("taken", hydra.JsonPatch{Op: "replace", Path: "/client_id", Value: "x"}), 400, "invalid_request", "/client_id"},
		"lifespans: missing": {func() (*http.Response, error) {
			_, res, err := api.SetOAuth2ClientLifespans(ctx, "missing").OAuth2ClientTokenLifespans(*spans).Execute()
			return res, err
		}, 404, "", missing},
		"lifespans: duration": {func() (*http.Response, error) {
			_, res, err := api.SetOAuth2ClientLifespans(ctx, "taken").OAuth2ClientTokenLifespans(*bad).Execute()
			return res, err
		}, 400, "", "unknown unit"},
		"delete: missing": {func() (*http.Response, error) {
			return api.DeleteOAuth2Client(ctx, "missing").Execute()
		}, 404, "", missing},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := c.call()
			failed(t, res, err, c.status, c.code, c.saying)
		})
	}
}

// sdkRegistration is a client's whole life through dynamic registration.
func sdkRegistration(t *testing.T, in *installation) {
	ctx := context.Background()
	open := sdk(in.public.URL, "").OidcAPI
	draft := hydra.NewOAuth2Client()
	draft.SetClientName("self")
	draft.SetRedirectUris([]string{"https://self.example.org/cb"})
	made, res, err := open.CreateOidcDynamicClient(ctx).OAuth2Client(*draft).Execute()
	succeeded(t, res, err, http.StatusCreated)
	id, token := made.GetClientId(), made.GetRegistrationAccessToken()
	if made.GetRegistrationClientUri() != in.public.URL+"/oauth2/register/"+id || len(made.GetClientSecret()) != 26 {
		t.Errorf("made %s", asJSON(t, made))
	}
	own := func(token string) context.Context { return context.WithValue(ctx, hydra.ContextAccessToken, token) }
	basic := context.WithValue(ctx, hydra.ContextBasicAuth, hydra.BasicAuth{UserName: id, Password: made.GetClientSecret()})
	for _, as := range []context.Context{own(token), basic} {
		got, res, err := open.GetOidcDynamicClient(as, id).Execute()
		succeeded(t, res, err, http.StatusOK)
		if got.GetClientName() != "self" || got.HasMetadata() || got.HasClientSecret() {
			t.Errorf("got %s", asJSON(t, got))
		}
	}
	// The administrator sees it, and what he writes does not end the token.
	admin := sdk(in.admin.URL, "").OAuth2API
	_, res, err = admin.PatchOAuth2Client(ctx, id).JsonPatch([]hydra.JsonPatch{
		{Op: "replace", Path: "/skip_consent", Value: true}, {Op: "add", Path: "/metadata/tier", Value: "gold"}}).Execute()
	succeeded(t, res, err, http.StatusOK)

	draft.SetClientName("self again")
	set, res, err := open.SetOidcDynamicClient(own(token), id).OAuth2Client(*draft).Execute()
	succeeded(t, res, err, http.StatusOK)
	renewed := set.GetRegistrationAccessToken()
	if set.GetClientName() != "self again" || renewed == "" || renewed == token {
		t.Errorf("set %s", asJSON(t, set))
	}
	kept, res, err := admin.GetOAuth2Client(ctx, id).Execute()
	succeeded(t, res, err, http.StatusOK)
	if !kept.GetSkipConsent() || asJSON(t, kept.GetMetadata()) != `{"tier":"gold"}` {
		t.Errorf("after its own PUT %s", asJSON(t, kept))
	}

	const unauthorized, reason = "The request could not be authorized", "provided incorrect credentials"
	other, res, err := open.CreateOidcDynamicClient(ctx).OAuth2Client(*draft).Execute()
	succeeded(t, res, err, http.StatusCreated)
	for name, as := range map[string]context.Context{"none": ctx, "the old token": own(token), "garbage": own("garbage"),
		"another client's": own(other.GetRegistrationAccessToken()), "an API key": own(in.editor)} {
		_, res, err := open.GetOidcDynamicClient(as, id).Execute()
		failed(t, res, err, 401, unauthorized, reason)
		_, res, err = open.SetOidcDynamicClient(as, id).OAuth2Client(*draft).Execute()
		failed(t, res, err, 401, unauthorized, reason)
		res, err = open.DeleteOidcDynamicClient(as, id).Execute()
		failed(t, res, err, 401, "", reason)
		if t.Failed() {
			t.Fatalf("with %s", name)
		}
	}
	_, res, err = open.SetOidcDynamicClient(basic, id).OAuth2Client(*draft).Execute()
	failed(t, res, err, 401, unauthorized, reason) // its own secret reads only

	secret := *draft
	secret.SetClientSecret("a secret of my own")
	_, res, err = open.SetOidcDynamicClient(own(renewed), id).OAuth2Client(secret).Execute()
	failed(t, res, err, 403, "The requested action was forbidden", "your own OAuth2 Client secret")
	_, res, err = open.CreateOidcDynamicClient(ctx).OAuth2Client(secret).Execute()
	failed(t, res, err, 400, "The request was malformed or contained invalid parameters", "your own OAuth2 Client secret")
	bad := *draft
	bad.SetPolicyUri("ftp://example.org/")
	_, res, err = open.SetOidcDynamicClient(own(renewed), id).OAuth2Client(bad).Execute()
	failed(t, res, err, 400, "invalid_client_metadata", "policy_uri")

	res, err = open.DeleteOidcDynamicClient(own(renewed), id).Execute()
	succeeded(t, res, err, http.StatusNoContent)
	_, res, err = open.GetOidcDynamicClient(own(renewed), id).Execute()
	failed(t, res, err, 401, unauthorized, reason)

	in.register(t, snapshots.RegistrationOff)
	_, res, err = open.CreateOidcDynamicClient(ctx).OAuth2Client(*draft).Execute()
	failed(t, res, err, 404, "The requested resource could not be found", "Dynamic registration is not enabled.")
}

func succeeded(t *testing.T, res *http.Response, err error, status int) {
	t.Helper()
	var api *hydra.GenericOpenAPIError
	if errors.As(err, &api) {
		t.Fatalf("%v: %s", err, api.Body())
	}
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Fatalf("status %d, want %d", res.StatusCode, status)
	}
}

// failed holds the status, and the error as the SDK decodes it: code is that
// of its model ErrorOAuth2, empty where the SDK expects another model than
// Hydra sends; saying stands in the description, or in the body then.
func failed(t *testing.T, res *http.Response, err error, status int, code, saying string) {
	t.Helper()
	var api *hydra.GenericOpenAPIError
	if !errors.As(err, &api) || res == nil {
		t.Fatalf("%v is no answer of the API", err)
	}
	if res.StatusCode != status {
		t.Fatalf("status %d, want %d: %s", res.StatusCode, status, api.Body())
	}
	model, decoded := api.Model().(hydra.ErrorOAuth2)
	switch {
	case code == "" && (api.Model() != nil || !strings.Contains(string(api.Body()), saying)):
		t.Errorf("model %v, body %s", api.Model(), api.Body())
	case code != "" && (!decoded || model.GetError() != code || !strings.Contains(model.GetErrorDescription(), saying)):
		t.Errorf("decoded %t: %s, want %q with %q", decoded, api.Body(), code, saying)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}

// TestParallelPatches appends to one client from forty callers at once. Hydra
// answers 200 to each and keeps two values.
func TestParallelPatches(t *testing.T) {
	in := newInstallation(t)
	api := sdk(in.admin.URL, "").OAuth2API
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	draft := hydra.NewOAuth2Client()
	draft.SetClientId("shared")
	draft.SetClientSecret("a secret of the SDK")
	_, res, err := api.CreateOAuth2Client(ctx).OAuth2Client(*draft).Execute()
	succeeded(t, res, err, http.StatusCreated)
	const n = 40
	var group sync.WaitGroup
	var want []string
	for i := range n {
		uri := fmt.Sprintf("https://app.example.org/%02d", i)
		want = append(want, uri)
		group.Go(func() {
			_, res, err := api.PatchOAuth2Client(ctx, "shared").JsonPatch([]hydra.JsonPatch{
				{Op: "add", Path: "/redirect_uris/-", Value: uri}}).Execute()
			if err != nil || res.StatusCode != http.StatusOK {
				t.Errorf("%s: %v", uri, err)
			}
		})
	}
	group.Wait()
	got, res, err := api.GetOAuth2Client(ctx, "shared").Execute()
	succeeded(t, res, err, http.StatusOK)
	has := slices.Sorted(slices.Values(got.GetRedirectUris()))
	if !slices.Equal(has, want) {
		t.Errorf("%d of %d values survive: %q", len(has), n, has)
	}
}
