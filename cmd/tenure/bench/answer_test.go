package bench

import (
	"bufio"
	"strings"
	"testing"
)

func readerOf(raw string, keep bool) *answerReader {
	return &answerReader{Reader: bufio.NewReader(strings.NewReader(raw)), keep: keep}
}

func TestAnswersAreReadToTheirEnd(t *testing.T) {
	const next = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"
	for name, c := range map[string]struct {
		raw    string
		status int
		body   string
		ends   bool
	}{
		"a length":            {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false},
		"any case":            {"HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello", 200, "hello", false},
		"chunks":              {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n", 200, "hello", false},
		"no chunk":            {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, "", false},
		"no content":          {"HTTP/1.1 204 No Content\r\n\r\n", 204, "", false},
		"not modified":        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, "", false},
		"an empty body":       {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, "", false},
		"interim answers":     {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", false},
		"the last one":        {"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 503, "x", true},
		"more than a buffer":  {"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000), 200, strings.Repeat("x", 100000), false},
		"a status of its own": {"HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n", 299, "", false},
	} {
		for _, keep := range []bool{true, false} {
			r := readerOf(c.raw+next, keep)
			a, err := r.read()
			if err != nil || a.status != c.status || a.ends != c.ends || keep && string(a.body) != c.body || !keep && a.body != nil {
				t.Errorf("%s, keep %v: %d, %d bytes, ends %v, %v", name, keep, a.status, len(a.body), a.ends, err)
			}
			if after, err := r.read(); err != nil || after.status != 201 {
				t.Errorf("%s, keep %v: the next answer is %d, %v", name, keep, after.status, err)
			}
		}
	}
}

func TestMalformedAnswers(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing":             "",
		"another protocol":    "SSH-2.0-x\r\n\r\n",
		"no status":           "HTTP/1.1 abc OK\r\n\r\n",
		"no head end":         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
		"no colon":            "HTTP/1.1 200 OK\r\nContent-Length 0\r\n\r\n",
		"a negative length":   "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"no length":           "HTTP/1.1 200 OK\r\n\r\nx",
		"a body cut short":    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
		"a huge body":         "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\nhel",
		"a chunk cut short":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
		"a chunk of no size":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n",
		"a chunk with no end": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
		"a line too long":     "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 10000) + "\r\n\r\n",
	} {
		for _, keep := range []bool{true, false} {
			if a, err := readerOf(raw, keep).read(); err == nil {
				t.Errorf("%s, keep %v: taken as %d", name, keep, a.status)
			}
		}
	}
}

func TestKeptHeads(t *testing.T) {
	a, err := readerOf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLink: </a?b=c>; rel=\"next\"\r\nContent-Length: 0\r\n\r\n", true).read()
	if err != nil || a.kind != "application/json" || a.next != `</a?b=c>; rel="next"` {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestNextPages(t *testing.T) {
	for link, want := range map[string]string{
		`</c?page_size=500&page_token=a>; rel="first",</c?page_size=500&page_token=b>; rel="next"`: "/c?page_size=500&page_token=b",
		`<http://h:1/c?page_token=b>; rel="next", </c>; rel="first"`:                               "/c?page_token=b",
		`</c?page_token=a>; rel="first"`:                                                           "",
		``:                                                                                         "",
	} {
		if got := nextPage(link); got != want {
			t.Errorf("%s: %q", link, got)
		}
	}
}
