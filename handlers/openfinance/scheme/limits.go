package scheme

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A text rule says in one sentence what is wrong with a text; empty is nothing.

// TextWithin bounds a text in characters and keeps control characters out.
func TextWithin(limit int) func(string) string {
	return func(text string) string {
		switch {
		case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
			return "it has a control character or is not UTF-8"
		case len(text) > limit && utf8.RuneCountInString(text) > limit:
			return fmt.Sprintf("it is longer than %d characters", limit)
		}
		return ""
	}
}

// WithoutMarkup is TextWithin and the page's pattern ^[^<>]*$.
func WithoutMarkup(limit int) func(string) string {
	within := TextWithin(limit)
	return func(text string) string {
		if strings.ContainsAny(text, "<>") {
			return "it must not have < or >"
		}
		return within(text)
	}
}

// Required is a rule that refuses an empty text as well.
func Required(rule func(string) string) func(string) string {
	return func(text string) string {
		if text == "" {
			return "it is empty"
		}
		return rule(text)
	}
}
