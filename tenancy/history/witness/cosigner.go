package witness

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const (
	// MaxPeers is how many witnesses a log has at most.
	MaxPeers = 16
	// AskTime is how long the witnesses have to cosign a checkpoint, all at once.
	AskTime = 5 * time.Second

	leastPause = 5 * time.Second // after a witness has failed; twice as long each time
	mostPause  = 5 * time.Minute
	maxAnswer  = 16 << 10
)

// Log is the log whose checkpoints are cosigned.
type Log interface {
	Newest(ctx context.Context) (history.Checkpoint, error)
	ProveGrowth(ctx context.Context, old int64, k history.Checkpoint) (tlog.TreeProof, error)
	StoreCosignatures(ctx context.Context, size int64, lines []byte) error
}

// Cosigner has checkpoints of a log cosigned.
type Cosigner struct {
	log    Log
	now    func() time.Time
	client *http.Client
	say    func(witness string, err error)
	peers  []*peer
}

// peer is a witness and what is remembered of it.
type peer struct {
	Peer
	mu     sync.Mutex // held while it is asked
	size   int64      // of the tree that it cosigned last, as far as is known
	pause  time.Duration
	next   time.Time // it is not asked before
	status atomic.Pointer[Status]
}

// Status is how a witness fares.
type Status struct {
	Key  string
	Size int64 // of the tree that it cosigned last, since this process began
	// Failing says that the last request failed.
	Failing bool
	// Behind is when it first failed to cosign a checkpoint that it has not cosigned since; zero if it has.
	Behind time.Time
}

// New makes a cosigner. say is called when a witness begins to fail, with why, and with
// nil when it answers again.
func New(log Log, peers []Peer, now func() time.Time, say func(witness string, err error)) *Cosigner {
	c := &Cosigner{log: log, now: now, say: say, client: &http.Client{Timeout: AskTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	for _, p := range peers {
		asked := &peer{Peer: p}
		asked.status.Store(&Status{Key: p.Key})
		c.peers = append(c.peers, asked)
	}
	return c
}

// Round asks the witnesses that have not cosigned the newest checkpoint yet.
func (c *Cosigner) Round(ctx context.Context) error {
	newest, err := c.log.Newest(ctx)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err == nil {
		c.Ask(ctx, newest)
	}
	return err
}

// Ask asks all witnesses at once to cosign a stored checkpoint, unless they have or have
// just failed, and stores what they answer. It takes at most AskTime.
func (c *Cosigner) Ask(ctx context.Context, k history.Checkpoint) {
	ctx, cancel := context.WithTimeout(ctx, AskTime)
	defer cancel()
	var all sync.WaitGroup
	for _, p := range c.peers {
		all.Go(func() { c.ask(ctx, p, k) })
	}
	all.Wait()
}

// Status tells how each witness fares.
func (c *Cosigner) Status() []Status {
	list := make([]Status, len(c.peers))
	for i, p := range c.peers {
		list[i] = *p.status.Load()
	}
	return list
}

func (c *Cosigner) ask(ctx context.Context, p *peer, k history.Checkpoint) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if has, _ := cosignedBy(k.Note, p.verifier); has { // perhaps another node asked
		if now := *p.status.Load(); !now.Behind.IsZero() || now.Size < k.Size {
			now.Size, now.Behind = max(now.Size, k.Size), time.Time{}
			p.status.Store(&now)
		}
		return
	}
	if c.now().Before(p.next) {
		return
	}
	lines, err := c.cosignature(ctx, p, k)
	if err == nil {
		err = c.log.StoreCosignatures(ctx, k.Size, lines)
	}
	switch {
	case err == nil:
		if p.size = k.Size; p.pause > 0 {
			c.say(p.Key, nil)
		}
		p.pause, p.next = 0, time.Time{}
		p.status.Store(&Status{Key: p.Key, Size: p.size})
	default:
		if p.pause == 0 {
			c.say(p.Key, err)
		}
		p.pause = min(max(2*p.pause, leastPause), mostPause)
		p.next = c.now().Add(p.pause)
		behind := p.status.Load().Behind
		if behind.IsZero() {
			behind = c.now()
		}
		p.status.Store(&Status{p.Key, p.size, true, behind})
	}
}

// cosignature asks a witness, once more if it knows another size than we remember.
func (c *Cosigner) cosignature(ctx context.Context, p *peer, k history.Checkpoint) ([]byte, error) {
	old := min(p.size, k.Size)
	for range 2 {
		proof, err := c.log.ProveGrowth(ctx, old, k)
		if err != nil {
			return nil, err
		}
		var body bytes.Buffer
		fmt.Fprintf(&body, "old %d\n", old)
		for _, hash := range proof {
			body.WriteString(base64.StdEncoding.EncodeToString(hash[:]) + "\n")
		}
		body.WriteString("\n")
		body.Write(k.Note)
		status, text, err := c.post(ctx, p.URL+"/add-checkpoint", &body)
		if err != nil {
			return nil, err
		}
		switch status {
		case http.StatusOK:
			return own(k.Note, text, p.verifier)
		case http.StatusConflict:
			size, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
			switch {
			case err != nil || size < 0:
				return nil, errors.New("it answers 409 without a size")
			case size > k.Size:
				return nil, fmt.Errorf("it has cosigned %d entries of this log, which has %d in its checkpoint", size, k.Size)
			case size == old:
				return nil, fmt.Errorf("it has cosigned another tree of %d entries", size)
			}
			old = size
		default:
			return nil, fmt.Errorf("it answers %d", status)
		}
	}
	return nil, errors.New("it answers with another size each time")
}

func (c *Cosigner) post(ctx context.Context, url string, body io.Reader) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return 0, nil, err
	}
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(req.Header)) // nothing, where nothing is traced
	res, err := c.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = fmt.Errorf("its answer has more than %d bytes", maxAnswer)
	}
	return res.StatusCode, text, err
}

// own are the lines of an answer that are a witness's own cosignatures of a note.
func own(signed, lines []byte, v note.Verifier) ([]byte, error) {
	for line := range bytes.Lines(lines) {
		alone := append(textOf(signed), line...)
		if has, err := cosignedBy(alone, v); err != nil || has {
			return line, err
		}
	}
	return nil, errors.New("its answer has no cosignature by its key")
}

// textOf is a note's text with the empty line behind it, and no signature.
func textOf(signed []byte) []byte {
	end := bytes.LastIndex(signed, []byte("\n\n"))
	return bytes.Clone(signed[:end+2])
}

// cosignedBy reports whether a witness has cosigned a note.
func cosignedBy(signed []byte, v note.Verifier) (bool, error) {
	_, err := note.Open(signed, note.VerifierList(v))
	var unknown *note.UnverifiedNoteError
	if errors.As(err, &unknown) {
		return false, nil
	}
	return err == nil, err
}
