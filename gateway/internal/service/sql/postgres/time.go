package postgres

import (
	"bytes"
	"errors"
	"time"
)

var errTime = errors.New("not a timestamp")

// parseTime reads a timestamp as PostgreSQL writes it with DateStyle ISO:
// "2024-02-29 23:59:59.123456+05:30", with years of more than four digits and
// with " BC"; without an offset it is taken for UTC. It returns Unix time in
// microseconds.
func parseTime(b []byte) (int64, error) {
	switch string(b) {
	case "infinity":
		return infinity, nil
	case "-infinity":
		return minInfinity, nil
	}
	b, bc := bytes.CutSuffix(b, []byte(" BC"))
	p := parser{rest: b}
	year := p.number()
	p.skip('-')
	month := p.number()
	p.skip('-')
	day := p.number()
	p.skip(' ')
	hour := p.number()
	p.skip(':')
	minute := p.number()
	p.skip(':')
	second := p.number()
	micros := 0
	if p.has('.') {
		left := len(p.rest)
		micros = p.number()
		for digits := left - len(p.rest); digits < 6; digits++ {
			micros *= 10
		}
	}
	offset := 0
	sign := 1
	if p.has('+') || p.has('-') {
		if p.last == '-' {
			sign = -1
		}
		offset = p.number() * 3600
		if p.has(':') {
			offset += p.number() * 60
		}
		if p.has(':') {
			offset += p.number()
		}
	}
	if p.failed || len(p.rest) > 0 {
		return 0, errTime
	}
	if bc {
		year = 1 - year
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, micros*1000, time.UTC).Unix()*1e6 + int64(micros) - int64(sign*offset)*1e6, nil
}

// parser reads numbers and the signs between them.
type parser struct {
	rest   []byte
	last   byte
	failed bool
}

func (p *parser) number() (n int) {
	digits := 0
	for digits < len(p.rest) && digits < 9 && p.rest[digits] >= '0' && p.rest[digits] <= '9' {
		n = n*10 + int(p.rest[digits]-'0')
		digits++
	}
	p.failed = p.failed || digits == 0
	p.rest = p.rest[digits:]
	return n
}

func (p *parser) has(c byte) bool {
	if len(p.rest) == 0 || p.rest[0] != c {
		return false
	}
	p.rest, p.last = p.rest[1:], c
	return true
}

func (p *parser) skip(c byte) { p.failed = !p.has(c) || p.failed }
