package scheme

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"tenure/tenancy/fault"
)

// Names of the headers (page; FAPI 1 Baseline 6.2).
const (
	HeaderInteraction = "X-Fapi-Interaction-Id"
	HeaderAuthDate    = "X-Fapi-Auth-Date"
	HeaderCustomerIP  = "X-Fapi-Customer-Ip-Address"
	HeaderAgent       = "X-Customer-User-Agent"
)

// Headers are the FAPI headers of a request. They prove nothing. A malformed one
// is empty here, and its name is in Ignored.
type Headers struct {
	InteractionID string // the caller's, byte for byte, or a new one; never empty
	Made          bool   // the interaction id is new
	AuthDate      string
	CustomerIP    netip.Addr
	UserAgent     string
	Ignored       []string // names of malformed headers, for the log; never their values
}

// authDate is the expression of the scheme's page. It does not check that the
// weekday fits the date, or that hours are below 24.
var authDate = regexp.MustCompile(`^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} (GMT|UTC)$`)

const maxAgent = 100 // characters

// ReadHeaders reads the four headers. The interaction id is the
// caller's if that is a UUID in the usual form, in upper or lower case; else newID
// makes one. If strict, a malformed header is a Malformed fault with CodeRequest,
// and the result still has the interaction id for the answer.
func ReadHeaders(header http.Header, newID func() string, strict bool) (Headers, error) {
	var h Headers
	for _, one := range []struct {
		name string
		take func(text string) bool
	}{
		{HeaderInteraction, func(text string) bool {
			if len(text) != 36 || uuid.Validate(text) != nil {
				return false
			}
			h.InteractionID = text
			return true
		}},
		{HeaderAuthDate, func(text string) bool {
			if !authDate.MatchString(text) {
				return false
			}
			h.AuthDate = text
			return true
		}},
		{HeaderCustomerIP, func(text string) bool {
			addr, err := netip.ParseAddr(text)
			if err != nil || addr.Zone() != "" {
				return false
			}
			h.CustomerIP = addr
			return true
		}},
		{HeaderAgent, func(text string) bool {
			if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxAgent {
				return false
			}
			h.UserAgent = text
			return true
		}},
	} {
		values := header.Values(one.name)
		if len(values) > 0 && (len(values) > 1 || !one.take(values[0])) {
			h.Ignored = append(h.Ignored, strings.ToLower(one.name))
		}
	}
	if h.InteractionID == "" {
		h.InteractionID, h.Made = newID(), true
	}
	if strict && len(h.Ignored) > 0 {
		f := fault.New(fault.Malformed, CodeRequest, "malformed header: %s", strings.Join(h.Ignored, ", "))
		for _, name := range h.Ignored {
			f.Fields = append(f.Fields, fault.Field{Rule: "header", Message: name + " is malformed"})
		}
		return h, f
	}
	return h, nil
}
