package main

import (
	"errors"
	"math/bits"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
)

// size is a flag of so many bytes, written as 512KiB, 128MiB or 2GiB.
type size uint64

var sizeUnits = []struct {
	name  string
	shift int
}{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}}

var errSize = errors.New("it must be a whole number with KiB, MiB or GiB behind it, such as 128MiB")

// Set reads one.
func (s *size) Set(text string) error {
	for _, u := range sizeUnits {
		digits, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 64)
		if err != nil || n == 0 || bits.Len64(n)+u.shift > 62 {
			return errSize
		}
		*s = size(n << u.shift)
		return nil
	}
	return errSize
}

// Type names what it takes (flagTypes).
func (s *size) Type() string { return "size" }

// String writes it with the largest unit that leaves a whole number.
func (s *size) String() string {
	for _, u := range sizeUnits {
		if n := uint64(*s); n != 0 && n%(1<<u.shift) == 0 {
			return strconv.FormatUint(n>>u.shift, 10) + u.name
		}
	}
	return strconv.FormatUint(uint64(*s), 10)
}

// memory is how much memory a server aims at.
type memory struct {
	cache, rest               size
	replacedCache, replacedIt string
}

// memoryFlags are --cache-size and --memory-size, and the flags that they replace,
// which are refused.
func memoryFlags(flags *pflag.FlagSet, m *memory) {
	m.cache, m.rest = node.CacheBytes, node.MemoryBytes
	flags.Var(&m.cache, "cache-size", "memory for all caches together")
	flags.Var(&m.rest, "memory-size", "memory that the program aims to use beside the caches; the environment's GOMEMLIMIT goes before the sum of both")
	flags.StringVar(&m.replacedCache, "cache-mib", "", "")
	flags.StringVar(&m.replacedIt, "memory-mib", "", "")
	_ = flags.MarkHidden("cache-mib")
	_ = flags.MarkHidden("memory-mib")
}

func (m *memory) check() error {
	if m.replacedCache != "" {
		return exit.With(exit.Usage, errors.New("--cache-mib is now --cache-size, such as 128MiB"))
	}
	if m.replacedIt != "" {
		return exit.With(exit.Usage, errors.New("--memory-mib is now --memory-size, such as 96MiB"))
	}
	return nil
}
