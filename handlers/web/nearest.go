package web

import (
	"slices"
	"strings"
)

// normal is a name without what people spell differently: case, - and _.
func normal(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

// synonyms are what other APIs call our parameters, in their normal form.
var synonyms = map[string]string{
	"asof": nameAt, "asat": nameAt, "time": nameAt, "when": nameAt, "date": nameAt, "validat": nameAt,
	"since": "from", "start": "from", "until": "to", "end": "to",
	"pagesize": "limit", "perpage": "limit", "count": "limit", "size": "limit",
	"cursor": "after", "offset": "after", "next": "after", "pagetoken": "after",
	"org": "organization", "tenant": "organization", "event": "kind", "type": "kind", "user": "actor",
	"preview": nameDryRun, "entity": "client", "entityid": "client", "clientid": "client",
}

// Nearest is the declared name that was probably meant; empty if none is near.
func Nearest(name string, declared []string) string {
	asked := normal(name)
	if meant := synonyms[asked]; slices.Contains(declared, meant) {
		return meant
	}
	best, least := "", 3 // at most two typing mistakes, in a short name a letter too many
	for _, d := range declared {
		if mistakes := typingMistakes(asked, normal(d)); mistakes < least && (2*mistakes < len(d) || mistakes == 1 && strings.HasPrefix(asked, normal(d))) {
			best, least = d, mistakes
		}
	}
	return best
}

// typingMistakes counts the letters that are missing, too many, wrong or
// swapped with their neighbour between a and b. Names longer than 64 bytes are
// far from everything.
func typingMistakes(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return max(len(a), len(b))
	}
	var rows [3][65]int // the row before the last one, the last one, this one
	for j := range len(b) + 1 {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		rows[2][0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			rows[2][j] = min(rows[1][j]+1, rows[2][j-1]+1, rows[1][j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[2][j] = min(rows[2][j], rows[0][j-2]+1)
			}
		}
		rows[0], rows[1] = rows[1], rows[2]
	}
	return rows[1][len(b)]
}
