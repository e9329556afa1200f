package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Report is a whole run.
type Report struct {
	Program       string   `json:"program"`
	Engine        string   `json:"engine"`
	Clients       int      `json:"clients"`
	Organizations int      `json:"organizations"`
	Connections   int      `json:"connections"`
	Seconds       float64  `json:"seconds_per_row"`
	Nodes         int      `json:"nodes"`
	Distance      float64  `json:"distance_ms,omitempty"`          // to the database, there and back
	Measured      float64  `json:"distance_measured_ms,omitempty"` // of an echo through such a proxy
	Cores         int      `json:"cores"`
	Rows          []Result `json:"rows"`
}

// columns of the table, with their widths.
var columns = []struct {
	name  string
	width int
	left  bool
}{{"work", 58, true}, {"per second", 11, false}, {"ratio", 6, false}, {"CPU µs", 7, false}, {"bare µs", 7, false}, {"trips", 5, false}, {"p50 ms", 8, false}, {"p99 ms", 8, false},
	{"target", 22, true}, {"", 8, true}}

// head prints what was measured, and the head of the table.
func (r Report) head(out io.Writer) {
	fmt.Fprintf(out, "%s on %s: %s clients, %s organizations, %d cores, %d connections, %.1f s a row",
		r.Program, r.Engine, commas(r.Clients), commas(r.Organizations), r.Cores, r.Connections, r.Seconds)
	if r.Nodes > 1 {
		fmt.Fprintf(out, ", %d nodes", r.Nodes)
	}
	if r.Distance > 0 {
		fmt.Fprintf(out, ", database at %.1f ms (measured %.1f)", r.Distance, r.Measured)
	}
	fmt.Fprint(out, "\n\n")
	names, rules := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i], rules[i] = c.name, strings.Repeat("-", c.width)
	}
	printLine(out, names)
	fmt.Fprintf(out, "|%s|\n", strings.Join(rules, "--|"))
}

// printLine prints a row of cells as Markdown whose columns are also aligned as text.
func printLine(out io.Writer, cells []string) {
	for i, c := range columns {
		gap := strings.Repeat(" ", max(0, c.width-utf8.RuneCountInString(cells[i])))
		if c.left {
			fmt.Fprintf(out, "| %s%s ", cells[i], gap)
		} else {
			fmt.Fprintf(out, "| %s%s ", gap, cells[i])
		}
	}
	fmt.Fprintln(out, "|")
}

// print prints a row of the table.
func (r Result) print(out io.Writer) {
	value := "-"
	switch {
	case r.Rate > 0:
		value = thousands(r.Rate)
	case r.Seconds > 0:
		value = fmt.Sprintf("%.3f s", r.Seconds)
	case r.Bytes > 0:
		value = fmt.Sprintf("%d MB", r.Bytes/1e6)
	}
	micros := func(v *float64) string {
		if v == nil {
			return "-"
		}
		return fmt.Sprintf("%.0f", *v)
	}
	number := func(format string, v float64) string {
		if v == 0 {
			return "-"
		}
		return fmt.Sprintf(format, v)
	}
	printLine(out, []string{r.Work, value, number("%.3f", r.Ratio), micros(r.CPU), micros(r.YardCPU), number("%.2f", r.Trips), number("%.2f", r.P50), number("%.2f", r.P99), r.Target, r.Verdict})
	if r.Failed > 0 {
		fmt.Fprintf(out, "%s: %d of %d requests failed, the first with: %s\n", r.Row, r.Failed, r.Failed+r.Requests, r.Failure)
	}
}

// failures is the number of rows that failed.
func (r Report) failures() (n int) {
	for _, row := range r.Rows {
		if row.Verdict == failed {
			n++
		}
	}
	return n
}

func (r Report) writeJSON(out io.Writer) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(out, "%s\n", raw)
	}
	return err
}
