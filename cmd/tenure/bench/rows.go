package bench

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
)

// row is a row of the table that loads a server.
type row struct {
	name, text  string
	connections int
	prepare     func(ctx context.Context) (work, error)
	// yard is the yardstick; nil for the bare handler.
	yard   func() work
	beside string // what it is; empty for the bare handler
	shows  string // what the answers must contain
	target target
}

// Names of the rows that are not loads.
const (
	rowStart    = "start"
	rowImport   = "import"
	rowDistance = "distance"
)

// rows are the loads of a run, in their order: a cold read comes before everything that
// would warm it.
func (r *run) rows() []row {
	all := append(r.warmRows(), r.coldRows()...)
	all = append(all, r.writeRows()...)
	return append(all, r.listRows()...)
}

// plain returns work that needs no preparation.
func plain(w work) func(context.Context) (work, error) {
	return func(context.Context) (work, error) { return w, nil }
}

func (r *run) get(path string, h headers) work {
	return always(http.StatusOK, appendGet(nil, path, h))
}

// nevis is the path of a client in nevisMeta's API.
func (r *run) nevis(i int) string {
	return fmt.Sprintf("/v2/modules/%s/setups/%s/clients/%s", r.state.Module, r.state.Setup, r.state.entity(i))
}

func (r *run) warmRows() []row {
	reader, admin := bearer(r.state.Reader), bearer(r.state.Admin)
	slash := ownHost + headers(fmt.Sprintf("SlashID-OrgID: %s\r\nSlashID-API-Key: %s\r\n", r.state.Root, r.state.Reader))
	own := clientID(ownClient)
	warm := target{ratio: 0.60, cpu: 30}
	n := r.opts.Connections
	return []row{
		{name: "warm-nevismeta", text: "warm GET, nevisMeta, reader", connections: n, target: warm, prepare: plain(r.get(r.nevis(ownClient), reader))},
		{name: "warm-hydra", text: "warm GET, Hydra admin, reader", connections: n, target: warm, prepare: plain(r.get("/admin/clients/"+own, reader))},
		{name: "warm-register", text: "warm GET, /oauth2/register, the client itself", connections: n, target: warm,
			prepare: plain(r.get("/oauth2/register/"+own, bearer(r.state.Token)))},
		{name: "warm-slashid", text: "warm GET, SlashID, reader", connections: n, target: warm, prepare: plain(r.get("/oauth2/clients/"+own, slash))},
		{name: "warm-openfinance", text: fmt.Sprintf("warm GET, Open Finance /reg, readers, paced at %d/s", financePace), connections: n, target: target{cpu: 30},
			prepare: plain(r.finance())},
		{name: "admin", text: "warm GET, nevisMeta, administrator, secret shown", connections: n, target: target{ratio: 0.50},
			prepare: plain(r.get(r.nevis(secretClient), admin)), shows: `"client_secret":"`},
		{name: "depth", text: "warm GET, client 31 organizations below the reader's", connections: n, target: target{ratio: 0.90},
			prepare: plain(r.get(r.nevis(deepClient), reader)),
			yard:    func() work { return r.get(r.nevis(shallowClient), reader) }, beside: "the same 1 organization below"},
	}
}

// financePace is how many calls a second are made at /reg, which limits those of one key
// to 20 a second and those about one setup to 1,000; financeKeys share them.
const (
	financePace = 900
	financeKeys = 50
)

// finance reads a client at /reg with many keys in turn.
func (r *run) finance() work {
	var requests [][]byte
	for _, key := range r.state.Finance {
		requests = append(requests, appendGet(nil, "/reg/"+clientID(financeClient), bearer(key)))
	}
	w := inTurn(http.StatusOK, requests)
	w.turn = paced(financePace)
	return w
}

// cold asks for each of n clients once; of numbers the client of each.
func (r *run) cold(n int, number func(k int) int) func(context.Context) (work, error) {
	reader, order := bearer(r.state.Reader), newScatter(n)
	return plain(work{status: http.StatusOK, next: func(buf []byte) []byte {
		k, first := order.take()
		if !first {
			return nil
		}
		return appendGet(buf, r.nevis(number(k)), reader)
	}})
}

// plains and chains are how many clients have no key set, and a chain of certificates,
// beside the first few; plainClient and chainClient are the k-th of each.
func (s *state) plains() int { return (s.Clients - 1 - chainEvery) / chainEvery * (chainEvery - 1) }
func (s *state) chains() int { return (s.Clients - 1) / chainEvery }

func plainClient(k int) int { return chainEvery + 1 + k/(chainEvery-1)*chainEvery + k%(chainEvery-1) }
func chainClient(k int) int { return (k + 1) * chainEvery }

func (r *run) coldRows() []row {
	of := commas(r.state.Clients)
	return []row{
		{name: "cold", text: "cold GET, nevisMeta, random of " + of + ", no certificates", connections: r.opts.Connections, target: target{cpu: 150},
			prepare: r.cold(r.state.plains(), plainClient)},
		{name: "cold-chain", text: "cold GET, nevisMeta, random, 3-certificate chain", connections: r.opts.Connections, target: target{cpu: 280},
			prepare: r.cold(r.state.chains(), chainClient), shows: `"tbscertificate":`},
	}
}

func (r *run) writeRows() []row {
	admin, n := bearer(r.state.Admin), r.opts.Connections
	create := func(method string) func(context.Context) (work, error) {
		return func(context.Context) (work, error) {
			requests, err := creates("/admin/clients", admin, method)
			return inTurn(http.StatusCreated, requests), err
		}
	}
	fast := target{rate: 3000, cpu: 350}
	if r.postgres() {
		fast = target{rate: 1500}
	}
	order, count := newScatter(r.state.plains()), new(atomic.Uint64)
	rows := []row{
		{name: "create", text: "durable create, Hydra form, no secret", connections: n, target: fast, prepare: create("none")},
		{name: "create-secret", text: "durable create, Hydra form, secret made by the server", connections: n, prepare: create("client_secret_basic")},
		{name: "patch", text: "durable PATCH of a random client, Hydra form", connections: n,
			prepare: plain(work{status: http.StatusOK, next: func(buf []byte) []byte {
				k, _ := order.take()
				body := fmt.Appendf(nil, `[{"op":"replace","path":"/policy_uri","value":"https://policies.example/%d"}]`, count.Add(1))
				return appendSend(buf, "PATCH", "/admin/clients/"+clientID(plainClient(k)), admin, "application/json", body)
			}})},
	}
	if r.opts.Distance > 0 {
		rows = append(rows, row{name: rowDistance, text: fmt.Sprintf("durable create, database at %s, %d writers", r.opts.Distance, distantWriters), connections: distantWriters,
			target: target{rate: 1500}, prepare: create("none")})
	}
	return rows
}

// distantWriters are the connections of the row for creates at a distance.
const distantWriters = 64

func (r *run) listRows() []row {
	reader := bearer(r.state.Reader)
	list := target{rate: 1000}
	filter := func(n int, query func(k int) string) func(context.Context) (work, error) {
		order := newScatter(n)
		return plain(work{status: http.StatusOK, next: func(buf []byte) []byte {
			k, _ := order.take()
			return appendGet(buf, "/admin/clients?page_size=100&"+query(k), reader)
		}})
	}
	n := r.opts.Connections
	return []row{
		{name: "list", text: "page of 100 clients, Hydra admin", connections: n, target: list, prepare: func(ctx context.Context) (work, error) {
			requests, err := pages(ctx, r.addresses()[0], "/admin/clients", reader)
			return inTurn(http.StatusOK, requests), err
		}},
		{name: "list-owner", text: "page of 100, filter by owner label", connections: n, target: list,
			prepare: filter(r.state.owners(), func(k int) string { return "owner=" + ownerLabel(k) })},
		{name: "list-name", text: "page of 100, filter by name", connections: n, target: list,
			prepare: filter(nameKinds, func(k int) string { return "client_name=" + escaped(nameOf(k*chainEvery)) })},
	}
}
