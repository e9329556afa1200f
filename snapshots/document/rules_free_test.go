package document_test

import (
	"slices"
	"strings"
	"testing"

	"tenure/snapshots/document"
)

// TestUIConfiguration: each text of the settings of hosted pages is prose, at whatever depth, and each name that
// says so has an address.
func TestUIConfiguration(t *testing.T) {
	for settings, want := range map[string]string{ // paths below /ui_configuration with rules
		`{"pageTitle":"a\u202eb"}`:                                            "/pageTitle text-character",
		`{"pageTitle":"\u200b"}`:                                              "/pageTitle text-character",
		`{"pageTitle":"a\u0007b"}`:                                            "/pageTitle text-character",
		`{"pageTitle":"\ufeffShop"}`:                                          "/pageTitle text-character",
		`{"pageTitle":"   "}`:                                                 "/pageTitle text-blank",
		`{"pageTitle":""}`:                                                    "",
		`{"pageTitle":"Lade dein Konto\n\tund mehr"}`:                         "",
		`{"pageTitle":"می\u200cخواهم"}`:                                       "",
		`{"textOverrides":{"a":"x\u202e","b":"x","c":"","d":"\u2066"}}`:       "/textOverrides/a text-character, /textOverrides/d text-character",
		`{"handleTypes":["email_address","pass\u200bword"]}`:                  "/handleTypes/1 text-character",
		`{"a":[[{"b":["c",{"d":"\u00ad"}]}]]}`:                                "/a/0/0/b/1/d text-character",
		`{"a\u202eb":1}`:                                                      "/a\u202eb text-character",
		`{"themeVars":{"\u200b":"x"}}`:                                        "/themeVars/\u200b text-character",
		`{"":"x","b":null,"c":1.5,"d":true,"e":{},"f":[]}`:                    "",
		`{"dynamicFlowConfig":{"backURL":"javascript:alert(1)"}}`:             "/dynamicFlowConfig/backURL uri-script-scheme",
		`{"foo":{"url":"javascript:alert(1)"}}`:                               "/foo/url uri-script-scheme",
		`{"foo":[{"a":{"Back URL":"java\u0009script:x"}}]}`:                   "/foo/0/a/Back URL uri-script-scheme",
		`{"foo":{"urls":["https://a.example","data:x"]}}`:                     "/foo/urls/1 uri-script-scheme",
		`{"urls":[["https://a.example",["vbscript:x"]]]}`:                     "/urls/0/1/0 uri-script-scheme",
		`{"supportURL":{"en":"https://a.example","fr":"javascript:x"}}`:       "/supportURL/fr uri-script-scheme",
		`{"supportURL":{"label":"Ask us, please","to":"mailto:a@b.example"}}`: "",
		`{"foo":{"url":"https://a.example/a b"}}`:                             "/foo/url uri-character",
		`{"foo":{"url":"a.example/help","uri":"","logo_uri":"/logo.png"}}`:    "",
		`{"foo":{"curl":"javascript is not an address"}}`:                     "/foo/curl uri-character", // the name ends so
		`{"foo":{"note":"javascript: the good parts"}}`:                       "",
		`{"a/b":{"c~d":"\u202e"}}`:                                            "/a~1b/c~0d text-character",
		`"a\u202eb"`:                                                          " text-character",
	} {
		doc, err := document.ParseJSON([]byte(settings))
		if err != nil {
			t.Fatal(settings, err)
		}
		broken := document.Validate(document.ClientRules(), document.Input[document.Client]{Next: &document.Client{UIConfiguration: doc}})
		var got []string
		for _, f := range broken {
			got = append(got, strings.TrimPrefix(f.Path, "/ui_configuration")+" "+f.Rule)
		}
		slices.Sort(got)
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %q", settings, got, want)
		}
	}
}

// TestUIConfigurationOfBefore: what was stored stays, and of thousands of bad texts the answer names some.
func TestUIConfigurationOfBefore(t *testing.T) {
	parse := func(text string) *document.Client {
		doc, err := document.ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return &document.Client{UIConfiguration: doc}
	}
	base := parse(`{"a":{"url":"data:x","t":"a\u202eb","urls":["data:1","data:2"]},"x\u202e":1}`)
	for settings, want := range map[string]int{
		`{"a":{"url":"data:x","t":"a\u202eb","urls":["data:2"]},"b":"c","x\u202e":2}`: 0,
		`{"a":{"url":"data:y","t":"a\u202eb\u202e","urls":["data:3"]},"y\u202e":1}`:   4,
		`{"b":{"url":"data:x","t":"a\u202eb"}}`:                                       2,
		`{"a":["data:x"]}`:                                                            0, // no address any more
	} {
		next := parse(settings)
		broken := document.Validate(document.ClientRules(), document.Input[document.Client]{Next: next, Base: base, Level: document.ByItself})
		if len(broken) != want {
			t.Errorf("%s: %v", settings, broken)
		}
	}
	many := parse(`{"` + strings.Repeat("n", 30_000) + `":[` + strings.TrimSuffix(strings.Repeat(`"\u202e",`, 3000), ",") + `]}`)
	broken := document.Validate(document.ClientRules(), document.Input[document.Client]{Next: many})
	if len(broken) == 0 || len(broken) > 20 {
		t.Errorf("%d faults", len(broken))
	}
}
