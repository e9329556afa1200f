package hydraimport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"tenure/cmd/tenure/exit"
	"tenure/handlers/ory"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

const (
	serverTries = 5 // of a request, while the server is too busy
	serverTime  = 30 * time.Second
	maxAnswer   = 4 << 20
)

// serverTarget writes through a running server's Hydra API.
type serverTarget struct {
	client     *http.Client
	clients    string // URL of the list
	key, owner string
	dry        bool
	pause      time.Duration
}

func openServerTarget(f Options) (target, error) {
	raw, err := os.ReadFile(f.KeyFile)
	if err != nil {
		return nil, exit.With(exit.Usage, fmt.Errorf("--api-key-file: %w", err))
	}
	base, err := url.Parse(f.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, exit.With(exit.Usage, errors.New("--url must be an http or https URL"))
	}
	if f.Setup != "" {
		base = base.JoinPath("modules", snapshots.DefaultModule, "setups", f.Setup)
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConns: f.Jobs, MaxIdleConnsPerHost: f.Jobs}
	return &serverTarget{client: &http.Client{Transport: transport, Timeout: serverTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		clients: base.JoinPath("admin", "clients").String(), key: strings.TrimSpace(string(raw)), owner: f.Owner, dry: f.DryRun,
		pause: time.Second}, nil
}

func (s *serverTarget) close() error {
	s.client.CloseIdleConnections()
	return nil
}

// put compares the client with the one on the server, and sends it if they
// differ. The server shows no secrets, so the secret of an existing client is not
// changed.
func (s *serverTarget) put(ctx context.Context, c sourceClient) (result, error) {
	c.waits() // the server has its own bounds
	var existing *document.Client
	one := s.clients + "/" + url.PathEscape(c.id)
	status, body, err := s.call(ctx, http.MethodGet, one, nil)
	switch {
	case err != nil:
		return result{}, err
	case status == http.StatusOK:
		shown, err := ory.Decode(body)
		if err != nil {
			return result{}, fmt.Errorf("the server's answer for client %d: %s", c.number, exit.Message(err))
		}
		existing, _ = shown.ToDomain(nil, &document.Setup{})
	case status != http.StatusNotFound:
		return s.refused(c, status, body)
	}
	faults := document.CheckClientID(c.id, false)
	if err := errors.Join(fault.Rules(faults), c.body.Check(existing, &document.Setup{})); err != nil {
		return c.refused(err), nil
	}
	if existing == nil {
		return s.create(ctx, c)
	}
	next, _ := c.body.ToDomain(existing, &document.Setup{})
	r := c.result(resultUnchanged)
	if r.Changed = document.Changed(existing, next); len(r.Changed) == 0 {
		return r, nil
	}
	r.Result = resultUpdated
	sent := *c.body
	sent.ClientSecret = ""
	return s.send(ctx, c, http.MethodPut, one, sent, r)
}

func (s *serverTarget) create(ctx context.Context, c sourceClient) (result, error) {
	r := c.result(resultCreated)
	switch method := c.body.TokenEndpointAuthMethod; {
	case c.body.ClientSecret != "":
		r.Secrets = 1
	case method == "" || ory.TakesSecret(method):
		r.Note = "its secret is not in the file: rotate one in"
	}
	return s.send(ctx, c, http.MethodPost, s.clients, *c.body, r)
}

func (s *serverTarget) send(ctx context.Context, c sourceClient, method, to string, body ory.Client, r result) (result, error) {
	if s.dry {
		to += "?dry_run=true"
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return r, err
	}
	status, answer, err := s.call(ctx, method, to, raw)
	if err != nil {
		return r, err
	}
	if status != http.StatusOK && status != http.StatusCreated {
		return s.refused(c, status, answer)
	}
	return r, nil
}

// refused reads the body of an error. An error of the key, the address or the
// server would meet every client, and is returned.
func (s *serverTarget) refused(c sourceClient, status int, body []byte) (result, error) {
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(body, &said); err != nil || said.Error == "" {
		return result{}, fmt.Errorf("the server answered %d, but not in the form of the Hydra API: is --url right?", status)
	}
	text := strings.TrimSuffix(said.Error+": "+said.Description, ": ")
	if status == http.StatusUnauthorized || status == http.StatusForbidden || status >= http.StatusInternalServerError {
		return result{}, fmt.Errorf("the server answered %d: %s", status, text)
	}
	r := c.result(resultRefused)
	r.Faults = []resultFault{{Message: text}}
	return r, nil
}

// call sends a request, and sends it again while the server is too busy.
func (s *serverTarget) call(ctx context.Context, method, to string, body []byte) (int, []byte, error) {
	for try := 1; ; try++ {
		req, err := http.NewRequestWithContext(ctx, method, to, strings.NewReader(string(body)))
		if err != nil {
			return 0, nil, err
		}
		req.Header.Set("Authorization", "Bearer "+s.key)
		req.Header.Set("Tenure-Reason", "import of Hydra's clients")
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		if s.owner != "" && method == http.MethodPost {
			req.Header.Set("Tenure-Owner", s.owner)
		}
		res, err := s.client.Do(req)
		if err != nil {
			return 0, nil, err
		}
		answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		res.Body.Close()
		busy := res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable
		if err != nil || !busy || try == serverTries {
			return res.StatusCode, answer, err
		}
		time.Sleep(time.Duration(try) * s.pause)
	}
}
