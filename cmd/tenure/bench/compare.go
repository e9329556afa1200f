package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tenure/cmd/tenure/exit"
)

// other is another server with Hydra's admin API, which does the same work beside ours.
type other struct {
	name, address, path string
	run                 string // begins the client_ids of this run
	made                int
}

// Names of the rows that another server does, too.
var shared = map[string]bool{"create": true, "warm-hydra": true, "list": true, "list-owner": true, "list-name": true}

// others reads --compare. Its clients stay in the other server; their owner label is
// "made by the benchmark".
func (r *run) others() (all []*other, err error) {
	for _, text := range r.opts.Compare {
		name, address, _ := strings.Cut(text, "=")
		u, err := url.Parse(address)
		if err != nil || name != "hydra" || u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" {
			return nil, exit.With(exit.Usage, fmt.Errorf("--compare %s must be hydra=http://host:port, the address of an admin API", text))
		}
		host := u.Host
		if u.Port() == "" {
			host += ":80"
		}
		all = append(all, &other{name: name, address: host, path: strings.TrimSuffix(u.EscapedPath(), "/") + "/admin/clients", run: fmt.Sprintf("tenure-bench-%x", time.Now().Unix())})
	}
	return all, nil
}

// measure measures a row on the other server, right after ours.
func (o *other) measure(ctx context.Context, r *run, row row) error {
	if !shared[row.name] {
		return nil
	}
	row.name, row.text, row.yard, row.shows = o.name+"-"+row.name, fmt.Sprintf("  %s: %s", o.name, row.text), nil, ""
	ours := strings.TrimPrefix(row.name, o.name+"-")
	row.prepare = func(ctx context.Context) (work, error) { return o.work(ctx, ours) }
	return r.measureSide(ctx, row, side{addresses: []string{o.address}}, target{})
}

// work is what the other server is asked in the place of one of our rows.
func (o *other) work(ctx context.Context, row string) (w work, err error) {
	if err := o.fill(ctx); err != nil {
		return w, err
	}
	var requests [][]byte
	switch row {
	case "create":
		requests, err = creates(o.path, o.headers(), "none")
		w = inTurn(http.StatusCreated, requests)
	case "warm-hydra":
		w = o.get("/" + o.id(0))
	case "list":
		requests, err = pages(ctx, o.address, o.path, o.headers())
		w = inTurn(http.StatusOK, requests)
	case "list-owner":
		w = o.get("?page_size=100&owner=" + escaped(o.run))
	case "list-name":
		w = o.get("?page_size=100&client_name=" + escaped(nameOf(0)))
	}
	return w, err
}

func (o *other) headers() headers { return headers("Host: " + o.address + "\r\n") }

func (o *other) id(i int) string { return fmt.Sprintf("%s-%d", o.run, i) }

func (o *other) get(below string) work {
	return always(http.StatusOK, appendGet(nil, o.path+below, o.headers()))
}

// otherClients is how many clients the other server has of a run before its first row.
const otherClients = 100

// fill makes those clients, once.
func (o *other) fill(ctx context.Context) error {
	for ; o.made < otherClients; o.made++ {
		object := hydraObject(o.made, "none")
		object["client_id"], object["owner"] = o.id(o.made), o.run
		body, err := json.Marshal(object)
		if err != nil {
			return err
		}
		if _, err := sample(ctx, o.address, always(http.StatusCreated, appendSend(nil, "POST", o.path, o.headers(), "application/json", body))); err != nil {
			return err
		}
	}
	return nil
}
