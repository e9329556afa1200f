package hydraimport

import (
	"fmt"
	"io"
	"os"
	"time"
)

const (
	drawEvery = 100 * time.Millisecond // on a terminal
	lineEvery = 10 * time.Second       // elsewhere
	rateOver  = 10 * time.Second       // the rate is that of the last 10 to 20 s
)

// progress shows how far an import is, how fast, and how long the rest takes: on a
// terminal in one line that is drawn again, elsewhere as a line now and then.
type progress struct {
	screen   io.Writer // nil for none
	terminal bool
	now      func() time.Time
	shown    time.Time
	marks    [2]mark // where it was; the rate is counted from the first
}

type mark struct {
	at      time.Time
	clients int
	share   float64
}

// newProgress shows progress on a terminal, and elsewhere where that is asked for.
func newProgress(screen io.Writer, asked bool) *progress {
	p := &progress{now: time.Now, terminal: isTerminal(screen)}
	if p.terminal || asked {
		p.screen = screen
	}
	p.marks[0].at = p.now()
	p.marks[1], p.shown = p.marks[0], p.marks[0].at
	if p.terminal {
		p.shown = time.Time{}
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// due reports whether it is time to show it again.
func (p *progress) due() bool {
	if p.screen == nil {
		return false
	}
	every := lineEvery
	if p.terminal {
		every = drawEvery
	}
	return p.now().Sub(p.shown) >= every
}

// show shows on a wiped line that so many clients are done and which share of the file, from 0 to 1, is
// read; negative if unknown.
func (p *progress) show(clients int, share float64) {
	at := mark{p.now(), clients, share}
	fmt.Fprint(p.screen, p.text(at))
	if !p.terminal {
		fmt.Fprintln(p.screen)
	}
	p.shown = at.at
	if at.at.Sub(p.marks[1].at) >= rateOver {
		p.marks = [2]mark{p.marks[1], at}
	}
}

func (p *progress) text(at mark) string {
	text, since := fmt.Sprintf("%d clients", at.clients), p.marks[0]
	if at.share >= 0 {
		text = fmt.Sprintf("%3.0f %%  ", 100*min(at.share, 1)) + text
	}
	took := at.at.Sub(since.at)
	if took < time.Second {
		return text
	}
	text += fmt.Sprintf(", %.0f/s", float64(at.clients-since.clients)/took.Seconds())
	if done := at.share - since.share; done > 0 && at.share < 1 {
		left := time.Duration((1 - at.share) / done * float64(took))
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return text
}

// wipe takes the line off a terminal.
func (p *progress) wipe() {
	if p.screen != nil && p.terminal && !p.shown.IsZero() {
		fmt.Fprint(p.screen, "\r\x1b[K")
	}
}
