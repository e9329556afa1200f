package openfinance_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/demo"
	"tenure/tenancy/fault"
)

func TestB5aEncryptionKey(t *testing.T) {
	check := func(raw []byte, err error) error {
		return openfinance.CheckEncryptionKey(context.Background(), fetchOf(raw, err), jwksURI)
	}
	if err := check(demo.KeySet(directory().Key("sig"), directory().Key("enc")), nil); err != nil {
		t.Error(err)
	}
	oct := map[string]any{"kty": "oct", "k": "AAAA", "use": "enc"}
	for about, raw := range map[string][]byte{"sig only": directory().JWKS(), "no keys": demo.KeySet(), "symmetric": demo.KeySet(oct)} {
		refusedWith(t, about, check(raw, nil), fault.Invalid, openfinance.CodeMetadata)
	}
	for about, raw := range map[string]string{"a page": "<html>", "no set": "{}", "a list": "[]", "null": "null", "null keys": `{"keys":null}`, "nothing": ""} {
		refusedWith(t, about, check([]byte(raw), nil), fault.Upstream, openfinance.CodeKeySet)
	}
	err := check(nil, errors.New("secret inner address"))
	refusedWith(t, "unreachable", err, fault.Upstream, openfinance.CodeKeySet)
	if strings.Contains(fault.Of(err).Message, "secret") {
		t.Error("the message tells why")
	}
}
