package hydraimport

import (
	"context"
	"errors"
	"hash/maphash"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"
)

const (
	// starting is how many clients are worked out or wait for that: the store has a
	// bound for each of its slow parts, and refuses more.
	starting = 48
	// maxUnderway is how many bytes of the file are under way at once. The store keeps
	// at most 16 MiB of documents, with three bytes for each of an encoded one.
	maxUnderway = 4 << 20
)

// A task is one client on its way from the file to the report.
type task struct {
	weight int64
	client chan sourceClient // decoded
	done   chan outcome
}

type outcome struct {
	result result
	err    error
}

// pipeline imports the clients of a file: one goroutine reads it, as many as there
// are processors decode what it has read, one looks for client_ids that were there
// before, and jobs put clients. Results come out in the order of the file.
type pipeline struct {
	source  *sourceFile
	to      target
	putting context.Context // not ended by a signal: what is under way is finished

	decoded, begun chan *task
	starting       chan struct{}
	room           *semaphore.Weighted
}

// putAll puts every client of the source, several at a time, and reports them in
// the order of the source. When stopping ends it finishes the clients under way,
// so that the report is complete.
func putAll(stopping context.Context, source *sourceFile, to target, report *report, jobs int) error {
	ctx, cancel := context.WithCancel(stopping)
	defer cancel()
	p := &pipeline{source: source, to: to, putting: context.WithoutCancel(stopping), decoded: make(chan *task, jobs), begun: make(chan *task, jobs-1),
		starting: make(chan struct{}, starting), room: semaphore.NewWeighted(maxUnderway)}
	broken := make(chan error, 1)
	go func() { broken <- p.read(ctx) }()
	go p.put(ctx)
	var failed error
	for t := range p.begun {
		o := <-t.done
		p.room.Release(t.weight)
		switch {
		case o.err != nil && failed == nil:
			failed = o.err
			cancel()
		case o.err == nil:
			report.add(o.result)
			report.progress(source.share())
		}
	}
	err := <-broken
	switch {
	case failed != nil:
		err = failed
	case stopping.Err() != nil:
		err = errors.New("interrupted; run the same command again to continue")
	}
	report.end(source.partial && err == nil)
	return err
}

// read reads the file to its end, or until ctx ends.
func (p *pipeline) read(ctx context.Context) error {
	type piece struct {
		client sourceClient
		to     *task
	}
	pieces := make(chan piece, cap(p.decoded))
	var decoders sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		decoders.Go(func() {
			for w := range pieces {
				w.client.decode()
				w.to.client <- w.client
			}
		})
	}
	err := p.source.each(func(c sourceClient) bool {
		t := &task{weight: min(c.weight(), maxUnderway), client: make(chan sourceClient, 1), done: make(chan outcome, 1)}
		if p.room.Acquire(ctx, t.weight) != nil {
			return false
		}
		select {
		case p.decoded <- t:
			pieces <- piece{c, t}
			return true
		case <-ctx.Done():
			return false
		}
	})
	close(pieces)
	decoders.Wait()
	close(p.decoded)
	return err
}

// put begins to put the decoded clients, in the order of the file. The goroutines that do it
// stay: a new one for each client would grow its stack each time.
func (p *pipeline) put(ctx context.Context) {
	type work struct {
		client sourceClient
		done   chan<- outcome
	}
	works := make(chan work)
	defer close(works)
	for range cap(p.begun) + 1 {
		go func() {
			for w := range works {
				var o outcome
				o.result, o.err = p.to.put(p.putting, w.client)
				w.client.waits()
				w.done <- o
			}
		}()
	}
	defer close(p.begun)
	seen, seed := map[uint64]struct{}{}, maphash.MakeSeed()
	for t := range p.decoded {
		c := <-t.client
		if ctx.Err() != nil {
			continue
		}
		if c.err == nil {
			id := maphash.String(seed, c.id)
			if _, again := seen[id]; again {
				c.err = invalid("/client_id", "another client in the file has the same client_id")
			}
			seen[id] = struct{}{}
		}
		p.begun <- t
		if c.err != nil {
			t.done <- outcome{result: c.refused(c.err)}
			continue
		}
		p.starting <- struct{}{}
		c.begun = sync.OnceFunc(func() { <-p.starting })
		works <- work{c, t.done}
	}
}
