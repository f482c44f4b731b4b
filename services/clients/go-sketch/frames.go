package unionflow

import (
	"encoding/json"
	"time"
)

type frame struct {
	Type     string          `json:"type"`
	Event    json.RawMessage `json:"event"`
	Position any             `json:"position"`
	Cursor   any             `json:"cursor"`
	Features any             `json:"features"`
	AfterMs  any             `json:"afterMs"`
	Ranges   json.RawMessage `json:"ranges"`
	Code     any             `json:"code"`
}

// item is what waits for the program: an event, or a reload that is owed.
type item struct {
	event  *Event
	ranges json.RawMessage
}

func (c *Client) onOpened() {
	c.phase, c.heard = opened, true
	c.set("ping", pingEvery, c.ping)
	if c.options.Plain {
		c.onWelcome(frame{})
	} else if text := c.place.text(); len(text) > longCursor {
		c.send(map[string]any{"type": "resume", "cursor": text})
	}
}

func (c *Client) onText(data []byte) {
	c.heard = true
	if c.options.Plain {
		c.take(data)
		c.pump()
		return
	}
	var said frame
	if json.Unmarshal(data, &said) != nil {
		return
	}
	cursor, _ := said.Cursor.(string)
	switch said.Type {
	case "event":
		if position, is := said.Position.(string); c.isEvent(said.Event) && is {
			c.place.note(position)
		}
		c.take(said.Event)
	case "welcome":
		c.onWelcome(said)
		c.place.mark(cursor)
	case "heartbeat", "recovered", "access":
		c.place.mark(cursor)
	case "truncated":
		c.place.mark(cursor)
		c.owe(said.Ranges)
	case "token_expiring":
		c.refresh()
	case "error":
		if said.Code == "try_later" {
			c.set("refresh", refreshWait, c.refresh)
		}
	case "reconnect":
		afterMs, _ := said.AfterMs.(float64)
		wait := max(2*time.Second, time.Duration(afterMs*float64(time.Millisecond)))
		c.drainAt = c.in(wait)
		c.set("drain", wait, c.leave)
	}
	c.pump()
}

func (c *Client) onWelcome(said frame) {
	c.clear("welcome")
	c.phase, c.welcomedAt = welcomed, time.Now()
	features, _ := said.Features.([]any)
	for _, feature := range features {
		c.refreshes = c.refreshes || feature == "refresh"
	}
	if c.owesReload {
		c.owe(json.RawMessage("[]"))
	}
	c.owesReload = false
}

// leave is what a reconnect frame asked for: go, and come back at once.
func (c *Client) leave() {
	c.hangUp(1000)
	c.left()
	c.notBefore = time.Time{}
	c.begin()
}

func (c *Client) refresh() {
	if c.options.Token == nil || !c.refreshes || c.asking {
		return
	}
	c.asking = true
	life := c.life
	go func() {
		token, err := c.options.Token()
		c.post(func() {
			if c.life != life {
				return
			}
			c.asking = false
			if err != nil {
				c.set("refresh", refreshWait, c.refresh)
			} else {
				c.send(map[string]any{"type": "refresh", "token": token})
			}
		})
	}()
}

func (c *Client) isEvent(data []byte) bool {
	var said struct {
		EventType *string `json:"eventType"`
	}
	return json.Unmarshal(data, &said) == nil && said.EventType != nil
}

func (c *Client) take(data []byte) {
	event := Event{Data: json.RawMessage("{}")}
	if !c.isEvent(data) || json.Unmarshal(data, &event) != nil {
		return
	}
	if event.ID == "" || !c.repeats.has(event.ID) {
		c.inbox = append(c.inbox, item{event: &event})
	}
}

func (c *Client) owe(ranges json.RawMessage) {
	if c.options.Reload == nil {
		return
	}
	if ranges == nil {
		ranges = json.RawMessage("[]")
	}
	c.inbox = append(c.inbox, item{ranges: ranges})
	c.pump()
}

// pump hands out what waits, as far as the next reload that has not succeeded.
func (c *Client) pump() {
	for len(c.inbox) > 0 && !c.reloading {
		next := c.inbox[0]
		if next.event == nil {
			c.reload(next.ranges)
			return
		}
		c.inbox = c.inbox[1:]
		c.options.OnEvent(*next.event)
	}
}

func (c *Client) reload(ranges json.RawMessage) {
	c.reloading = true
	go func() {
		err := c.options.Reload(ranges)
		c.post(func() {
			if err != nil {
				c.set("reload", c.jitter(c.reloads), func() { c.reload(ranges) })
				c.reloads++
				return
			}
			c.reloads, c.reloading, c.inbox = 0, false, c.inbox[1:]
			c.pump()
		})
	}()
}
