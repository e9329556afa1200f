package diff

import "strings"

// pair is two things that belong together; -1 is a side that has none.
type pair struct{ old, new int }

// maxTable bounds the table of align; beyond it, what differs counts as
// replaced.
const maxTable = 1 << 20

// align pairs equal items of two sequences so that both orders are kept and,
// up to maxTable, as many as possible are paired. It takes O(n) for sequences
// that are equal or differ in one run, else the product of what differs.
func align(old, new []string) []pair {
	pairs := make([]pair, 0, max(len(old), len(new)))
	start := 0
	for start < len(old) && start < len(new) && old[start] == new[start] {
		pairs = append(pairs, pair{start, start})
		start++
	}
	n, m := len(old), len(new)
	for n > start && m > start && old[n-1] == new[m-1] {
		n--
		m--
	}
	pairs = append(pairs, alignMiddle(old[start:n], new[start:m], start)...)
	for i := 0; n+i < len(old); i++ {
		pairs = append(pairs, pair{n + i, m + i})
	}
	return pairs
}

// alignMiddle finds a longest common subsequence.
func alignMiddle(old, new []string, start int) []pair {
	var pairs []pair
	i, j := 0, 0
	if len(old) > 0 && len(new) > 0 && len(old)*len(new) <= maxTable {
		width := len(new) + 1
		longest := make([]int32, (len(old)+1)*width) // of old[i:] and new[j:]
		for i := len(old) - 1; i >= 0; i-- {
			for j := len(new) - 1; j >= 0; j-- {
				if old[i] == new[j] {
					longest[i*width+j] = longest[(i+1)*width+j+1] + 1
				} else {
					longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
				}
			}
		}
		for i < len(old) && j < len(new) {
			switch {
			case old[i] == new[j]:
				pairs = append(pairs, pair{start + i, start + j})
				i++
				j++
			case longest[(i+1)*width+j] >= longest[i*width+j+1]:
				pairs = append(pairs, pair{start + i, -1})
				i++
			default:
				pairs = append(pairs, pair{-1, start + j})
				j++
			}
		}
	}
	for ; i < len(old); i++ {
		pairs = append(pairs, pair{start + i, -1})
	}
	for ; j < len(new); j++ {
		pairs = append(pairs, pair{-1, start + j})
	}
	return pairs
}

// join pairs what two lists have under one key. Both lists of keys are sorted
// and hold no key twice.
func join(old, new []string) []pair {
	pairs := make([]pair, 0, max(len(old), len(new)))
	i, j := 0, 0
	for i < len(old) || j < len(new) {
		order := 0
		switch {
		case i == len(old):
			order = 1
		case j == len(new):
			order = -1
		default:
			order = strings.Compare(old[i], new[j])
		}
		p := pair{-1, -1}
		if order <= 0 {
			p.old = i
			i++
		}
		if order >= 0 {
			p.new = j
			j++
		}
		pairs = append(pairs, p)
	}
	return pairs
}
