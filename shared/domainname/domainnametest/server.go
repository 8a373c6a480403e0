// Package domainnametest is a name server for tests and the local cloud: a real one that knows only what it is told.
package domainnametest

import (
	"errors"
	"net"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"
)

// Server answers questions for TXT records over UDP. Names are compared without regard to case.
type Server struct {
	conn  net.PacketConn
	ended chan struct{}

	mu     sync.Mutex
	texts  map[string][]string
	broken map[string]dnsmessage.RCode
}

// Listen starts a server on an address of this machine, for example "127.0.0.1:0".
func Listen(address string) (*Server, error) {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		return nil, err
	}
	s := &Server{conn: conn, ended: make(chan struct{}), texts: map[string][]string{}, broken: map[string]dnsmessage.RCode{}}
	go s.serve()
	return s, nil
}

// Address is where the server listens.
func (s *Server) Address() string { return s.conn.LocalAddr().String() }

// Close ends the server.
func (s *Server) Close() error {
	err := s.conn.Close()
	<-s.ended
	return err
}

// Set replaces the TXT records of a name; without texts there is no such name any more.
func (s *Server) Set(name string, texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name = folded(name)
	delete(s.broken, name)
	delete(s.texts, name)
	if len(texts) > 0 {
		s.texts[name] = texts
	}
}

// Break answers every question for a name with an error code from now on, until Set.
func (s *Server) Break(name string, code dnsmessage.RCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken[folded(name)] = code
}

func folded(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

func (s *Server) serve() {
	defer close(s.ended)
	packet := make([]byte, 1500)
	for {
		n, from, err := s.conn.ReadFrom(packet)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if answer := s.answer(packet[:n]); answer != nil {
			_, _ = s.conn.WriteTo(answer, from) // who asked asks again
		}
	}
}

// answer returns nil for anything but a question.
func (s *Server) answer(packet []byte) []byte {
	var parser dnsmessage.Parser
	header, err := parser.Start(packet)
	if err != nil || header.Response {
		return nil
	}
	question, err := parser.Question()
	if err != nil {
		return nil
	}
	s.mu.Lock()
	texts, known := s.texts[folded(question.Name.String())]
	code, broken := s.broken[folded(question.Name.String())]
	s.mu.Unlock()
	message := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: header.ID, Response: true, Authoritative: true, RecursionDesired: header.RecursionDesired, RecursionAvailable: true},
		Questions: []dnsmessage.Question{question},
	}
	switch {
	case broken:
		message.RCode = code
	case !known:
		message.RCode = dnsmessage.RCodeNameError
	case question.Type == dnsmessage.TypeTXT:
		for _, text := range texts {
			message.Answers = append(message.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET},
				Body:   &dnsmessage.TXTResource{TXT: strings255(text)},
			})
		}
	}
	out, err := message.Pack()
	if err != nil {
		return nil
	}
	return out
}

// strings255 cuts a text into what fits the strings that a TXT record is made of.
func strings255(text string) []string {
	var parts []string
	for chunk := range slices.Chunk([]byte(text), 255) {
		parts = append(parts, string(chunk))
	}
	return parts
}
