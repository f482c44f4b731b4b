package unionflow

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// dialed is whom a socket tells, in order; nothing comes after failed or closed.
type dialed struct {
	opened func()
	failed func(status int, retryAfter time.Duration)
	text   func([]byte)
	closed func(code int)
}

// socket is one WebSocket; only its own lock guards it, since reading and closing meet.
type socket struct {
	cancel context.CancelFunc
	lock   sync.Mutex
	raw    net.Conn
	conn   *websocket.Conn
}

func (s *socket) dial(ctx context.Context, plain bool, address, token string, tell dialed) {
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, NetDialContext: s.connect}
	if !plain {
		dialer.Subprotocols = []string{"unionflow.v1"}
	}
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	conn, response, err := dialer.DialContext(ctx, address, header)
	if err != nil {
		status, seconds := 0, 0
		if response != nil {
			status = response.StatusCode
			seconds, _ = strconv.Atoi(response.Header.Get("Retry-After"))
		}
		tell.failed(status, time.Duration(seconds)*time.Second)
		return
	}
	s.lock.Lock()
	s.conn = conn
	s.lock.Unlock()
	if ctx.Err() != nil {
		conn.Close()
		return
	}
	if !plain && conn.Subprotocol() != "unionflow.v1" {
		s.close(1002)
		tell.failed(0, 0)
		return
	}
	tell.opened()
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			var end *websocket.CloseError
			code := 1006
			if errors.As(err, &end) {
				code = end.Code
			}
			conn.Close()
			tell.closed(code)
			return
		}
		if kind == websocket.TextMessage {
			tell.text(data)
		} else {
			tell.text(nil) // says nothing but that somebody is there
		}
	}
}

// connect keeps the TCP connection, since a handshake under way ends with nothing else.
func (s *socket) connect(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, network, address)
	s.lock.Lock()
	defer s.lock.Unlock()
	s.raw = raw
	return raw, err
}

func (s *socket) send(data []byte) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.conn != nil {
		s.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
		s.conn.WriteMessage(websocket.TextMessage, data)
	}
}

func (s *socket) close(code int) {
	s.cancel()
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.conn != nil {
		deadline := time.Now().Add(time.Second)
		s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), deadline)
		s.conn.Close()
	} else if s.raw != nil {
		s.raw.Close()
	}
}
