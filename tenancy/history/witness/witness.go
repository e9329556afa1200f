package witness

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/history"
)

// Bounds of a request.
const (
	MaxRequest = 128 << 10 // bytes
	maxProof   = 63        // hashes
)

const typeText = "text/plain; charset=utf-8"

// Witness is an http.Handler of C2SP tlog-witness.
type Witness struct {
	signer note.Signer
	logs   map[string][]note.Verifier // by origin
	keep   func(state []byte) error

	mu    sync.Mutex
	seen  map[string]seen // by origin
	nodes *http.ServeMux
}

// seen is the latest tree of a log that was cosigned.
type seen struct {
	Size int64     `json:"size"`
	Root tlog.Hash `json:"root"`
}

// NewWitness makes a witness of the logs whose verifier keys are given. state is what
// keep was given last; nil for a new witness. keep must be durable when it returns.
func NewWitness(name string, key ed25519.PrivateKey, logs []note.Verifier, state []byte, keep func([]byte) error) (*Witness, error) {
	signer, err := newSigner(name, key)
	if err != nil {
		return nil, fmt.Errorf("name %q: %w", name, err)
	}
	w := &Witness{signer: signer, logs: make(map[string][]note.Verifier), keep: keep, seen: make(map[string]seen), nodes: http.NewServeMux()}
	for _, v := range logs {
		w.logs[v.Name()] = append(w.logs[v.Name()], v)
	}
	if state != nil {
		if err := json.Unmarshal(state, &w.seen); err != nil {
			return nil, fmt.Errorf("the state: %w", err)
		}
	}
	w.nodes.HandleFunc("POST /add-checkpoint", w.add)
	return w, nil
}

func (w *Witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.nodes.ServeHTTP(rw, r) }

// answer is what is not a cosignature.
type answer struct {
	status int
	text   string
	size   int64 // of 409: the latest tree that was cosigned
}

func (a *answer) Error() string { return a.text }

func (w *Witness) add(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, MaxRequest))
	if err != nil {
		err = &answer{status: http.StatusBadRequest, text: "the request is too long, or was not sent whole"}
	}
	var lines []byte
	if err == nil {
		lines, err = w.cosign(body)
	}
	var not *answer
	switch {
	case err == nil:
		reply(rw, http.StatusOK, typeText, lines)
	case !errors.As(err, &not):
		reply(rw, http.StatusInternalServerError, typeText, []byte("the checkpoint cannot be kept, and is not cosigned\n"))
	case not.status == http.StatusConflict:
		reply(rw, not.status, "text/x.tlog.size", fmt.Appendf(nil, "%d\n", not.size))
	default:
		reply(rw, not.status, typeText, []byte(not.text+"\n"))
	}
}

func reply(rw http.ResponseWriter, status int, kind string, text []byte) {
	rw.Header().Set("Content-Type", kind)
	rw.WriteHeader(status)
	_, _ = rw.Write(text) // a caller that is gone is told by 409 the next time
}

// request is the body of add-checkpoint.
type request struct {
	old   int64
	proof tlog.TreeProof
	note  []byte
}

func parseRequest(body []byte) (r request, err error) {
	wrong := &answer{status: http.StatusBadRequest, text: "the request is not an old size, a proof, an empty line and a checkpoint"}
	head, text, ok := bytes.Cut(body, []byte("\n\n"))
	if !ok {
		return r, wrong
	}
	lines := strings.Split(string(head), "\n")
	size, ok := strings.CutPrefix(lines[0], "old ")
	if r.old, err = strconv.ParseInt(size, 10, 64); !ok || err != nil || r.old < 0 || strconv.FormatInt(r.old, 10) != size || len(lines)-1 > maxProof {
		return r, wrong
	}
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return r, wrong
		}
		r.proof = append(r.proof, hash)
	}
	r.note = text
	return r, nil
}

// cosign does what the protocol says, one request at a time: what is compared is what is
// kept.
func (w *Witness) cosign(body []byte) ([]byte, error) {
	r, err := parseRequest(body)
	if err != nil {
		return nil, err
	}
	origin, _, _ := strings.Cut(string(r.note), "\n")
	known := w.logs[origin]
	if known == nil {
		return nil, &answer{status: http.StatusNotFound, text: "no log of this origin is known here"}
	}
	opened, err := note.Open(r.note, note.VerifierList(known...))
	if err != nil {
		return nil, &answer{status: http.StatusForbidden, text: "no signature is by a known key of the log"}
	}
	c, err := history.OpenCheckpoint(r.note, note.VerifierList(known...))
	if err != nil || c.Origin != origin || r.old > c.Size {
		return nil, &answer{status: http.StatusBadRequest, text: "the checkpoint is not in its form, or smaller than the old size"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.seen[origin]
	if err := last.goesOn(r, c); err != nil {
		return nil, err
	}
	if last.Size != c.Size || last.Root != c.Root {
		if err := w.remember(origin, seen{c.Size, c.Root}); err != nil {
			return nil, err
		}
	}
	signed, err := note.Sign(&note.Note{Text: opened.Text}, w.signer)
	if err != nil {
		return nil, err
	}
	return signed[len(opened.Text)+1:], nil
}

// goesOn reports what is wrong with a checkpoint behind the last one.
func (last seen) goesOn(r request, c history.Checkpoint) error {
	inconsistent := &answer{status: http.StatusUnprocessableEntity, text: "the proof does not lead from the old tree to this one"}
	switch {
	case r.old != last.Size:
		return &answer{status: http.StatusConflict, size: last.Size}
	case r.old == c.Size && last.Size > 0:
		if c.Root != last.Root {
			return &answer{status: http.StatusConflict, size: last.Size}
		}
		fallthrough
	case r.old == 0:
		if len(r.proof) > 0 {
			return inconsistent
		}
	case tlog.CheckTree(r.proof, c.Size, c.Root, last.Size, last.Root) != nil:
		return inconsistent
	}
	return nil
}

// remember keeps the latest tree of a log before anybody is told of it.
func (w *Witness) remember(origin string, s seen) error {
	before, there := w.seen[origin]
	w.seen[origin] = s
	state, err := json.Marshal(w.seen)
	if err == nil {
		err = w.keep(state)
	}
	if err != nil {
		if delete(w.seen, origin); there {
			w.seen[origin] = before
		}
	}
	return err
}
