package main

import (
	"log"
	"os"
	"regexp"
	"slices"
	"strings"
)

// random is what differs between two runs of one story: ids, hashes, salts,
// tokens, sealed bytes, keys' public parts, and times.
var random = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,}|\b[0-9]{13,16}\b` +
	`|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?|[A-Za-z0-9+/_-]{40,}={0,2}|\$(argon2id|2a)\$[^']*`)

// last4 are the last characters of a generated secret, between others of its row.
var last4 = regexp.MustCompile(`, '[^']{4}', R`)

// compare ends the program with what differs between two dumps, beyond what is
// random. Rows of one table are compared without regard to their order.
func compare(a, b string) {
	left, right := normal(a), normal(b)
	if slices.Equal(left, right) {
		log.Printf("the same %d lines", len(left))
		return
	}
	for _, line := range left {
		if i := slices.Index(right, line); i >= 0 {
			right = slices.Delete(right, i, i+1)
		} else {
			log.Printf("- %.400s", line)
		}
	}
	for _, line := range right {
		log.Printf("+ %.400s", line)
	}
	os.Exit(1)
}

func normal(path string) []string {
	raw, err := os.ReadFile(path)
	check(err)
	var lines []string
	table := ""
	for line := range strings.SplitSeq(string(raw), "\n") {
		if strings.HasPrefix(line, "INSERT") {
			table = line
		}
		line = strings.TrimRight(random.ReplaceAllString(line, "R"), ",;")
		lines = append(lines, table+last4.ReplaceAllString(line, ", 'last', R"))
	}
	slices.Sort(lines)
	return lines
}
