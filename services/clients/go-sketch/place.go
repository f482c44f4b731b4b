package unionflow

import (
	"errors"
	"net/url"
	"strings"
)

const longCursor = 4096

// place is where a client is: a cursor and positions, kept word for word and never taken apart.
type place struct {
	cursor    string
	prefixes  []string
	positions map[string]string
}

func (p *place) mark(cursor string) {
	if cursor != "" {
		*p = place{cursor: cursor}
	}
}

func (p *place) note(position string) {
	prefix := position[:max(0, strings.LastIndex(position, "."))]
	if p.positions == nil {
		p.positions = map[string]string{}
	}
	if _, known := p.positions[prefix]; !known {
		p.prefixes = append(p.prefixes, prefix)
	}
	p.positions[prefix] = position
}

func (p *place) text() string {
	if p.cursor == "" {
		return ""
	}
	parts := []string{p.cursor}
	for _, prefix := range p.prefixes {
		parts = append(parts, p.positions[prefix])
	}
	return strings.Join(parts, "~")
}

// repeats knows the newest ids, in bounded memory.
type repeats struct {
	known map[string]bool
	ring  []string
	next  int
}

func newRepeats(limit int) *repeats {
	if limit == 0 {
		limit = 10_000
	}
	return &repeats{known: map[string]bool{}, ring: make([]string, limit)}
}

func (r *repeats) has(id string) bool {
	if r.known[id] {
		return true
	}
	delete(r.known, r.ring[r.next])
	r.known[id], r.ring[r.next] = true, id
	r.next = (r.next + 1) % len(r.ring)
	return false
}

// endpoint is the WebSocket's address for an API's base.
func endpoint(api string) (string, error) {
	parts, err := url.Parse(api)
	if err != nil {
		return "", err
	}
	schemes := map[string]string{"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
	parts.Scheme = schemes[strings.ToLower(parts.Scheme)]
	if parts.Scheme == "" || parts.Host == "" {
		return "", errors.New("no address like https://api.example.org: " + api)
	}
	parts.Path = strings.TrimRight(parts.Path, "/")
	if !strings.HasSuffix(parts.Path, "/ws/dashboard") {
		parts.Path += "/ws/dashboard"
	}
	return parts.String(), nil
}

func (c *Client) target() string {
	query := url.Values{}
	for _, organization := range c.options.Organizations {
		query.Add("organization", organization)
	}
	if len(c.options.EventTypes) > 0 {
		query.Set("eventTypes", strings.Join(c.options.EventTypes, ","))
	}
	if text := c.place.text(); !c.options.Plain && len(text) > longCursor {
		query.Set("cursor", "message")
	} else if !c.options.Plain && text != "" {
		query.Set("cursor", text)
	}
	if len(query) == 0 {
		return c.address
	}
	return c.address + "?" + query.Encode()
}
