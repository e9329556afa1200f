package credential

import (
	"math"
	"unicode"
	"unicode/utf8"
)

// The least that a chosen secret needs: so many characters, of which some
// differ, or so many bits by an estimate.
const (
	MinCharacters = 16
	MinBits       = 80
	minDifferent  = 4
)

// Strong reports whether a secret that a person or another system chose is hard
// enough to guess.
func Strong(secret string) bool {
	different := map[rune]bool{}
	for _, r := range secret {
		different[r] = true
	}
	return utf8.RuneCountInString(secret) >= MinCharacters && len(different) >= minDifferent || estimatedBits(secret) >= MinBits
}

// estimatedBits is what a secret would have if its characters were drawn from
// all of their classes; one that repeats or continues the one before adds nothing.
func estimatedBits(secret string) float64 {
	var pool, drawn float64
	classes := map[float64]bool{}
	before := rune(-2)
	for _, r := range secret {
		size := 100.0
		switch {
		case 'a' <= r && r <= 'z':
			size = 26
		case 'A' <= r && r <= 'Z':
			size = 26.5 // another class than the small ones
		case '0' <= r && r <= '9':
			size = 10
		case r <= unicode.MaxASCII:
			size = 33
		}
		if !classes[size] {
			classes[size] = true
			pool += math.Floor(size)
		}
		if step := r - before; step < -1 || step > 1 {
			drawn++
		}
		before = r
	}
	if pool == 0 {
		return 0
	}
	return drawn * math.Log2(pool)
}
