package handlers_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"tenure/handlers/web"
	"tenure/tenancy"
)

// reply is what a read was answered.
type reply struct {
	status int
	header http.Header
	body   string
}

// read asks a GET or HEAD route as the root's administrator.
func (f *family) read(t *testing.T, route web.Route, on target, query string, header http.Header) reply {
	t.Helper()
	c := cell{route: route, actor: "root", role: tenancy.Admin}
	path, before, _ := strings.Cut(f.path(c, on), "?")
	if query = strings.Trim(before+"&"+query, "&"); query != "" {
		path += "?" + query
	}
	req, err := http.NewRequest(route.Method, f.server.URL+path, nil)
	must(t, err)
	f.identify(req, c, on, f.keys["root"][tenancy.Admin], "")
	for name, values := range header {
		if values == nil {
			req.Header.Del(name)
			continue
		}
		req.Header[name] = values
	}
	res, err := f.server.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	res.Header.Del("Date")
	return reply{res.StatusCode, res.Header, string(body)}
}

// TestHeadIsGet: on every route HEAD has the headers that GET has.
func TestHeadIsGet(t *testing.T) {
	f := newFamily(t)
	f.target(t, "root")
	on := f.target(t, "owner")
	asked := 0
	for _, route := range f.routes {
		if route.Method != http.MethodGet || route.Admit != nil && !route.TakesKey {
			continue
		}
		get := f.read(t, route, on, "", nil)
		head := route
		head.Method = http.MethodHead
		got := f.read(t, head, on, "", nil)
		asked++
		if got.status != get.status || got.body != "" {
			t.Errorf("HEAD %s: %d %q, GET %d", route.Pattern, got.status, got.body, get.status)
		}
		for _, one := range []http.Header{get.header, got.header} { // what is random in each call
			one.Del("X-Fapi-Interaction-Id")
			one.Del("X-Request-Id")
			one.Set("Link", pageToken.ReplaceAllString(one.Get("Link"), ""))
		}
		for name := range mergedNames(get.header, got.header) {
			if a, b := strings.Join(get.header[name], "|"), strings.Join(got.header[name], "|"); a != b {
				t.Errorf("%s: %s is %q for GET and %q for HEAD", route.Pattern, name, a, b)
			}
		}
	}
	if asked < 50 {
		t.Errorf("only %d routes were asked", asked)
	}
}

var lastUse = regexp.MustCompile(`"last_used(_at)?":("[^"]*"|null)`)

func mergedNames(all ...http.Header) map[string]bool {
	names := map[string]bool{}
	for _, h := range all {
		for name := range h {
			names[name] = true
		}
	}
	return names
}

// TestVaryNamesWhatAnswersDependOn: where an answer that may be kept changes
// with a request header, Vary names that.
func TestVaryNamesWhatAnswersDependOn(t *testing.T) {
	f := newFamily(t)
	f.target(t, "root")
	on := f.target(t, "owner")
	others := map[string]http.Header{
		"Authorization":    {"Authorization": {"Bearer " + f.keys["stranger"][tenancy.Reader]}},
		"Tenure-Org":       {"Tenure-Org": {string(f.ids["stranger"])}},
		"Slashid-Orgid":    {"Slashid-Orgid": {string(f.ids["stranger"])}},
		"Slashid-Api-Key":  {"Slashid-Api-Key": {f.keys["stranger"][tenancy.Reader]}},
		"Accept":           {"Accept": {"text/csv"}},
		"Accept-Datetime":  {"Accept-Datetime": {f.Clock.Now().AddDate(0, 0, -1).UTC().Format(http.TimeFormat)}},
		"Accept-Encoding":  {"Accept-Encoding": {"br"}},
		"Accept-Language":  {"Accept-Language": {"de"}},
		"Content-Type":     {"Content-Type": {"text/plain"}},
		"Tenure-Reason":    {"Tenure-Reason": {"why"}},
		"Origin":           {"Origin": {"https://elsewhere.example"}},
		"X-Forwarded-Host": {"X-Forwarded-Host": {"elsewhere.example"}},
	}
	changed := map[string]int{}
	for _, route := range f.routes {
		if route.Method != http.MethodGet || route.Admit != nil && !route.TakesKey {
			continue
		}
		first := f.read(t, route, on, "", nil)
		vary := strings.ToLower(strings.Join(first.header["Vary"], ","))
		for name, header := range others {
			second := f.read(t, route, on, "", header)
			if second.status == first.status && lastUse.ReplaceAllString(second.body, "") == lastUse.ReplaceAllString(first.body, "") {
				continue
			}
			changed[name]++
			if !strings.Contains(first.header.Get("Cache-Control"), "no-store") && !strings.Contains(vary, strings.ToLower(name)) {
				t.Errorf("%s: the answer depends on %s, Vary is %q", route.Pattern, name, vary)
			}
		}
	}
	for _, name := range []string{"Authorization", "Tenure-Org", "Slashid-Orgid", "Slashid-Api-Key", "Accept", "Accept-Datetime"} {
		if changed[name] == 0 {
			t.Errorf("no answer depends on %s", name)
		}
	}
}
