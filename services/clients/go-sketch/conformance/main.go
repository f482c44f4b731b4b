// The adapter with which `unionflow conformance` drives the client.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"slices"

	unionflow "unionflow.lions.dev/client-sketch"
)

func tell(name string, value any) {
	line, _ := json.Marshal(map[string]any{name: value})
	os.Stdout.Write(append(line, '\n'))
}

type options struct {
	Organizations, EventTypes []string
	Tokens                    bool
	Reload                    *bool
	Stored, From              string
	Remember                  int
}

func main() {
	plain := slices.Contains(os.Args, "plain")
	var client *unionflow.Client
	var answers chan json.RawMessage // of the token function and of the reload
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var say struct {
			Do, API string
			Options options
			Random  []float64
			Scale   float64
			Value   json.RawMessage
		}
		json.Unmarshal(lines.Bytes(), &say)
		switch say.Do {
		case "start":
			answers = make(chan json.RawMessage, 16)
			if slices.Contains(os.Args, "hasty") { // a fault, for the run to find
				say.Random = make([]float64, 1000)
			}
			client = start(say.API, say.Options, say.Random, answers, say.Scale, plain)
		case "connect":
			client.Connect()
		case "disconnect":
			client.Disconnect()
		case "token", "reloaded":
			answers <- say.Value
		case "stop":
			client.Close()
			tell("stopped", true)
		}
	}
}

func start(api string, o options, dice []float64, answers chan json.RawMessage, faster float64, plain bool) *unionflow.Client {
	said := unionflow.Options{
		API: api, Organizations: o.Organizations, EventTypes: o.EventTypes, Remember: o.Remember,
		Cursor: o.Stored, Plain: plain, Faster: faster,
		OnEvent: func(event unionflow.Event) { tell("event", event) },
		Random: func() float64 {
			if len(dice) == 0 {
				return 0.5
			}
			shown := dice[0]
			dice = dice[1:]
			return shown
		},
	}
	if said.Cursor == "" {
		said.Cursor = o.From
	}
	if o.Tokens {
		said.Token = func() (string, error) {
			tell("ask", "token")
			var answer struct{ Value, Error string }
			json.Unmarshal(<-answers, &answer)
			if answer.Error != "" {
				return "", errors.New(answer.Error)
			}
			return answer.Value, nil
		}
	}
	if o.Reload == nil || *o.Reload {
		said.Reload = func(ranges json.RawMessage) error {
			tell("reload", ranges)
			if answer := <-answers; string(answer) != "true" {
				return errors.New("the reload failed")
			}
			return nil
		}
	}
	client, err := unionflow.New(said)
	if err != nil {
		tell("rejected", err.Error())
	}
	return client
}
