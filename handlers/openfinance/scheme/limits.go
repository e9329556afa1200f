package scheme

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A text rule checks a text and completes the sentence "the member …" with what
// it must be; it returns an empty string for a text that it accepts.

// TextWithin accepts UTF-8 without control characters, of limit characters at
// most.
func TextWithin(limit int) func(string) string {
	return func(text string) string {
		switch {
		case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
			return "must be UTF-8 without control characters"
		case len(text) > limit && utf8.RuneCountInString(text) > limit:
			return fmt.Sprintf("must not be longer than %d characters", limit)
		}
		return ""
	}
}

// WithoutMarkup is TextWithin with the page's pattern ^[^<>]*$.
func WithoutMarkup(limit int) func(string) string {
	within := TextWithin(limit)
	return func(text string) string {
		if strings.ContainsAny(text, "<>") {
			return "must not contain < or >"
		}
		return within(text)
	}
}

// Required is a rule that refuses an empty text as well.
func Required(rule func(string) string) func(string) string {
	return func(text string) string {
		if text == "" {
			return "must not be empty"
		}
		return rule(text)
	}
}
