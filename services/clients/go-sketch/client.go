// Package unionflow is a third client of UnionFlow's live events, written from the wire reference to try
// docs/how-to/write-your-own-client.md. It speaks both dialects over WebSockets, and resumes.
package unionflow

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"time"
)

const (
	minute      = time.Minute
	pingEvery   = 30 * time.Second
	answerIn    = 10 * time.Second
	welcomeIn   = 30 * time.Second
	refreshWait = 10 * time.Second
)

// Event is one event; Data is its payload as it came.
type Event struct {
	ID             string          `json:"id"`
	EventType      string          `json:"eventType"`
	Timestamp      string          `json:"timestamp"`
	OrganizationID *string         `json:"organizationId"`
	UserID         *string         `json:"userId"`
	Data           json.RawMessage `json:"data"`
}

// Options say where to connect, and whom to tell.
type Options struct {
	API           string // https://api.example.org/unionflow
	Organizations []string
	EventTypes    []string
	Plain         bool   // the dialect of the first app: no resume
	Cursor        string // where to begin; "earliest" for all that is kept
	Remember      int    // ids kept to drop repeats; 10,000 where 0

	OnEvent   func(Event)
	Token     func() (string, error)             // asked for each connection; nil for none
	Reload    func(ranges json.RawMessage) error // some events are gone: load the state anew
	OnRefused func(code int)                     // it will not come back by itself

	Random func() float64 // for jitter
	Faster float64        // divides every wait, for the conformance run
}

// Client is one client. All of its state belongs to one goroutine, which runs what is posted to it.
type Client struct {
	options  Options
	posts    chan func()
	done     chan struct{}
	address  string
	timers   map[string]int
	ticket   int
	life     int // of the present try or connection; what another one says is not heard
	phase    phase
	socket   *socket
	place    place
	repeats  *repeats
	inbox    []item
	failures int
	reloads  int
	lastDied time.Time

	malformed, owesReload, reloading bool
	heard, refreshes, asking         bool
	welcomedAt, notBefore, drainAt   time.Time
}

type phase int

const (
	idle phase = iota
	waiting
	asking
	opening
	opened
	welcomed
)

// New makes a client, which is idle until Connect.
func New(options Options) (*Client, error) {
	address, err := endpoint(options.API)
	if err != nil {
		return nil, err
	}
	if options.Random == nil {
		options.Random = rand.Float64
	}
	if options.Faster == 0 {
		options.Faster = 1
	}
	client := &Client{
		options: options, address: address, posts: make(chan func(), 64), done: make(chan struct{}),
		timers: map[string]int{}, repeats: newRepeats(options.Remember), place: place{cursor: options.Cursor},
	}
	go client.run()
	return client, nil
}

// Connect connects, and stays connected; it ends a wait.
func (c *Client) Connect() {
	c.post(func() {
		if c.phase == idle {
			c.failures, c.malformed, c.notBefore = 0, false, time.Time{}
		}
		if c.phase <= waiting {
			c.begin()
		}
	})
}

// Disconnect leaves, and does not come back.
func (c *Client) Disconnect() {
	c.post(func() {
		c.hangUp(1000)
		c.left()
		c.clear("wait")
		c.phase = idle
	})
}

// Close ends the client for good.
func (c *Client) Close() {
	c.Disconnect()
	c.post(func() { close(c.done) })
}

func (c *Client) post(act func()) {
	select {
	case c.posts <- act:
	case <-c.done:
	}
}

func (c *Client) run() {
	for {
		select {
		case act := <-c.posts:
			act()
		case <-c.done:
			return
		}
	}
}

func (c *Client) set(name string, wait time.Duration, act func()) {
	c.ticket++
	ticket := c.ticket
	c.timers[name] = ticket
	time.AfterFunc(time.Duration(float64(wait)/c.options.Faster), func() {
		c.post(func() {
			if c.timers[name] == ticket {
				delete(c.timers, name)
				act()
			}
		})
	})
}

func (c *Client) clear(names ...string) {
	for _, name := range names {
		delete(c.timers, name)
	}
}

// since tells how long ago it was, on the client's own clock.
func (c *Client) since(at time.Time) time.Duration {
	return time.Duration(float64(time.Since(at)) * c.options.Faster)
}

func (c *Client) in(wait time.Duration) time.Time {
	return time.Now().Add(time.Duration(float64(wait) / c.options.Faster))
}

func (c *Client) jitter(failures int) time.Duration {
	longest := math.Min(60, math.Pow(2, float64(failures)))
	return time.Duration(c.options.Random() * longest * float64(time.Second))
}

// Coming and going

func (c *Client) begin() {
	c.clear("wait")
	c.phase = waiting
	if early := -c.since(c.notBefore); early > 0 && !c.notBefore.IsZero() {
		c.set("wait", early, c.begin)
		return
	}
	c.life++
	if c.options.Token == nil {
		c.open("")
		return
	}
	c.phase = asking
	life := c.life
	go func() {
		token, err := c.options.Token()
		c.post(func() {
			if c.life == life && err != nil {
				c.ended(4401, 0)
			} else if c.life == life {
				c.open(token)
			}
		})
	}()
}

func (c *Client) open(token string) {
	c.phase, c.drainAt, c.refreshes, c.asking = opening, time.Time{}, false, false
	c.set("welcome", welcomeIn, c.silent)
	life := c.life
	ctx, cancel := context.WithCancel(context.Background())
	c.socket = &socket{cancel: cancel}
	hear := func(act func()) {
		c.post(func() {
			if c.life == life {
				act()
			}
		})
	}
	go c.socket.dial(ctx, c.options.Plain, c.target(), token, dialed{
		opened: func() { hear(c.onOpened) },
		failed: func(status int, wait time.Duration) { hear(func() { c.onFailed(status, wait) }) },
		text:   func(data []byte) { hear(func() { c.onText(data) }) },
		closed: func(code int) { hear(func() { c.ended(code, 0) }) },
	})
}

func (c *Client) hangUp(code int) {
	if c.phase >= opening {
		c.socket.close(code)
	}
}

// left forgets the connection; what it still says is not heard.
func (c *Client) left() {
	c.life++
	c.clear("welcome", "ping", "answer", "drain", "refresh")
	if c.phase == welcomed && c.since(c.welcomedAt) >= minute {
		c.failures, c.malformed = 0, false
	}
	c.phase = waiting
}

// ended acts on the end of a try or a connection as the wire's table of close codes says.
func (c *Client) ended(code int, retryAfter time.Duration) {
	drainAt := c.drainAt
	c.left()
	if code == 1012 && !drainAt.IsZero() {
		c.notBefore = drainAt
		c.begin()
		return
	}
	stops := code == 1000 || code == 1002 || code == 1003 || code == 1007 || code == 1009 ||
		code == 4403 || code >= 4500 || (code == 4400 && c.malformed) || (code == 4401 && c.options.Token == nil)
	if stops {
		c.phase = idle
		if c.options.OnRefused != nil {
			c.options.OnRefused(code)
		}
		return
	}
	if code == 4400 {
		c.malformed, c.owesReload = true, true
		c.place = place{}
	}
	c.notBefore = c.in(retryAfter)
	c.set("wait", retryAfter+c.jitter(c.failures), c.begin)
	c.failures++
}

func (c *Client) silent() {
	c.hangUp(4409)
	c.ended(4409, 0)
}

func (c *Client) ping() {
	c.set("ping", pingEvery, c.ping)
	c.heard = false
	c.set("answer", answerIn, func() {
		if !c.heard {
			c.silent()
		}
	})
	c.send(map[string]any{"type": "ping"})
}

func (c *Client) send(message map[string]any) {
	data, _ := json.Marshal(message)
	c.socket.send(data)
}

func (c *Client) onFailed(status int, retryAfter time.Duration) {
	codes := map[int]int{0: 1006, 400: 4400, 401: 4401, 403: 4403, 408: 1006, 425: 1006, 426: 1006, 429: 4429}
	code, known := codes[status]
	if !known {
		code = 1006
		if status >= 400 && status < 500 {
			code = 4999 // an address that is none
		}
	}
	c.ended(code, min(retryAfter, minute))
}
