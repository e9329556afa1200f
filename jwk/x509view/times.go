package x509view

import (
	"errors"
	"time"
)

var errTime = errors.New("an invalid time")

// time reads a UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5) with the liberties the
// reference takes: no seconds before a Z, fractions, zone offsets, and a day of month up to 31 that
// rolls over when its month is shorter.
func (e element) time() (time.Time, error) {
	generalized := e.tag == tagGeneralizedTime
	switch {
	case e.tag != tagUTCTime && !generalized:
		return time.Time{}, errTag
	case !generalized && (len(e.body) < 11 || len(e.body) > 17), generalized && len(e.body) < 13:
		return time.Time{}, errTime
	}
	s := timeScanner{text: e.body}
	var year int
	if generalized {
		year = 100*s.pair() + s.pair()
	} else if year = s.pair() + 1900; year < 1950 {
		year += 100
	}
	month, day, hour, minute := s.pair(), s.pair(), s.pair(), s.pair()
	second, millis := 0, 0
	if len(s.text) > 2 {
		second = s.pair()
		if generalized && len(s.text) > 0 && (s.text[0] == '.' || s.text[0] == ',') {
			millis = s.fraction()
		}
	}
	offset := s.zone()
	if s.failed || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, errTime
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, millis*int(time.Millisecond), time.UTC)
	return t.Add(-offset), nil
}

// timeScanner consumes the text of a time; failed stays set after the first misfit.
type timeScanner struct {
	text   []byte
	failed bool
}

func (s *timeScanner) digit() int {
	if len(s.text) == 0 || s.text[0] < '0' || s.text[0] > '9' {
		s.failed = true
		return 0
	}
	d := int(s.text[0] - '0')
	s.text = s.text[1:]
	return d
}

func (s *timeScanner) pair() int { return 10*s.digit() + s.digit() }

// fraction reads ".ddd…" up to the zone, cut to milliseconds.
func (s *timeScanner) fraction() int {
	s.text = s.text[1:]
	millis, weight, digits := 0, 100, 0
	for !s.failed && (digits == 0 || len(s.text) > 0 && s.text[0] != 'Z' && s.text[0] != '+' && s.text[0] != '-') {
		millis += weight * s.digit()
		weight /= 10
		digits++
	}
	return millis
}

// zone reads the rest: Z, or a sign and hhmm.
func (s *timeScanner) zone() time.Duration {
	switch {
	case len(s.text) == 1 && s.text[0] == 'Z':
		return 0
	case len(s.text) == 5 && (s.text[0] == '+' || s.text[0] == '-'):
		negative := s.text[0] == '-'
		s.text = s.text[1:]
		hours, minutes := s.pair(), s.pair()
		if hours > 23 || minutes > 59 {
			s.failed = true
		}
		offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		if negative {
			offset = -offset
		}
		return offset
	}
	s.failed = true
	return 0
}
